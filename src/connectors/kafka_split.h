// A Kafka split: one partition, where to go on in it, and where to stop. docs/internals/kafka.md has the bytes.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "base/status.h"
#include "connectors/log_client.h"
#include "flow/source.h"

namespace thalweg::connectors {

struct KafkaSplit {
  static constexpr int64_t kNoStop = std::numeric_limits<int64_t>::max();
  TopicPartition partition;
  int64_t next_offset = 0;        // of the next record to read
  int64_t stop_offset = kNoStop;  // exclusive
  bool operator==(const KafkaSplit&) const = default;
};

/// "<topic>-<partition>", as Flink names it.
std::string KafkaSplitId(const TopicPartition& partition);

flow::Split EncodeKafkaSplit(const KafkaSplit& split);
/// Fails on bytes that EncodeKafkaSplit cannot have written.
Result<KafkaSplit> DecodeKafkaSplit(std::string_view state);

}  // namespace thalweg::connectors
