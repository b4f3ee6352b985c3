#include "operators/window_assigner.h"

#include <numeric>
#include <stdexcept>
#include <utility>

#include "operators/trigger.h"

namespace thalweg::operators {
namespace {

constexpr const char* kKindNames[] = {"Tumbling", "Sliding", "Session", "Cumulative", "Global"};

/// Windows on a grid, and the global one.
class AlignedAssigner final : public WindowAssigner {
 public:
  explicit AlignedAssigner(const WindowShape& shape) : shape_(shape) {}
  void Assign(const void* element, int64_t time, int64_t now_ms, std::vector<Window>& windows) const override {
    if (shape_.kind == WindowKind::kGlobal) {
      windows.push_back(Window::Global());
      return;
    }
    SliceShape slices(shape_);
    Window slice = slices.SliceOf(shape_.domain == TimeDomain::kEventTime ? time : now_ms);
    std::optional<Window> last = slices.Last(slice);
    for (std::optional<Window> window = slices.First(slice); window; window = slices.Next(*window)) {
      windows.push_back(*window);
      if (*window == *last) break;
    }
  }
  TimeDomain domain() const override { return shape_.domain; }
  std::optional<SliceShape> slices() const override {
    if (shape_.kind == WindowKind::kGlobal) return std::nullopt;
    return SliceShape(shape_);
  }
  std::shared_ptr<Trigger> DefaultTrigger() const override {
    if (shape_.kind == WindowKind::kGlobal) return NeverTrigger();
    return WindowAssigner::DefaultTrigger();
  }
  Status Validate() const override { return shape_.Validate(); }
  std::string ToString() const override { return shape_.ToString(); }

 private:
  WindowShape shape_;
};

class SessionAssigner final : public WindowAssigner {
 public:
  SessionAssigner(const WindowShape& shape, GapFunction gap) : shape_(shape), gap_(std::move(gap)) {}
  void Assign(const void* element, int64_t time, int64_t now_ms, std::vector<Window>& windows) const override {
    int64_t start = shape_.domain == TimeDomain::kEventTime ? time : now_ms;
    int64_t gap = gap_ ? gap_(element) : shape_.size_ms;
    if (gap <= 0) throw std::invalid_argument(fmt::format("Session gap must be positive: {} ms", gap));
    windows.push_back({start, SaturatingAdd(start, gap)});
  }
  TimeDomain domain() const override { return shape_.domain; }
  bool merging() const override { return true; }
  Status Validate() const override { return gap_ ? Status() : shape_.Validate(); }
  std::string ToString() const override { return gap_ ? "Session(dynamic gap)" : shape_.ToString(); }

