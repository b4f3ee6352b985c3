#include "exchange/channel.h"

namespace thalweg::exchange {

using flow::Element;

void ChannelSender::Send(Element element) {
  if (waiting_.empty() && credit_ > 0) return Transmit(std::move(element));
  bool replaces = element.kind == Element::Kind::kWatermark && !waiting_.empty() &&
                  waiting_.back().kind == Element::Kind::kWatermark;
  if (replaces)
    waiting_.back().watermark = element.watermark;
  else
    waiting_.push_back(std::move(element));
}

void ChannelSender::OnCredit(uint32_t credit) {
  credit_ += credit;
  while (credit_ > 0 && !waiting_.empty()) {
    Element element = std::move(waiting_.front());
    waiting_.pop_front();
    Transmit(std::move(element));
  }
}

void ChannelSender::Transmit(Element element) {
  --credit_;
  if (hop_ && element.kind == Element::Kind::kBatch) element.batch = hop_(std::move(element.batch));
  Envelope envelope;
  envelope.channel = id_;
  envelope.sequence = sequence_++;
  envelope.element = std::move(element);
  link_->Send(std::move(envelope));
}

void ChannelReceiver::OnElement(uint64_t sequence, Element element) {
  THALWEG_CHECK(sequence == expected_, "channel {}: element {} where {} was due", id_, sequence, expected_);
  ++expected_;
  elements_.push_back(std::move(element));
}

Element ChannelReceiver::Pop() {
  Element element = std::move(elements_.front());
  elements_.pop_front();
  if (++consumed_ * 2 >= credit_) {
    Envelope envelope;
    envelope.kind = Envelope::Kind::kCredit;
    envelope.channel = id_;
    envelope.credit = consumed_;
    back_->Send(std::move(envelope));
    consumed_ = 0;
  }
  return element;
}

}  // namespace thalweg::exchange
