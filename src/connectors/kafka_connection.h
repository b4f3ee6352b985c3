// One librdkafka instance: its configuration, its life, and what it last complained about.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "connectors/kafka_properties.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_message_s;
struct rd_kafka_topic_s;

namespace thalweg::connectors {

/// Holds the instance until the last user is gone. `status` and `last_error` from any thread.
class KafkaConnection {
 public:
  enum class Role : uint8_t { kConsumer, kProducer };
  struct Spec {
    Role role = Role::kConsumer;
    KafkaProperties properties;
    Properties engine;  // ours; they win
    std::string client_id;
    /// Called by librdkafka while it is polled, on the polling thread.
    std::function<void(const rd_kafka_message_s& message)> on_delivery;
    /// Of a producer: instead of the property of that name. Any thread of librdkafka, and that of Produce.
    int32_t (*partitioner)(const rd_kafka_topic_s* topic, const void* key, size_t key_size, int32_t partitions,
                           void* topic_opaque, void* message_opaque) = nullptr;
  };
  static Result<std::shared_ptr<KafkaConnection>> Open(Spec spec);
  ~KafkaConnection();
  KafkaConnection(const KafkaConnection&) = delete;
  KafkaConnection& operator=(const KafkaConnection&) = delete;

  rd_kafka_s* handle() const { return handle_; }
  const KafkaProperties& properties() const { return spec_.properties; }
  /// What no retry can mend: a refused login, a fatal error of the client.
  Status status() const;
  /// What librdkafka last said of its connections, or empty.
  std::string last_error() const;
  /// Whether librdkafka missed a topic or a partition since the last call.
  bool TakeMissed();
  /// "Cannot reach Kafka at ...": with the last complaint and what to check.
  Status Unreachable(const std::string& doing) const;

  /// For librdkafka's callbacks.
  void OnError(int code, const std::string& reason);
  const Spec& spec() const { return spec_; }

 private:
  explicit KafkaConnection(Spec spec) : spec_(std::move(spec)) {}
  Spec spec_;
  rd_kafka_s* handle_ = nullptr;
  mutable std::mutex mutex_;
  Status status_;
  std::string last_error_;
  bool missed_ = false;
};

/// An error of librdkafka that a broker which is starting, restarting or far away gives: worth asking again.
bool IsTransient(int error);

/// Sets `properties` on a new configuration; UserError naming the property librdkafka refuses. The caller owns the result.
Result<rd_kafka_conf_s*> NewKafkaConf(const Properties& properties);

}  // namespace thalweg::connectors
