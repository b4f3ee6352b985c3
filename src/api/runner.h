// The seam between the API and the engine: declared here, defined where everything is put together (src/bin/embedded.cc).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "config/configuration.h"
#include "flow/program.h"

namespace thalweg::api {

/// A running job as a terminal shows it.
struct RunProgress {
  uint64_t rows_in = 0;   // read by sources
  uint64_t rows_out = 0;  // taken by sinks
  int64_t watermark = INT64_MIN;
  uint64_t checkpoints = 0;
  int restarts = 0;
};

struct JobResult {
  std::string job_name;
  bool stopped = false;  // by a stop request, not by the end of its sources
  bool failed = false;   // what is counted is what it did before; on_end alone hears of it
  int64_t duration_ms = 0;
  RunProgress progress;         // at the end, rows of all attempts
  uint64_t late_rows = 0;       // dropped because they came after their windows had closed
  uint64_t timeless_rows = 0;   // left out because their time was NULL
  uint64_t malformed_rows = 0;  // that could not be read, and were skipped or went to dead letters
};

/// How one job is run, beside its configuration.
struct RunOptions {
  /// "": afresh. "latest": the job's newest checkpoint below execution.checkpointing.dir. Else a checkpoint's path.
  std::string from_checkpoint;
  bool allow_non_restored_state = false;
  /// Set from any thread or signal handler: the sources stop, a last checkpoint is taken.
  std::shared_ptr<std::atomic<bool>> stop;
  /// The same for the program itself, when it has seen enough of this one job: it asks no more whether the job was failing.
  std::shared_ptr<std::atomic<bool>> cancel;
  /// Called about every `progress_interval_ms` on a thread of its own; null: never.
  std::function<void(const RunProgress&)> on_progress;
  int64_t progress_interval_ms = 500;
  /// Called when a job that had begun has ended, also in failure, on the thread that runs it; null: never.
  std::function<void(const JobResult&)> on_end;
  /// The job is a person's: Ctrl-C stops it, a terminal shows its progress, a summary ends it (RunInTerminal). Without terminal
  /// there is no progress, or with `progress_lines` a line every ten seconds.
  bool terminal = false;
  bool progress_lines = false;
  /// For the program itself: what stood behind "--".
  std::vector<std::string> arguments;
  /// What a person should read (restarts, aborted checkpoints); null: stderr.
  std::function<void(const std::string& line)> log;
};

/// Runs `program` in this process to its end. Blocks. Errors are those of the job: options, connectors, user functions.
Result<JobResult> RunEmbedded(flow::Program program, const config::Configuration& config, const RunOptions& options);

/// As RunEmbedded; SIGINT and SIGTERM stop the job (a second one ends the process with 130), progress and summary go to stderr.
/// Defined in src/bin/terminal.cc.
Result<JobResult> RunInTerminal(flow::Program program, const config::Configuration& config, const RunOptions& options);

}  // namespace thalweg::api
