#include "exchange/input_gate.h"

#include <algorithm>

namespace thalweg::exchange {

using flow::Element;
using Kind = InputGate::Next::Kind;

InputGate::InputGate(std::vector<Source> sources, int inputs)
    : open_per_input_(static_cast<size_t>(inputs)),
      end_kind_(static_cast<size_t>(inputs), flow::EndKind::kFinished),
      inputs_time_(inputs, time::Rejoin::kAtOnce),
      open_channels_(static_cast<int>(sources.size())) {
  for (const Source& source : sources)
    channels_.push_back({source.input, source.receiver, open_per_input_[static_cast<size_t>(source.input)]++});
  for (int input = 0; input < inputs; ++input) {
    int channels = open_per_input_[static_cast<size_t>(input)];
    channels_time_.emplace_back(channels, time::Rejoin::kWhenCaughtUp);
    if (channels == 0) inputs_time_.OnEnd(input);
    least_.push_back(channels == 0 ? time::kMaxWatermark : time::kMinWatermark);
  }
}

bool InputGate::ready() const {
  if (!due_.empty()) return true;
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const Channel& channel) { return !channel.held && !channel.receiver->empty(); });
}

std::optional<InputGate::Next> InputGate::Poll() {
  size_t tried = 0;
  while (due_.empty()) {
    // One element per channel in turn: no channel starves another.
    while (tried < channels_.size() && (channels_[cursor_].held || channels_[cursor_].receiver->empty())) {
      cursor_ = (cursor_ + 1) % channels_.size();
      ++tried;
    }
    if (tried >= channels_.size()) return std::nullopt;
    size_t index = cursor_;
    cursor_ = (cursor_ + 1) % channels_.size();
    tried = 0;
    Take(index, channels_[index].receiver->Pop());
  }
  Next next = std::move(due_.front());
  due_.pop_front();
  return next;
}

void InputGate::Take(size_t index, Element element) {
  Channel& channel = channels_[index];
  switch (element.kind) {
    case Element::Kind::kBatch:
      if (channel.idle) {
        channel.idle = false;
        PublishTime(channel.input, TimeOf(channel).OnStatus(channel.place, false));
      }
      due_.push_back({Kind::kRows, channel.input, std::move(element)});
      break;
    case Element::Kind::kWatermark:
      channel.idle = false;
      channel.watermark = std::max(channel.watermark, element.watermark.time);
      FindLeast(channel.input);
      PublishTime(channel.input, TimeOf(channel).OnWatermark(channel.place, element.watermark.time));
      break;
    case Element::Kind::kStatus:
      channel.idle = element.status.idle;
      PublishTime(channel.input, TimeOf(channel).OnStatus(channel.place, element.status.idle));
      break;
    case Element::Kind::kLatency: due_.push_back({Kind::kLatency, channel.input, std::move(element)}); break;
    case Element::Kind::kBarrier: OnBarrier(channel, element.barrier); break;
    case Element::Kind::kEnd: OnEnd(index, element.end.kind); break;
  }
}

void InputGate::PublishTime(int input, bool changed) {
  const time::WatermarkMerger& of_input = channels_time_[static_cast<size_t>(input)];
  if (of_input.ended())
    inputs_time_.OnEnd(input);
  else if (changed)
    inputs_time_.OnTime(input, of_input.current(), of_input.idle());
  if (inputs_time_.current() > published_watermark_) {
    published_watermark_ = inputs_time_.current();
    due_.push_back({Kind::kWatermark, 0, Element(flow::Watermark{published_watermark_})});
  }
  if (inputs_time_.idle() != published_idle_) {
    published_idle_ = inputs_time_.idle();
    due_.push_back({Kind::kStatus, 0, Element(flow::WatermarkStatus{published_idle_})});
  }
}

void InputGate::FindLeast(int input) {
  int64_t least = time::kMaxWatermark;
  for (const Channel& channel : channels_)
    if (channel.input == input && (!channel.ended || channel.stopped)) least = std::min(least, channel.watermark);
  least_[static_cast<size_t>(input)] = least;
}

void InputGate::OnBarrier(Channel& channel, const flow::Barrier& barrier) {
  if (barrier.id <= last_barrier_) return;  // of a checkpoint that a newer one superseded
  if (aligning_ && barrier.id < aligning_->id) return;
  if (aligning_ && barrier.id > aligning_->id) {
    due_.push_back({Kind::kBarrierSuperseded, 0, Element(*aligning_)});
    for (Channel& each : channels_) each.held = false;
  }
  aligning_ = barrier;
  channel.held = true;
  CompleteAlignmentIfDue();
}

void InputGate::CompleteAlignmentIfDue() {
  if (!aligning_) return;
  for (const Channel& channel : channels_)
    if (!channel.ended && !channel.held) return;
  last_barrier_ = aligning_->id;
  due_.push_back({Kind::kBarrier, 0, Element(*aligning_)});
  aligning_.reset();
  for (Channel& channel : channels_) channel.held = false;
}

void InputGate::OnEnd(size_t index, flow::EndKind kind) {
  Channel& channel = channels_[index];
  auto input = static_cast<size_t>(channel.input);
  channel.ended = true;
  channel.stopped = kind == flow::EndKind::kStop;
  FindLeast(channel.input);
  end_kind_[input] = std::max(end_kind_[input], kind);  // kStop wins: windows must not fire
  --open_channels_;
  // Who was stopped still has rows for windows that the others' watermark would fire: its own stays in the minimum.
  if (kind != flow::EndKind::kStop) PublishTime(channel.input, TimeOf(channel).OnEnd(channel.place));
  CompleteAlignmentIfDue();
  if (--open_per_input_[input] == 0)
    due_.push_back({Kind::kEndOfInput, channel.input, Element(flow::EndOfInput{end_kind_[input]})});
  if (open_channels_ == 0) {
    flow::EndKind all = *std::max_element(end_kind_.begin(), end_kind_.end());
    due_.push_back({Kind::kEnd, 0, Element(flow::EndOfInput{all})});
  }
}

}  // namespace thalweg::exchange
