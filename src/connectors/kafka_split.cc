#include "connectors/kafka_split.h"

#include "base/bytes.h"

namespace thalweg::connectors {
namespace {

constexpr uint8_t kKafkaSplitVersion = 1;

}  // namespace

std::string KafkaSplitId(const TopicPartition& partition) {
  return fmt::format("{}-{}", partition.topic, partition.partition);
}

flow::Split EncodeKafkaSplit(const KafkaSplit& split) {
  ByteWriter out;
  out.U8(kKafkaSplitVersion);
  out.String(split.partition.topic);
  out.U32(static_cast<uint32_t>(split.partition.partition));
  out.I64(split.next_offset);
  out.I64(split.stop_offset);
  return {KafkaSplitId(split.partition), out.Take()};
}

Result<KafkaSplit> DecodeKafkaSplit(std::string_view state) {
  ByteReader in(state);
  if (uint8_t version = in.U8(); version != kKafkaSplitVersion && !in.failed())
    return ExternalError("Kafka split was written by a newer version: {}, known up to {}", version, kKafkaSplitVersion);
  KafkaSplit split;
  split.partition.topic = in.String();
  split.partition.partition = in.Fixed<int32_t>();
  split.next_offset = in.Fixed<int64_t>();
  split.stop_offset = in.Fixed<int64_t>();
  THALWEG_TRY(in.status().WithContext("Malformed Kafka split"));
  if (!in.AtEnd() || split.partition.partition < 0 || split.next_offset < 0 || split.stop_offset < 0)
    return ExternalError(
        "Malformed Kafka split of topic '{}': partition {}, next offset {}, stop offset {}, {} bytes left over",
        split.partition.topic, split.partition.partition, split.next_offset, split.stop_offset, in.remaining());
  return split;
}

}  // namespace thalweg::connectors
