// Which windows a row belongs to. The usual assigners are data (WindowShape); others derive from WindowAssigner.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "operators/time_window.h"

namespace thalweg::operators {

class Trigger;

enum class TimeDomain : uint8_t { kEventTime = 0, kProcessingTime = 1 };

enum class WindowKind : uint8_t { kTumbling = 0, kSliding = 1, kSession = 2, kCumulative = 3, kGlobal = 4 };

/// A usual assigner as data. Milliseconds.
struct WindowShape {
  WindowKind kind = WindowKind::kTumbling;
  TimeDomain domain = TimeDomain::kEventTime;
  int64_t size_ms = 0;  // of a session: the gap; of cumulative windows: the greatest size
  int64_t step_ms = 0;  // slide, or a cumulative window's step
  int64_t offset_ms = 0;
  bool operator==(const WindowShape&) const = default;
  /// As in Flink: sizes > 0, |offset| < size (tumbling) or slide (sliding), a cumulative size a multiple of its step.
  Status Validate() const;
  std::string ToString() const;
};

/// Cuts time into pieces that windows share: every window is a run of slices. Only for aligned windows (not sessions).
class SliceShape {
 public:
  explicit SliceShape(const WindowShape& shape);
  /// Windows that the rows bring along, one each: WindowAssigner::Given tells it. Not for SliceOf and After.
  static SliceShape OfGivenWindows();
  bool given() const { return given_; }
  Window SliceOf(int64_t time) const;
  /// Of the windows that hold `slice`: the one that ends first / last. Nullopt: no window holds it (a slide beyond the size).
  std::optional<Window> First(const Window& slice) const;
  std::optional<Window> Last(const Window& slice) const;
  /// The window after `window` that may share slices with it; nullopt if there is none.
  std::optional<Window> Next(const Window& window) const;
  /// Every window is one slice.
  bool single() const { return single_; }
  /// Slices of the largest window.
  int64_t per_window() const { return shape_.size_ms / width_ms_; }
  Window After(const Window& slice) const { return {slice.end, SaturatingAdd(slice.end, width_ms_)}; }

 private:
  int64_t BaseOf(int64_t time) const { return WindowStart(time, shape_.offset_ms, shape_.size_ms); }
  WindowShape shape_;
  int64_t width_ms_;
  bool single_;
  bool given_ = false;
};

/// Immutable after construction; shared by the subtasks, each on its own thread.
class WindowAssigner {
 public:
  virtual ~WindowAssigner() = default;
  /// Appends the windows of one row. `element` points to the stream's T; `now_ms` is processing time.
  virtual void Assign(const void* element, int64_t time, int64_t now_ms, std::vector<Window>& windows) const = 0;
  virtual TimeDomain domain() const = 0;
  /// Windows of one key that touch are merged into one.
  virtual bool merging() const { return false; }
  /// The one window of a row, of assigners whose slices are given windows.
  virtual Window Given(const void* element) const { return Window::Global(); }
  /// Fires unless the user gives a trigger of his own. A new trigger at each call.
  virtual std::shared_ptr<Trigger> DefaultTrigger() const;
  /// Given: the windows may be kept as shared slices (under the default trigger).
  virtual std::optional<SliceShape> slices() const { return std::nullopt; }
  virtual Status Validate() const { return {}; }
  virtual std::string ToString() const = 0;
};

using AssignerPtr = std::shared_ptr<const WindowAssigner>;
using Millis = std::chrono::milliseconds;

/// `element` is the stream's T. Milliseconds, > 0 (else the job fails with a user error).
using GapFunction = std::function<int64_t(const void* element)>;

AssignerPtr MakeAssigner(const WindowShape& shape);

struct TumblingOptions {
  Millis size{0};
  Millis offset{0};
  TimeDomain domain = TimeDomain::kEventTime;
};
AssignerPtr Tumbling(const TumblingOptions& options);

struct SlidingOptions {
  Millis size{0};
  Millis slide{0};
  Millis offset{0};
  TimeDomain domain = TimeDomain::kEventTime;
};
AssignerPtr Sliding(const SlidingOptions& options);

struct CumulativeOptions {
  Millis max_size{0};
  Millis step{0};
  Millis offset{0};
  TimeDomain domain = TimeDomain::kEventTime;
};
AssignerPtr Cumulative(const CumulativeOptions& options);

struct SessionOptions {
  Millis gap{0};
  TimeDomain domain = TimeDomain::kEventTime;
};
AssignerPtr Session(const SessionOptions& options);
/// A gap for each row.
AssignerPtr DynamicSession(GapFunction gap, TimeDomain domain = TimeDomain::kEventTime);
template <typename T, typename F>
AssignerPtr DynamicSessionOf(F gap, TimeDomain domain = TimeDomain::kEventTime) {
  return DynamicSession(
      [gap = std::move(gap)](const void* element) -> int64_t {
        return std::chrono::duration_cast<Millis>(gap(*static_cast<const T*>(element))).count();
      },
      domain);
}

/// One window for all; never fires but by a trigger of the user's.
AssignerPtr GlobalWindow();

}  // namespace thalweg::operators
