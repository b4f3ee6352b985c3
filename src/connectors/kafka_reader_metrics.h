// What a Kafka reader tells of itself, under Flink's names.
#pragma once

#include <cstdint>
#include <map>

#include "connectors/log_client.h"
#include "metrics/registry.h"

namespace thalweg::connectors {

/// The task's thread.
class KafkaReaderMetrics {
 public:
  explicit KafkaReaderMetrics(metrics::Group& group);
  void AddPartition(const TopicPartition& partition);
  /// After a batch of `partition`: `rows` more, up to and with `current_offset` (-1: none yet).
  void OnRows(const TopicPartition& partition, int64_t rows, int64_t current_offset);
  /// Records not yet read: of all partitions, and of the one that is furthest behind.
  void OnLag(int64_t pending, int64_t greatest);
  void OnParseErrors(int64_t total) { Raise(errors_, total); }
  /// True: more have succeeded than at the last call.
  bool OnCommits(int64_t succeeded, int64_t failed);
  void OnCommitted(const LogOffsets& offsets);

 private:
  struct Partition {
    metrics::Gauge* current_offset;
    metrics::Gauge* committed_offset;
  };
  static void Raise(metrics::Counter& counter, int64_t total) { counter.Add(total - counter.value()); }

  metrics::Group& reader_;
  metrics::Counter& records_in_;
  metrics::Counter& errors_;
  metrics::Gauge& pending_;
  metrics::Gauge& lag_max_;
  metrics::Counter& commits_succeeded_;
  metrics::Counter& commits_failed_;
  std::map<TopicPartition, Partition> partitions_;
};

}  // namespace thalweg::connectors
