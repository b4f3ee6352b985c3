// The Kafka source: options with Flink's meaning, an enumerator of partitions, and readers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/kafka_enumerator.h"
#include "connectors/kafka_properties.h"
#include "connectors/kafka_reader.h"
#include "flow/source.h"

namespace thalweg::connectors {

struct KafkaSourceOptions {
  Properties properties;            // bootstrap.servers, group.id, and whatever Kafka's client knows
  std::vector<std::string> topics;  // or
  std::string topic_pattern;        // a regular expression that matches the whole name
  StartOffsets start;
  StopOffsets stop;  // anything but Never: the source is bounded
  int64_t discovery_interval_ms =
      300'000;  // of new partitions (Flink's default, 5 minutes); 0: never; bounded sources: never
  KafkaRowOptions rows;
  int64_t reader_memory_bytes = 0;  // for fetched records, per reader; 0: its part of the memory limit
};

class KafkaSource final : public flow::Source {
 public:
  /// Checks options and properties; connects to nothing. Warnings about properties without effect go to stderr.
  static Result<std::shared_ptr<KafkaSource>> Make(KafkaSourceOptions options);
  /// Over another log (tests, simulation); `options.properties` are not looked at.
  static Result<std::shared_ptr<KafkaSource>> Make(KafkaSourceOptions options, std::shared_ptr<LogClient> client);

  bool bounded() const override { return options_.stop.kind != StopOffsets::Kind::kNever; }
  Result<std::unique_ptr<flow::SplitEnumerator>> CreateEnumerator() override;
  Result<std::unique_ptr<flow::SourceReader>> CreateReader() override;
  types::SchemaPtr schema() const { return KafkaRowSchema(options_.rows); }

 private:
  KafkaSource(KafkaSourceOptions options, std::shared_ptr<LogClient> client, bool commit)
      : options_(std::move(options)), client_(std::move(client)), commit_(commit) {}
  KafkaEnumeratorOptions EnumeratorOptions() const;

  const KafkaSourceOptions options_;
  const std::shared_ptr<LogClient> client_;
  const bool commit_;
};

}  // namespace thalweg::connectors
