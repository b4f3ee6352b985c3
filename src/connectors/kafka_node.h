// Kafka source and sink from a graph node: kinds "kafka-source" and "kafka-sink", under the names of Flink's SQL connector.
// The kinds "upsert-kafka-source" and "upsert-kafka-sink" are the same over a changelog by key: a message is the newest row of its key,
// one without value deletes it. They need the key (`key.fields`).
#pragma once

#include <memory>

#include "connectors/kafka_sink.h"
#include "connectors/kafka_source.h"
#include "graph/job_graph.h"

namespace thalweg::connectors {

inline constexpr char kUpsertKafkaSource[] = "upsert-kafka-source";
inline constexpr char kUpsertKafkaSink[] = "upsert-kafka-sink";

/// The rows are the node's first output: columns of the value in `format`, of the key (`key.fields` in `key.format`), and
/// `metadata.<column>`. UserErrors name option and node.
Result<KafkaSourceOptions> ReadKafkaSourceNode(const graph::Node& node);
/// The rows are those of the schema in the node's payload: columns of the value in `format`, of the key (`key.fields`), and
/// `metadata.<column>`.
Result<KafkaSinkOptions> ReadKafkaSinkNode(const graph::Node& node);

/// As above, and the client's own checks of `properties.*`. Connect to nothing.
Result<std::shared_ptr<flow::Source>> MakeKafkaSourceNode(const graph::Node& node);
Result<std::unique_ptr<flow::Operator>> MakeKafkaSinkNode(const graph::Node& node);

}  // namespace thalweg::connectors
