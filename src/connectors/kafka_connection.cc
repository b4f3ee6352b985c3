#include "connectors/kafka_connection.h"

#include <librdkafka/rdkafka.h>

#include <cctype>
#include <cstdio>
#include <string_view>
#include <utility>

namespace thalweg::connectors {
namespace {

constexpr size_t kErrorText = 512;  // librdkafka's own convention for errstr

void ErrorCallback(rd_kafka_t* handle, int code, const char* reason, void* opaque) {
  auto* connection = static_cast<KafkaConnection*>(opaque);
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    char text[kErrorText] = "";
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(handle, text, sizeof(text));
    connection->OnError(RD_KAFKA_RESP_ERR__FATAL, fmt::format("{}: {}", rd_kafka_err2name(fatal), text));
    return;
  }
  connection->OnError(code, reason ? reason : "");
}

void LogCallback(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  // Its errors reach us by ErrorCallback; only what was asked for by `debug` is shown.
  auto* connection = static_cast<KafkaConnection*>(rd_kafka_opaque(handle));
  if (connection && connection->properties().client.contains("debug"))
    std::fprintf(stderr, "rdkafka %s: %d %s: %s\n", rd_kafka_name(handle), level, facility, text);
}

void DeliveryCallback(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto* connection = static_cast<KafkaConnection*>(opaque);
  if (connection->spec().on_delivery) connection->spec().on_delivery(*message);
}

Status SetProperty(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char text[kErrorText] = "";
  switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text, sizeof(text))) {
    case RD_KAFKA_CONF_OK: return {};
    case RD_KAFKA_CONF_UNKNOWN:
      return UserError("Kafka property '{}' is not known to librdkafka {}: {}", name, rd_kafka_version_str(), text);
    default:
      return UserError("Kafka property '{}' is refused: {}", name, text);  // the text never holds a secret's value
  }
}

}  // namespace

bool IsTransient(int error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR: return true;
    default: return false;
  }
}

Result<rd_kafka_conf_s*> NewKafkaConf(const Properties& properties) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : properties)
    if (Status set = SetProperty(conf, name, value); !set.ok()) {
      rd_kafka_conf_destroy(conf);
      return set;
    }
  return conf;
}

Result<std::shared_ptr<KafkaConnection>> KafkaConnection::Open(Spec spec) {
  Properties properties = spec.properties.client;
  for (const auto& [name, value] : spec.engine) properties[name] = value;
  properties["bootstrap.servers"] = spec.properties.bootstrap_servers;
  const std::string& prefix = spec.properties.client_id_prefix;
  if (!spec.client_id.empty() && (!prefix.empty() || !properties.contains("client.id")))
    properties["client.id"] = (prefix.empty() ? "thalweg" : prefix) + "-" + spec.client_id;
  THALWEG_ASSIGN(rd_kafka_conf_t * conf, NewKafkaConf(properties));

  std::shared_ptr<KafkaConnection> connection(new KafkaConnection(std::move(spec)));
  rd_kafka_conf_set_opaque(conf, connection.get());
  rd_kafka_conf_set_error_cb(conf, ErrorCallback);
  rd_kafka_conf_set_log_cb(conf, LogCallback);
  bool consumer = connection->spec_.role == Role::kConsumer;
  if (!consumer) rd_kafka_conf_set_dr_msg_cb(conf, DeliveryCallback);
  if (connection->spec_.partitioner) {
    rd_kafka_topic_conf_t* topics = rd_kafka_conf_get_default_topic_conf(conf);  // there since "partitioner" was set
    THALWEG_CHECK(topics);
    rd_kafka_topic_conf_set_partitioner_cb(topics, connection->spec_.partitioner);
  }
  char text[kErrorText] = "";
  connection->handle_ = rd_kafka_new(consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, text, sizeof(text));
  if (!connection->handle_) {
    rd_kafka_conf_destroy(conf);
    return UserError("Kafka client cannot be made from these properties: {}", text);
  }
  return connection;
}

KafkaConnection::~KafkaConnection() {
  // Without the group's leave: offsets were committed at checkpoints, and a broker that is gone must not hold us up.
  if (handle_) rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Status KafkaConnection::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

std::string KafkaConnection::last_error() const {
  std::lock_guard lock(mutex_);
  return last_error_;
}

bool KafkaConnection::TakeMissed() {
  std::lock_guard lock(mutex_);
  return std::exchange(missed_, false);
}

Status KafkaConnection::Unreachable(const std::string& doing) const {
  std::string last = last_error();
  return ExternalError(
      "Cannot reach Kafka at {} (while {}): {}. Check that the broker runs, that bootstrap.servers is right, and that "
      "its advertised listeners can be reached from here",
      spec_.properties.bootstrap_servers, doing, last.empty() ? "no answer in time" : last);
}

void KafkaConnection::OnError(int code, const std::string& reason) {
  std::lock_guard lock(mutex_);
  const std::string& servers = spec_.properties.bootstrap_servers;
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      if (status_.ok())
        status_ = ExternalError("Kafka at {} refuses the login: {}. Check security.protocol and the sasl.* properties",
                                servers, reason);
      break;
    case RD_KAFKA_RESP_ERR__FATAL:
      if (status_.ok()) status_ = ExternalError("Kafka client failed for good: {}", reason);
      break;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      if (last_error_.empty()) last_error_ = reason;
      break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: missed_ = true; [[fallthrough]];
    default: last_error_ = reason;
  }
}

}  // namespace thalweg::connectors
