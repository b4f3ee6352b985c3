// LogClient over librdkafka: a real Kafka cluster. librdkafka's header is included by the .cc files only.
#pragma once

#include <memory>

#include "connectors/kafka_properties.h"
#include "connectors/log_client.h"

namespace thalweg::connectors {

/// Checks every property against librdkafka (UserError naming the one it does not know); connects to nothing yet. Properties the
/// caller sets (queues, offsets, commits) win over the user's where correctness or the memory limit depends on them.
Result<std::shared_ptr<LogClient>> NewKafkaLogClient(KafkaProperties properties);

}  // namespace thalweg::connectors
