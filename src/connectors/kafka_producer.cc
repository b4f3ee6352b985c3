#include "connectors/kafka_producer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <thread>

#include "connectors/kafka_connection.h"

namespace thalweg::connectors {
namespace {

constexpr int kPollMs = 100;                          // how long a quiet wait lasts before `stop` is looked at
constexpr int64_t kDefaultProducerMemory = 32 << 20;  // buffer.memory of Kafka's Java producer
constexpr int64_t kMinProducerQueueKb = 1024;         // one message of the default greatest size
constexpr int64_t kQueueMessages = 1'000'000;         // the bytes bound the queue long before
constexpr int64_t kRoomMessages = 1024;               // acknowledged before a full queue's owner is woken: one batch

class KafkaProducer final : public LogProducer {
 public:
  KafkaProducer(const LogProducerOptions& options, std::function<void()> on_ready)
      : options_(options), on_ready_(std::move(on_ready)) {}
  ~KafkaProducer() override;
  Status Start(const KafkaProperties& properties);

  Result<bool> Produce(const LogMessage& message) override { return ProduceOnce(message, false); }
  int64_t in_flight() override;
  Status status() override;
  int64_t delivered() const override { return delivered_.load(std::memory_order_relaxed); }

 private:
  Properties EngineProperties(const KafkaProperties& properties) const;
  Result<bool> ProduceOnce(const LogMessage& message, bool retried);
  void Run();
  /// On the polling thread.
  void OnDelivery(const rd_kafka_message_t& message);
  void Fail(Status status);

  const LogProducerOptions options_;
  const std::function<void()> on_ready_;
  std::shared_ptr<KafkaConnection> connection_;
  std::thread thread_;
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> in_flight_{0}, delivered_{0};
  std::atomic<bool> wants_empty_{false}, wants_room_{false}, failed_{false};
  int64_t freed_ = 0;  // polling thread: acknowledged since the queue was found full
  std::mutex mutex_;
  Status status_;
};

/// Partition of a message: its slot stands in `opaque`, plus one; without one as the Java client.
int32_t PartitionBySlot(const rd_kafka_topic_t* topic, const void* key, size_t key_size, int32_t partitions,
                        void* topic_opaque, void* opaque) {
  if (auto slot = reinterpret_cast<uintptr_t>(opaque))
    return static_cast<int32_t>((slot - 1) % static_cast<uintptr_t>(partitions));
  return rd_kafka_msg_partitioner_murmur2_random(topic, key, key_size, partitions, topic_opaque, opaque);
}

Properties KafkaProducer::EngineProperties(const KafkaProperties& properties) const {
  const int64_t memory = options_.memory_bytes > 0 ? options_.memory_bytes : kDefaultProducerMemory;
  Properties engine = {
      {"queue.buffering.max.kbytes", std::to_string(std::max(memory / 1024, kMinProducerQueueKb))},
      {"queue.buffering.max.messages", std::to_string(kQueueMessages)},
  };
  const Properties& given = properties.client;
  if (!given.contains("partitioner")) engine["partitioner"] = "murmur2_random";  // Java's; librdkafka's own is CRC32
  if (options_.slots)
    engine["sticky.partitioning.linger.ms"] = "0";  // it would take keyless messages from our function
  if (!given.contains("reconnect.backoff.max.ms")) engine["reconnect.backoff.max.ms"] = "1000";
  auto acks = given.find("acks");
  bool all_acks = acks == given.end() || acks->second == "all" || acks->second == "-1";
  if (options_.idempotent && all_acks && !given.contains("enable.idempotence")) engine["enable.idempotence"] = "true";
  return engine;
}

Status KafkaProducer::Start(const KafkaProperties& properties) {
  KafkaConnection::Spec spec{
      .role = KafkaConnection::Role::kProducer, .properties = properties, .client_id = options_.client_id};
  spec.engine = EngineProperties(properties);
  if (options_.slots) spec.partitioner = PartitionBySlot;
  spec.on_delivery = [this](const rd_kafka_message_t& message) { OnDelivery(message); };
  THALWEG_ASSIGN(connection_, KafkaConnection::Open(std::move(spec)));
  thread_ = std::thread([this] { Run(); });
  return {};
}

KafkaProducer::~KafkaProducer() {
  if (!thread_.joinable()) return;
  stop_ = true;
  thread_.join();
}

void KafkaProducer::Run() {
  while (!stop_) {
    rd_kafka_poll(connection_->handle(), kPollMs);
    if (Status status = connection_->status(); !status.ok() && !failed_) Fail(std::move(status));
  }
}

Result<bool> KafkaProducer::ProduceOnce(const LogMessage& message, bool retried) {
  THALWEG_TRY(status());
  rd_kafka_headers_t* headers = nullptr;
  if (message.header_count) headers = rd_kafka_headers_new(message.header_count);
  for (size_t i = 0; i < message.header_count; ++i) {
    const LogHeader& header = message.headers[i];
    rd_kafka_header_add(headers, header.key.data(), static_cast<ssize_t>(header.key.size()), header.value.data(),
                        static_cast<ssize_t>(header.value.size()));
  }
  const std::string topic(message.topic);
  std::array<rd_kafka_vu_t, 8> parts;
  size_t count = 0;
  auto part = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
    parts[count].vtype = type;
    return parts[count++];
  };
  part(RD_KAFKA_VTYPE_TOPIC).u.cstr = topic.c_str();
  part(RD_KAFKA_VTYPE_PARTITION).u.i32 = message.partition < 0 ? RD_KAFKA_PARTITION_UA : message.partition;
  part(RD_KAFKA_VTYPE_MSGFLAGS).u.i = RD_KAFKA_MSG_F_COPY;
  auto bytes = [](const std::optional<std::string_view>& view) {
    // Empty is not null: it has a pointer.
    return std::pair<const void*, size_t>{view ? (view->data() ? view->data() : "") : nullptr, view ? view->size() : 0};
  };
  rd_kafka_vu_t& value = part(RD_KAFKA_VTYPE_VALUE);
  value.u.mem.ptr = const_cast<void*>(bytes(message.value).first);
  value.u.mem.size = bytes(message.value).second;
  if (message.key) {
    rd_kafka_vu_t& key = part(RD_KAFKA_VTYPE_KEY);
    key.u.mem.ptr = const_cast<void*>(bytes(message.key).first);
    key.u.mem.size = message.key->size();
  }
  if (message.timestamp_ms) part(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = *message.timestamp_ms;
  if (message.slot) part(RD_KAFKA_VTYPE_OPAQUE).u.ptr = reinterpret_cast<void*>(uintptr_t{*message.slot} + 1);
  if (headers) part(RD_KAFKA_VTYPE_HEADERS).u.headers = headers;

  wants_room_.store(true);  // before the attempt: an acknowledgement between it and our going to sleep must wake us
  in_flight_.fetch_add(1);
  rd_kafka_error_t* error = rd_kafka_produceva(connection_->handle(), parts.data(), count);
  if (!error) {
    wants_room_.store(false, std::memory_order_relaxed);
    return true;
  }
  const bool empty = in_flight_.fetch_sub(1) == 1;
  if (headers) rd_kafka_headers_destroy(headers);
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && !empty) return false;
  wants_room_.store(false, std::memory_order_relaxed);
  // The last acknowledgement came while we were refused, and nobody is left to wake us.
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && !retried) return ProduceOnce(message, true);
  return ExternalError("Kafka topic '{}' does not take a message of {} bytes: {}", topic,
                       message.value ? message.value->size() : 0, text);
}