 private:
  WindowShape shape_;
  GapFunction gap_;
};

}  // namespace

Status WindowShape::Validate() const {
  auto refuse = [&](std::string_view rule) {
    return UserError("Window parameters must satisfy {}: {}", rule, ToString());
  };
  auto abs_offset = offset_ms < 0 ? -offset_ms : offset_ms;
  switch (kind) {
    case WindowKind::kTumbling:
      if (size_ms <= 0) return refuse("size > 0");
      if (abs_offset >= size_ms) return refuse("abs(offset) < size");
      break;
    case WindowKind::kSliding:
      if (size_ms <= 0 || step_ms <= 0) return refuse("size > 0 and slide > 0");
      if (abs_offset >= step_ms) return refuse("abs(offset) < slide");
      break;
    case WindowKind::kSession:
      if (size_ms <= 0) return refuse("gap > 0");
      break;
    case WindowKind::kCumulative:
      if (size_ms <= 0 || step_ms <= 0) return refuse("size > 0 and step > 0");
      if (abs_offset >= size_ms) return refuse("abs(offset) < max size");
      if (size_ms % step_ms != 0) return refuse("max size is a multiple of step");
      break;
    case WindowKind::kGlobal: break;
  }
  return {};
}

std::string WindowShape::ToString() const {
  std::string text =
      fmt::format("{}({}", kKindNames[static_cast<int>(kind)], kind == WindowKind::kGlobal ? "" : "size=");
  if (kind != WindowKind::kGlobal) text += fmt::format("{} ms", size_ms);
  if (step_ms != 0 && kind != WindowKind::kTumbling) text += fmt::format(", step={} ms", step_ms);
  if (offset_ms != 0) text += fmt::format(", offset={} ms", offset_ms);
  return text + (domain == TimeDomain::kProcessingTime ? ", processing time)" : ")");
}

// Every window of a slide must be a run of whole slices, hence the common divisor of size and slide.
SliceShape::SliceShape(const WindowShape& shape) : shape_(shape) {
  if (shape_.kind == WindowKind::kTumbling) shape_.step_ms = shape_.size_ms;
  width_ms_ = shape_.kind == WindowKind::kSliding ? std::gcd(shape_.size_ms, shape_.step_ms) : shape_.step_ms;
  single_ = shape_.size_ms == width_ms_;
}

SliceShape SliceShape::OfGivenWindows() {
  SliceShape shape(WindowShape{.size_ms = 1});
  shape.given_ = true;
  return shape;
}

Window SliceShape::SliceOf(int64_t time) const {
  int64_t start = WindowStart(time, shape_.offset_ms, width_ms_);
  return {start, SaturatingAdd(start, width_ms_)};
}

std::optional<Window> SliceShape::First(const Window& slice) const {
  if (single_ && shape_.step_ms == width_ms_) return slice;
  if (shape_.kind == WindowKind::kCumulative) return Window{BaseOf(slice.start), slice.end};
  int64_t last_start = WindowStart(slice.start, shape_.offset_ms, shape_.step_ms);
  if (last_start + shape_.size_ms < slice.end) return std::nullopt;
  // The earliest start at or after slice.end - size.
  int64_t steps_back = (last_start - (slice.end - shape_.size_ms)) / shape_.step_ms;
  int64_t start = last_start - steps_back * shape_.step_ms;
  return Window{start, start + shape_.size_ms};
}

std::optional<Window> SliceShape::Last(const Window& slice) const {
  if (single_ && shape_.step_ms == width_ms_) return slice;
  if (shape_.kind == WindowKind::kCumulative) {
    int64_t base = BaseOf(slice.start);
    return Window{base, base + shape_.size_ms};
  }
  int64_t start = WindowStart(slice.start, shape_.offset_ms, shape_.step_ms);
  if (start + shape_.size_ms < slice.end) return std::nullopt;
  return Window{start, start + shape_.size_ms};
}

std::optional<Window> SliceShape::Next(const Window& window) const {
  if (shape_.kind == WindowKind::kCumulative) {
    if (window.end - window.start >= shape_.size_ms) return std::nullopt;
    return Window{window.start, window.end + shape_.step_ms};
  }
  if (shape_.step_ms >= shape_.size_ms) return std::nullopt;
  return Window{window.start + shape_.step_ms, window.end + shape_.step_ms};
}

std::shared_ptr<Trigger> WindowAssigner::DefaultTrigger() const {
  return domain() == TimeDomain::kEventTime ? EventTimeTrigger() : ProcessingTimeTrigger();
}

AssignerPtr MakeAssigner(const WindowShape& shape) {
  if (shape.kind == WindowKind::kSession) return std::make_shared<SessionAssigner>(shape, nullptr);
  return std::make_shared<AlignedAssigner>(shape);
}

AssignerPtr Tumbling(const TumblingOptions& o) {
  return MakeAssigner({WindowKind::kTumbling, o.domain, o.size.count(), 0, o.offset.count()});
}
AssignerPtr Sliding(const SlidingOptions& o) {
  return MakeAssigner({WindowKind::kSliding, o.domain, o.size.count(), o.slide.count(), o.offset.count()});
}
AssignerPtr Cumulative(const CumulativeOptions& o) {
  return MakeAssigner({WindowKind::kCumulative, o.domain, o.max_size.count(), o.step.count(), o.offset.count()});
}
AssignerPtr Session(const SessionOptions& o) {
  return MakeAssigner({WindowKind::kSession, o.domain, o.gap.count(), 0, 0});
}
AssignerPtr DynamicSession(GapFunction gap, TimeDomain domain) {
  return std::make_shared<SessionAssigner>(WindowShape{WindowKind::kSession, domain}, std::move(gap));
}
AssignerPtr GlobalWindow() { return MakeAssigner({WindowKind::kGlobal, TimeDomain::kProcessingTime}); }

}  // namespace thalweg::operators
