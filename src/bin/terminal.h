// A job in front of a person: progress on a line, Ctrl-C, a summary at the end. All of it goes to stderr.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/runner.h"

namespace thalweg::bin {

/// "1,234,567".
std::string WithCommas(uint64_t number);
/// "850 ms", "1.2 s", "3 min 20 s", "5 h 3 min", "12 d 4 h".
std::string ShortDuration(int64_t ms);
/// "2024-01-31 23:59:59.000" in UTC; "none" before the first and "end" after the last watermark.
std::string WatermarkText(int64_t watermark_ms);
/// "Job 'x' finished in 1.23 s: 1,000,000 rows in, 20 rows out, 812,345 rows/s"; with checkpoints and restarts if there were any.
/// "stopped" or "failed" where it was.
std::string SummaryText(const api::JobResult& result);
/// ", 3 late rows dropped": of rows that are in no result, or "".
std::string LostText(const api::JobResult& result);

/// Rows per second between calls. One thread.
class ProgressMeter {
 public:
  /// "in 1,000,000 (812,345/s)  out 20  watermark 2024-01-31 23:59:59.000  lag 1.2 s  checkpoints 3". The lag, `now_ms` minus
  /// watermark, is left out while there is no watermark and when it is over.
  std::string Text(const api::RunProgress& progress, int64_t now_ms);

 private:
  std::optional<uint64_t> rows_;
  int64_t at_ms_ = 0;
  int restarts_ = 0;
};

/// When a line of progress is due: once a second at first, for a person who has just started a job, then every ten seconds, so that a
/// log of a day's run stays readable.
class ProgressSchedule {
 public:
  explicit ProgressSchedule(int64_t now_ms) : started_ms_(now_ms), next_ms_(now_ms + kOften) {}
  /// True once for each line.
  bool Due(int64_t now_ms);

 private:
  static constexpr int64_t kOften = 1'000, kSeldom = 10'000;
  const int64_t started_ms_;
  int64_t next_ms_;
};

/// While it lives, SIGINT and SIGTERM set `stop` (the first, with a word to the person) or end the process with 130 (the second).
/// Of several at a time the first has the signals.
class StopOnSignal {
 public:
  explicit StopOnSignal(std::shared_ptr<std::atomic<bool>> stop);
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  struct Handlers;
  std::shared_ptr<std::atomic<bool>> stop_;
  std::unique_ptr<Handlers> before_;
};

}  // namespace thalweg::bin
