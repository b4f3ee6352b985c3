#include "connectors/kafka_properties.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>

namespace thalweg::connectors {
namespace {

constexpr int64_t kApiTimeoutMs = 20'000;  // a broker that does not answer for that long is reported; Java waits 60 s

enum class Rule { kDrop, kWarn, kRename, kRefuse };

struct JavaProperty {
  std::string_view name;
  Rule rule;
  std::string_view text;  // kRename: librdkafka's name; kWarn: why it has no effect; kRefuse: what to write instead
};

// Sorted by name.
constexpr JavaProperty kJavaProperties[] = {
    {"auto.include.jmx.reporter", Rule::kWarn, "metrics are reported by the engine"},
    {"auto.offset.reset", Rule::kWarn, "the source's start offsets decide"},
    {"buffer.memory", Rule::kWarn, "queue sizes follow from the memory limit"},
    {"enable.auto.commit", Rule::kWarn, "offsets are committed at checkpoints"},
    {"auto.commit.interval.ms", Rule::kWarn, "offsets are committed at checkpoints"},
    {"fetch.max.wait.ms", Rule::kRename, "fetch.wait.max.ms"},
    {"interceptor.classes", Rule::kWarn, "Java classes cannot be loaded"},
    {"key.deserializer", Rule::kDrop, ""},
    {"key.serializer", Rule::kDrop, ""},
    {"max.block.ms", Rule::kWarn, "a full queue stops the input instead"},
    {"max.poll.records", Rule::kWarn, "batch sizes adapt to the load"},
    {"max.request.size", Rule::kRename, "message.max.bytes"},
    {"metric.reporters", Rule::kWarn, "metrics are reported by the engine"},
    {"metrics.num.samples", Rule::kWarn, "metrics are reported by the engine"},
    {"metrics.recording.level", Rule::kWarn, "metrics are reported by the engine"},
    {"metrics.sample.window.ms", Rule::kWarn, "metrics are reported by the engine"},
    {"partition.assignment.strategy", Rule::kWarn, "the source assigns partitions itself"},
    {"partitioner.class", Rule::kRefuse, "a Java class cannot be loaded; keys are partitioned as Java does by default"},
    {"receive.buffer.bytes", Rule::kRename, "socket.receive.buffer.bytes"},
    {"register.consumer.metrics", Rule::kWarn, "metrics are reported by the engine"},
    {"register.producer.metrics", Rule::kWarn, "metrics are reported by the engine"},
    {"sasl.client.callback.handler.class", Rule::kRefuse,
     "a Java class cannot be loaded; see librdkafka's sasl.oauthbearer.*"},
    {"sasl.login.callback.handler.class", Rule::kRefuse,
     "a Java class cannot be loaded; see librdkafka's sasl.oauthbearer.*"},
    {"send.buffer.bytes", Rule::kRename, "socket.send.buffer.bytes"},
    {"session.timeout.ms", Rule::kWarn, "the source assigns partitions itself, nobody joins the group"},
    {"ssl.keymanager.algorithm", Rule::kWarn, "it concerns the JVM"},
    {"ssl.keystore.certificate.chain", Rule::kRename, "ssl.certificate.pem"},
    {"ssl.keystore.key", Rule::kRename, "ssl.key.pem"},
    {"ssl.protocol", Rule::kWarn, "OpenSSL negotiates the newest"},
    {"ssl.trustmanager.algorithm", Rule::kWarn, "it concerns the JVM"},
    {"ssl.truststore.certificates", Rule::kRename, "ssl.ca.pem"},
    {"ssl.truststore.location", Rule::kRefuse, "give the certificates as a PEM file in ssl.ca.location"},
    {"ssl.truststore.password", Rule::kWarn, "a PEM file in ssl.ca.location has no password"},
    {"ssl.truststore.type", Rule::kWarn, "ssl.ca.location is always PEM"},
    {"transactional.id", Rule::kRefuse, "the sink does not write transactions yet; leave it out"},
    {"value.deserializer", Rule::kDrop, ""},
    {"value.serializer", Rule::kDrop, ""},
};

Result<int64_t> ToInt(const std::string& name, const std::string& text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return UserError("Property '{}' is no whole number: '{}'", name, text);
  return value;
}

/// The text of `name="..."` in a JAAS line.
std::optional<std::string> JaasOption(std::string_view jaas, std::string_view name) {
  size_t at = jaas.find(name);
  if (at == jaas.npos) return std::nullopt;
  size_t open = jaas.find_first_not_of(" \t=", at + name.size());
  if (open == jaas.npos || jaas[open] != '"') return std::nullopt;
  size_t close = jaas.find('"', open + 1);
  if (close == jaas.npos) return std::nullopt;
  return std::string(jaas.substr(open + 1, close - open - 1));
}

/// `...LoginModule required username="u" password="p";` of Java's PLAIN and SCRAM logins.
Status ReadJaas(std::string_view jaas, Properties& client) {
  auto user = JaasOption(jaas, "username");
  auto password = JaasOption(jaas, "password");
  if (!user || !password)
    return UserError(
        "Property 'sasl.jaas.config' is understood only with username=\"...\" and password=\"...\"; for other "
        "mechanisms use librdkafka's own sasl.* properties");
  client.emplace("sasl.username", *user);
  client.emplace("sasl.password", *password);
  return {};
}

Status Take(const std::string& name, const std::string& value, KafkaProperties& out) {
  const auto* known = std::find_if(std::begin(kJavaProperties), std::end(kJavaProperties),
                                   [&](const JavaProperty& property) { return property.name == name; });
  if (known == std::end(kJavaProperties)) {
    out.client[name] = value;
    return {};
  }
  switch (known->rule) {
    case Rule::kDrop: break;
    case Rule::kWarn:
      out.warnings.push_back(fmt::format("Kafka property '{}' has no effect: {}", name, known->text));
      break;
    case Rule::kRename: out.client.emplace(known->text, value); break;
    case Rule::kRefuse: return UserError("Kafka property '{}' is not supported: {}", name, known->text);
  }
  return {};
}

}  // namespace

Result<KafkaProperties> TranslateKafkaProperties(const Properties& properties) {
  KafkaProperties out;
  out.api_timeout_ms = kApiTimeoutMs;
  for (const auto& [name, value] : properties) {
    if (name == "bootstrap.servers") {
      out.bootstrap_servers = value;
    } else if (name == "group.id") {
      out.group_id = value;
    } else if (name == "client.id.prefix") {
      out.client_id_prefix = value;
    } else if (name == "commit.offsets.on.checkpoint") {
      out.commit_offsets_on_checkpoint = value != "false";
    } else if (name == "partition.discovery.interval.ms") {
      THALWEG_ASSIGN(out.discovery_interval_ms, ToInt(name, value));
      out.discovery_interval_ms = std::max<int64_t>(out.discovery_interval_ms, 0);  // Flink: negative turns it off
    } else if (name == "default.api.timeout.ms") {
      THALWEG_ASSIGN(out.api_timeout_ms, ToInt(name, value));
    } else if (name == "sasl.jaas.config") {
      THALWEG_TRY(ReadJaas(value, out.client));
    } else {
      THALWEG_TRY(Take(name, value, out));
    }
  }
  if (out.bootstrap_servers.empty())
    return UserError("Kafka needs the property 'bootstrap.servers' (host:port, separated by commas)");
  return out;
}

}  // namespace thalweg::connectors
