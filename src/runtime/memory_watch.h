// MemoryWatch: what a process near its memory limit does. Above 90 % sources stand still, above 95 % the job fails and says what
// takes the memory: a message is worth more than the kernel's kill.
#pragma once

#include <cstdint>

namespace thalweg::runtime {

constexpr int64_t kMemoryWatchIntervalMs = 100;
constexpr int kSourcesStopPercent = 90;
constexpr int kSourcesGoOnPercent = 85;  // below the other: sources would flutter
constexpr int kFailPercent = 95;
/// Sources that have stood for so long will not go on by themselves: what fills memory is state, which without input does not shrink.
constexpr int64_t kLongestStandMs = 60'000;

/// Pure: no clock, no look at the system.
class MemoryWatch {
 public:
  enum class Verdict : uint8_t { kNothing, kStopSources, kGoOn, kFail };

  /// 0: watches nothing.
  explicit MemoryWatch(int64_t limit_bytes) : limit_(limit_bytes) {}
  /// What to do now that the process holds `bytes`.
  Verdict Look(int64_t bytes, int64_t now_ms);
  int64_t limit() const { return limit_; }
  /// A new attempt: its sources run.
  void Reset() { standing_ = false; }

 private:
  int64_t limit_;
  bool standing_ = false;
  int64_t standing_since_ms_ = 0;
};

}  // namespace thalweg::runtime
