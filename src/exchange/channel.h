// Channels: (edge, from task, to task), each with its own credit and sequence numbers, carried by the link of their core pair.
// Rule: a sender sends only on credit, so a link sized for the sum of its channels' credits can never be full; what has no credit
// waits in the sender's queue, and an Output whose channels have anything waiting has no credit.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "exchange/ring.h"
#include "flow/element.h"

namespace thalweg::exchange {

/// Elements in flight per channel. Enough that a hand-over (0.5 us) hides behind the work on one batch (10-100 us).
constexpr uint32_t kChannelCredit = 8;

/// What a link carries: an element for a receiver, or credit for a sender.
struct Envelope {
  enum class Kind : uint8_t { kElement, kCredit };
  Kind kind = Kind::kElement;
  uint32_t channel = 0;
  uint32_t credit = 0;
  uint64_t sequence = 0;
  flow::Element element;
};

/// Carries envelopes from one core to another, in order. `Send` by the sending core's thread.
class Link {
 public:
  virtual ~Link() = default;
  virtual void Send(Envelope envelope) = 0;
};

/// Sending end; the sending task's thread.
class ChannelSender {
 public:
  ChannelSender(uint32_t id, Link& link, uint32_t credit = kChannelCredit) : id_(id), link_(&link), credit_(credit) {}

  /// Sends, or queues when there is no credit. A queued watermark replaces a queued watermark right before it.
  void Send(flow::Element element);
  /// The receiver consumed `credit` elements.
  void OnCredit(uint32_t credit);
  /// Nothing waits for credit and at least one element may be sent.
  bool has_credit() const { return waiting_.empty() && credit_ > 0; }
  /// Everything given to Send has been handed to the link.
  bool flushed() const { return waiting_.empty(); }
  uint64_t sequence() const { return sequence_; }
  uint32_t id() const { return id_; }
  /// What every batch passes before it is sent: through bytes and back, as over a network (tests).
  using Hop = std::function<columns::Batch(columns::Batch)>;
  void SetHop(Hop hop) { hop_ = std::move(hop); }

 private:
  void Transmit(flow::Element element);
  uint32_t id_;
  Link* link_;
  uint32_t credit_;
  uint64_t sequence_ = 0;
  Hop hop_;
  std::deque<flow::Element> waiting_;
};

/// Receiving end; the receiving task's thread. Gives credit back when half of it is consumed.
class ChannelReceiver {
 public:
  ChannelReceiver(uint32_t id, Link& back, uint32_t credit = kChannelCredit) : id_(id), back_(&back), credit_(credit) {}

  /// An element from the link. Sequence numbers must be gapless: a programmer error otherwise.
  void OnElement(uint64_t sequence, flow::Element element);
  bool empty() const { return elements_.empty(); }
  const flow::Element& front() const { return elements_.front(); }
  flow::Element Pop();
  uint32_t id() const { return id_; }

 private:
  uint32_t id_;
  Link* back_;
  uint32_t credit_;
  uint32_t consumed_ = 0;
  uint64_t expected_ = 0;
  std::deque<flow::Element> elements_;
};

}  // namespace thalweg::exchange
