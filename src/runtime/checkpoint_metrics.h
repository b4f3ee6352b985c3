// The job's metrics of its checkpoints, under Flink's names.
#pragma once

#include <cstdint>

#include "checkpoint/manifest.h"
#include "metrics/registry.h"

namespace thalweg::runtime {

/// The job's thread.
class CheckpointMetrics {
 public:
  explicit CheckpointMetrics(metrics::Group& group);
  void OnTriggered();
  /// Committed, at `now_ms`.
  void OnCompleted(const checkpoint::Manifest& manifest, int64_t now_ms);
  void OnAborted();
  /// The attempt failed: what was under way has ended.
  void OnAttemptEnded();

 private:
  void Tell(int64_t in_progress);

  int64_t in_progress_ = 0;
  int64_t total_ = 0;
  int64_t completed_ = 0;
  int64_t failed_ = 0;
  metrics::Gauge& in_progress_gauge_;
  metrics::Gauge& total_gauge_;
  metrics::Gauge& completed_gauge_;
  metrics::Gauge& failed_gauge_;
  metrics::Gauge& last_id_;
  metrics::Gauge& last_duration_ms_;
  metrics::Gauge& last_bytes_;
  metrics::Gauge& last_full_bytes_;
};

}  // namespace thalweg::runtime
