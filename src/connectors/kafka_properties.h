// `properties.*` of Kafka's Java client, as librdkafka wants them.
// Rule: what librdkafka knows goes on untouched; of what only Java knows, the harmless is named in a warning, the rest is an error
// that says what to write instead. docs/internals/kafka.md has the table.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace thalweg::connectors {

using Properties = std::map<std::string, std::string>;

struct KafkaProperties {
  Properties client;                  // for librdkafka, without what the engine itself sets
  std::vector<std::string> warnings;  // one line each, for the person who started the job
  std::string bootstrap_servers;
  std::string group_id;
  std::string client_id_prefix;
  bool commit_offsets_on_checkpoint = true;
  int64_t discovery_interval_ms = -1;  // -1: not given
  int64_t api_timeout_ms = 0;          // bound of metadata and offset requests
};

/// Splits user properties into the parts above. Knows nothing of librdkafka's own names: those fail when the client is made.
Result<KafkaProperties> TranslateKafkaProperties(const Properties& properties);

}  // namespace thalweg::connectors
