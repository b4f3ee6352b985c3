#include "runtime/checkpoint_metrics.h"

#include <algorithm>

#include "metrics/names.h"

namespace thalweg::runtime {

namespace {

/// Keyed state, in files and in the manifest.
int64_t BytesOf(const checkpoint::Manifest& manifest) {
  uint64_t bytes = 0;
  for (const auto& [name, file] : manifest.Files()) bytes += file.first;
  for (const checkpoint::NodeState& node : manifest.nodes)
    for (const checkpoint::SubtaskState& subtask : node.subtasks) bytes += subtask.inlined.size();
  return static_cast<int64_t>(bytes);
}

}  // namespace

CheckpointMetrics::CheckpointMetrics(metrics::Group& group)
    : in_progress_gauge_(group.gauge(metrics::kNumberOfInProgressCheckpoints)),
      total_gauge_(group.gauge(metrics::kTotalNumberOfCheckpoints)),
      completed_gauge_(group.gauge(metrics::kNumberOfCompletedCheckpoints)),
      failed_gauge_(group.gauge(metrics::kNumberOfFailedCheckpoints)),
      last_id_(group.gauge(metrics::kLastCompletedCheckpointId)),
      last_duration_ms_(group.gauge(metrics::kLastCheckpointDuration)),
      last_bytes_(group.gauge(metrics::kLastCheckpointSize)),
      last_full_bytes_(group.gauge(metrics::kLastCheckpointFullSize)) {}

void CheckpointMetrics::Tell(int64_t in_progress) {
  in_progress_ = std::max<int64_t>(0, in_progress);
  in_progress_gauge_.Set(in_progress_);
  total_gauge_.Set(total_);
  completed_gauge_.Set(completed_);
  failed_gauge_.Set(failed_);
}

void CheckpointMetrics::OnTriggered() {
  ++total_;
  Tell(in_progress_ + 1);
}

void CheckpointMetrics::OnCompleted(const checkpoint::Manifest& manifest, int64_t now_ms) {
  ++completed_;
  Tell(in_progress_ - 1);
  last_id_.Set(static_cast<int64_t>(manifest.checkpoint));
  last_duration_ms_.Set(now_ms - manifest.created_at_ms);
  last_bytes_.Set(BytesOf(manifest));
  last_full_bytes_.Set(BytesOf(manifest));
}

void CheckpointMetrics::OnAborted() {
  ++failed_;
  Tell(in_progress_ - 1);
}

void CheckpointMetrics::OnAttemptEnded() {
  failed_ += in_progress_;
  Tell(0);
}

}  // namespace thalweg::runtime