int64_t KafkaProducer::in_flight() {
  wants_empty_.store(true);
  int64_t now = in_flight_.load();
  if (now == 0) wants_empty_.store(false);
  return now;
}

Status KafkaProducer::status() {
  if (!failed_.load(std::memory_order_acquire)) return {};
  std::lock_guard lock(mutex_);
  return status_;
}

void KafkaProducer::OnDelivery(const rd_kafka_message_t& message) {
  if (message.err && !failed_) {
    const char* topic = message.rkt ? rd_kafka_topic_name(message.rkt) : "?";
    std::string reason = rd_kafka_err2str(message.err);  // rd_kafka_message_errstr would show the message's value
    std::string last = connection_->last_error();
    if (message.err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT && !last.empty())
      reason += "; the connection's last error: " + last;
    Fail(ExternalError("Kafka topic '{}' partition {}: a message was not delivered: {}", topic, message.partition,
                       reason));
  } else if (!message.err) {
    delivered_.fetch_add(1, std::memory_order_relaxed);
  }
  const int64_t left = in_flight_.fetch_sub(1) - 1;
  bool wake = left == 0 && wants_empty_.exchange(false);
  if (wants_room_.load() && (++freed_ >= kRoomMessages || left == 0)) {
    freed_ = 0;
    wake |= wants_room_.exchange(false);
  }
  if (wake) on_ready_();
}

void KafkaProducer::Fail(Status status) {
  {
    std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
  }
  failed_.store(true, std::memory_order_release);
  on_ready_();
}

}  // namespace

Result<std::unique_ptr<LogProducer>> MakeKafkaProducer(const KafkaProperties& properties,
                                                       const LogProducerOptions& options,
                                                       std::function<void()> on_ready) {
  auto producer = std::make_unique<KafkaProducer>(options, std::move(on_ready));
  THALWEG_TRY(producer->Start(properties));
  return std::unique_ptr<LogProducer>(std::move(producer));
}

}  // namespace thalweg::connectors
