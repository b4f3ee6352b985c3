// LogProducer over librdkafka: its queue holds what is in flight, a thread of its own receives the acknowledgements.
#pragma once

#include <functional>
#include <memory>

#include "connectors/kafka_properties.h"
#include "connectors/log_client.h"

namespace thalweg::connectors {

Result<std::unique_ptr<LogProducer>> MakeKafkaProducer(const KafkaProperties& properties,
                                                       const LogProducerOptions& options,
                                                       std::function<void()> on_ready);

}  // namespace thalweg::connectors
