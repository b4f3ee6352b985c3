// InputGate: what a task's channels deliver, merged: rows in turn, one watermark, barriers aligned, ends counted.
// Rule: a channel that delivered barrier N is not read again until every open channel has delivered it or ended.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "exchange/channel.h"
#include "flow/element.h"
#include "time/watermark.h"

namespace thalweg::exchange {

/// The task's thread.
class InputGate {
 public:
  struct Source {
    int input = 0;
    ChannelReceiver* receiver = nullptr;
  };
  /// What the chain is to do next. kEndOfInput: all channels of `input` ended; kEnd: all inputs did.
  struct Next {
    enum class Kind : uint8_t { kRows, kWatermark, kStatus, kBarrier, kBarrierSuperseded, kLatency, kEndOfInput, kEnd };
    Kind kind;
    int input = 0;
    flow::Element element;
  };

  InputGate(std::vector<Source> channels, int inputs);

  /// The next thing, or nullopt when every readable channel is empty. Never blocks.
  std::optional<Next> Poll();
  /// True if Poll would give something.
  bool ready() const;
  bool ended() const { return open_channels_ == 0; }
  /// Every channel that is still open is held back by the current alignment or empty.
  bool aligning() const { return aligning_.has_value(); }
  int inputs() const { return static_cast<int>(least_.size()); }
  int64_t watermark() const { return inputs_time_.current(); }
  /// The least that the channels of `input` have sent, idle ones too (flow/input_watermarks.h).
  int64_t input_watermark(int input) const { return least_[static_cast<size_t>(input)]; }

 private:
  struct Channel {
    int input = 0;
    ChannelReceiver* receiver = nullptr;
    int place = 0;  // among the channels of its input
    bool held = false;
    bool ended = false;
    bool stopped = false;  // ended, to be gone on with
    bool idle = false;
    int64_t watermark = time::kMinWatermark;
  };
  void Take(size_t index, flow::Element element);
  void OnBarrier(Channel& channel, const flow::Barrier& barrier);
  void OnEnd(size_t index, flow::EndKind kind);
  void CompleteAlignmentIfDue();
  time::WatermarkMerger& TimeOf(const Channel& channel) { return channels_time_[static_cast<size_t>(channel.input)]; }
  /// `changed`: of the input's own time.
  void PublishTime(int input, bool changed);
  void FindLeast(int input);

  std::vector<Channel> channels_;
  std::vector<int> open_per_input_;
  std::vector<flow::EndKind> end_kind_;
  std::vector<time::WatermarkMerger> channels_time_;  // by input
  time::WatermarkMerger inputs_time_;
  std::vector<int64_t> least_;  // by input
  std::optional<flow::Barrier> aligning_;
  uint64_t last_barrier_ = 0;
  std::deque<Next> due_;
  size_t cursor_ = 0;
  int open_channels_;
  int64_t published_watermark_ = time::kMinWatermark;
  bool published_idle_ = false;
};

}  // namespace thalweg::exchange
