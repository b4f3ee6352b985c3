#include "connectors/kafka_source.h"

#include <cstdio>

#include "connectors/kafka_log_client.h"
#include "connectors/kafka_topic.h"

namespace thalweg::connectors {

Result<std::shared_ptr<KafkaSource>> KafkaSource::Make(KafkaSourceOptions options) {
  THALWEG_ASSIGN(KafkaProperties properties, TranslateKafkaProperties(options.properties));
  for (const std::string& warning : properties.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  if (properties.discovery_interval_ms >= 0) options.discovery_interval_ms = properties.discovery_interval_ms;
  const bool commit = properties.commit_offsets_on_checkpoint;
  const bool needs_group =
      options.start.kind == StartOffsets::Kind::kCommitted || options.stop.kind == StopOffsets::Kind::kCommitted;
  if (needs_group && properties.group_id.empty()) return UserError("Committed offsets need the property 'group.id'");
  THALWEG_ASSIGN(std::shared_ptr<LogClient> client, NewKafkaLogClient(std::move(properties)));
  THALWEG_ASSIGN(std::shared_ptr<KafkaSource> source, Make(std::move(options), std::move(client)));
  return std::shared_ptr<KafkaSource>(new KafkaSource(source->options_, source->client_, commit));
}

Result<std::shared_ptr<KafkaSource>> KafkaSource::Make(KafkaSourceOptions options, std::shared_ptr<LogClient> client) {
  for (const std::string& topic : options.topics) THALWEG_TRY(CheckKafkaTopic(topic));
  std::shared_ptr<KafkaSource> source(new KafkaSource(std::move(options), std::move(client), true));
  THALWEG_TRY(KafkaEnumerator::Make(source->EnumeratorOptions(), source->client_).status());
  columns::BufferPool pool;
  THALWEG_TRY(KafkaRows::Make(source->options_.rows, pool).status());
  return source;
}

KafkaEnumeratorOptions KafkaSource::EnumeratorOptions() const {
  return {.topics = options_.topics,
          .topic_pattern = options_.topic_pattern,
          .start = options_.start,
          .stop = options_.stop,
          .discovery_interval_ms = bounded() ? 0 : options_.discovery_interval_ms};
}

Result<std::unique_ptr<flow::SplitEnumerator>> KafkaSource::CreateEnumerator() {
  THALWEG_ASSIGN(std::unique_ptr<KafkaEnumerator> enumerator, KafkaEnumerator::Make(EnumeratorOptions(), client_));
  return std::unique_ptr<flow::SplitEnumerator>(std::move(enumerator));
}

Result<std::unique_ptr<flow::SourceReader>> KafkaSource::CreateReader() {
  KafkaReaderOptions reader{.rows = options_.rows,
                            // A pattern matches what there is: it goes on without a topic that was deleted.
                            .await_topics = !options_.topic_pattern.empty(),
                            .commit_offsets = commit_,
                            .memory_bytes = options_.reader_memory_bytes};
  OffsetReset reset = options_.start.reset;
  reader.offset_reset = OffsetResetName(reset);
  return std::unique_ptr<flow::SourceReader>(new KafkaReader(std::move(reader), client_));
}

}  // namespace thalweg::connectors
