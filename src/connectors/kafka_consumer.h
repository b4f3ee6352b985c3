// LogConsumer over librdkafka: a thread of its own takes records out of librdkafka and lays them into a bounded inbox.
#pragma once

#include <functional>
#include <memory>

#include "connectors/kafka_properties.h"
#include "connectors/log_client.h"

namespace thalweg::connectors {

/// What the engine sets on every consumer, from its options and the memory they allow.
Properties ConsumerProperties(const KafkaProperties& properties, const LogConsumerOptions& options);

/// Whether the client that this was built with hands out LogRecord::leader_epoch.
bool KafkaTellsLeaderEpochs();

Result<std::unique_ptr<LogConsumer>> MakeKafkaConsumer(const KafkaProperties& properties,
                                                       const LogConsumerOptions& options,
                                                       std::function<void()> on_ready);

}  // namespace thalweg::connectors
