#include "bin/terminal.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>

#include "formats/text.h"
#include "time/clock.h"

namespace thalweg::bin {
namespace {

// Read by the handler. Lock-free, as a handler needs.
std::atomic<std::atomic<bool>*> signal_stop{nullptr};
std::atomic<int> signals_seen{0};
static_assert(std::atomic<std::atomic<bool>*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

constexpr int kInterrupted = 130;  // 128 + SIGINT, what a shell expects

extern "C" void OnStopSignal(int) {
  const int error = errno;
  if (signals_seen.fetch_add(1) > 0) _exit(kInterrupted);
  constexpr char kText[] = "\nstopping... (again: at once)\n";
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, kText, sizeof(kText) - 1);
  if (std::atomic<bool>* stop = signal_stop.load()) stop->store(true);
  errno = error;
}

}  // namespace

std::string WithCommas(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string ShortDuration(int64_t ms) {
  constexpr int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;
  if (ms < kSecond) return fmt::format("{} ms", ms);
  if (ms < kMinute) return fmt::format("{:.1f} s", static_cast<double>(ms / 100) / 10);
  if (ms < kHour) return fmt::format("{} min {} s", ms / kMinute, ms % kMinute / kSecond);
  if (ms < kDay) return fmt::format("{} h {} min", ms / kHour, ms % kHour / kMinute);
  return fmt::format("{} d {} h", ms / kDay, ms % kDay / kHour);
}

std::string WatermarkText(int64_t watermark_ms) {
  constexpr int64_t kFirst = -62'135'596'800'000, kLast = 253'402'300'799'999;  // years 0001 to 9999
  if (watermark_ms < kFirst) return "none";
  if (watermark_ms > kLast) return "end";
  std::string text;
  formats::AppendTimestamp({watermark_ms, 0, 0}, formats::TimestampStandard::kSql, false, &text);
  return text;
}

std::string LostText(const api::JobResult& result) {
  std::string text;
  if (result.late_rows > 0)
    text += fmt::format(", {} late row{} dropped", WithCommas(result.late_rows), result.late_rows == 1 ? "" : "s");
  if (result.timeless_rows > 0)
    text += fmt::format(", {} row{} without a time dropped", WithCommas(result.timeless_rows),
                        result.timeless_rows == 1 ? "" : "s");
  if (result.malformed_rows > 0)
    text += fmt::format(", {} malformed row{} skipped or in dead letters", WithCommas(result.malformed_rows),
                        result.malformed_rows == 1 ? "" : "s");
  return text;
}

std::string SummaryText(const api::JobResult& result) {
  const api::RunProgress& at = result.progress;
  const int64_t ms = std::max<int64_t>(result.duration_ms, 1);
  std::string text = fmt::format("Job '{}' {} in {:.2f} s: {} rows in, {} rows out, {} rows/s", result.job_name,
                                 result.failed    ? "failed"
                                 : result.stopped ? "stopped"
                                                  : "finished",
                                 static_cast<double>(result.duration_ms) / 1e3, WithCommas(at.rows_in),
                                 WithCommas(at.rows_out), WithCommas(at.rows_in * 1000 / static_cast<uint64_t>(ms)));
  text += LostText(result);
  if (at.checkpoints > 0) text += fmt::format(", {} checkpoint{}", at.checkpoints, at.checkpoints == 1 ? "" : "s");
  if (at.restarts > 0) text += fmt::format(", {} restart{}", at.restarts, at.restarts == 1 ? "" : "s");
  return text;
}

std::string ProgressMeter::Text(const api::RunProgress& progress, int64_t now_ms) {
  // A restart may count anew from an older position.
  const bool comparable = rows_ && now_ms > at_ms_ && progress.rows_in >= *rows_ && progress.restarts == restarts_;
  const uint64_t rate = comparable ? (progress.rows_in - *rows_) * 1000 / static_cast<uint64_t>(now_ms - at_ms_) : 0;
  rows_ = progress.rows_in;
  at_ms_ = now_ms;
  restarts_ = progress.restarts;
  std::string text = fmt::format("in {} ({}/s)  out {}  watermark {}", WithCommas(progress.rows_in), WithCommas(rate),
                                 WithCommas(progress.rows_out), WatermarkText(progress.watermark));
  const std::string shown = WatermarkText(progress.watermark);
  if (shown != "none" && shown != "end")
    text += "  lag " + ShortDuration(std::max<int64_t>(now_ms - progress.watermark, 0));
  if (progress.checkpoints > 0) text += fmt::format("  checkpoints {}", progress.checkpoints);
  if (progress.restarts > 0) text += fmt::format("  restarts {}", progress.restarts);
  return text;
}

bool ProgressSchedule::Due(int64_t now_ms) {
  if (now_ms < next_ms_) return false;
  next_ms_ = now_ms + (now_ms - started_ms_ < kSeldom ? kOften : kSeldom);
  return true;
}

struct StopOnSignal::Handlers {
  struct sigaction interrupt, terminate;
};

StopOnSignal::StopOnSignal(std::shared_ptr<std::atomic<bool>> stop)
    : stop_(std::move(stop)), before_(std::make_unique<Handlers>()) {
  std::atomic<bool>* none = nullptr;
  if (!signal_stop.compare_exchange_strong(none, stop_.get())) {
    before_.reset();  // another job of this process has the signals
    return;
  }
  signals_seen.store(0);
  struct sigaction action = {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &before_->interrupt);
  sigaction(SIGTERM, &action, &before_->terminate);
}

StopOnSignal::~StopOnSignal() {
  if (!before_) return;
  sigaction(SIGINT, &before_->interrupt, nullptr);
  sigaction(SIGTERM, &before_->terminate, nullptr);
  signal_stop.store(nullptr);
}

namespace {

/// Where progress goes, if anywhere.
class ProgressLine {
 public:
  /// kLive: one line, redrawn. kLines: a line each time, as ProgressSchedule says.
  enum class Mode : uint8_t { kNone, kLive, kLines };
  explicit ProgressLine(Mode mode) : mode_(mode) {}

  void Show(const api::RunProgress& progress) {
    std::lock_guard lock(mutex_);
    const int64_t now = clock_.NowMs();
    if (mode_ == Mode::kLines && !schedule_.Due(now)) return;
    const std::string text = meter_.Text(progress, now);
    if (mode_ == Mode::kLines) return Write(text + "\n");
    Write("\r" + text + "\033[K");
    drawn_ = true;
  }
  /// A line of another kind: it takes the place of the progress, which comes again below it.
  void Say(const std::string& line) {
    std::lock_guard lock(mutex_);
    Write((drawn_ ? "\r\033[K" : "") + line + "\n");
    drawn_ = false;
  }

 private:
  static void Write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  }
  const Mode mode_;
  std::mutex mutex_;
  time::SystemClock clock_;
  ProgressMeter meter_;
  ProgressSchedule schedule_{clock_.NowMs()};
  bool drawn_ = false;
};

bool PrintsToTheTerminal(const graph::JobGraph& graph) {
  auto prints = [](const graph::Node& node) { return node.kind == "print"; };
  return isatty(STDOUT_FILENO) && std::any_of(graph.nodes.begin(), graph.nodes.end(), prints);
}

ProgressLine::Mode ModeFor(const graph::JobGraph& graph, const api::RunOptions& options) {
  // Rows printed between would cut a redrawn line in pieces.
  if (isatty(STDERR_FILENO)) return PrintsToTheTerminal(graph) ? ProgressLine::Mode::kLines : ProgressLine::Mode::kLive;
  return options.progress_lines ? ProgressLine::Mode::kLines : ProgressLine::Mode::kNone;
}

}  // namespace

}  // namespace thalweg::bin

namespace thalweg::api {

Result<JobResult> RunInTerminal(flow::Program program, const config::Configuration& config, const RunOptions& given) {
  RunOptions options = given;
  if (!options.stop) options.stop = std::make_shared<std::atomic<bool>>(false);
  const bin::ProgressLine::Mode mode = bin::ModeFor(program.graph, options);
  auto line = std::make_shared<bin::ProgressLine>(mode);
  if (!options.on_progress && mode != bin::ProgressLine::Mode::kNone)
    options.on_progress = [line](const RunProgress& progress) { line->Show(progress); };
  if (!options.log) options.log = [line](const std::string& text) { line->Say(text); };
  bin::StopOnSignal signals(options.stop);
  options.on_end = [line, also = given.on_end](const JobResult& result) {
    if (also) also(result);
    line->Say(bin::SummaryText(result));
  };
  return RunEmbedded(std::move(program), config, options);
}

}  // namespace thalweg::api
