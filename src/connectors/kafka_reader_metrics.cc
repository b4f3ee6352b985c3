#include "connectors/kafka_reader_metrics.h"

#include <string>

#include "metrics/names.h"

namespace thalweg::connectors {

KafkaReaderMetrics::KafkaReaderMetrics(metrics::Group& group)
    : reader_(group.AddGroup(metrics::kKafkaSourceReaderGroup)),
      records_in_(group.counter_with_rate(metrics::kNumRecordsIn)),
      errors_(group.counter(metrics::kNumRecordsInErrors)),
      pending_(group.gauge(metrics::kPendingRecords)),
      lag_max_(reader_.AddGroup("KafkaConsumer").gauge("records-lag-max")),
      commits_succeeded_(reader_.counter(metrics::kCommitsSucceeded)),
      commits_failed_(reader_.counter(metrics::kCommitsFailed)) {}

void KafkaReaderMetrics::AddPartition(const TopicPartition& partition) {
  metrics::Group& group =
      reader_.AddGroup("topic", partition.topic).AddGroup("partition", std::to_string(partition.partition));
  Partition& added = partitions_[partition];
  added.current_offset = &group.gauge(metrics::kCurrentOffset);
  added.committed_offset = &group.gauge(metrics::kCommittedOffset);
  added.current_offset->Set(-1);
  added.committed_offset->Set(-1);
}

void KafkaReaderMetrics::OnRows(const TopicPartition& partition, int64_t rows, int64_t current_offset) {
  records_in_.Add(rows);
  if (auto found = partitions_.find(partition); found != partitions_.end())
    found->second.current_offset->Set(current_offset);
}

void KafkaReaderMetrics::OnLag(int64_t pending, int64_t greatest) {
  pending_.Set(pending);
  lag_max_.Set(greatest);
}

bool KafkaReaderMetrics::OnCommits(int64_t succeeded, int64_t failed) {
  const bool more = succeeded > commits_succeeded_.value();
  Raise(commits_succeeded_, succeeded);
  Raise(commits_failed_, failed);
  return more;
}

void KafkaReaderMetrics::OnCommitted(const LogOffsets& offsets) {
  for (const auto& [partition, offset] : offsets)
    if (auto found = partitions_.find(partition); found != partitions_.end())
      found->second.committed_offset->Set(offset);
}

}  // namespace thalweg::connectors
