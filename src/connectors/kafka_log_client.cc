#include "connectors/kafka_log_client.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <mutex>

#include "connectors/kafka_ask.h"
#include "connectors/kafka_connection.h"
#include "connectors/kafka_consumer.h"
#include "connectors/kafka_partition_list.h"
#include "connectors/kafka_producer.h"

namespace thalweg::connectors {
namespace {

struct MetadataDeleter {
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, MetadataDeleter>;

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, TopicDeleter>;

PartitionList MakeList(const std::vector<TopicPartition>& partitions, int64_t offset) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const TopicPartition& partition : partitions)
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)->offset = offset;
  return list;
}

bool IsInternalTopic(std::string_view name) {
  return name == "__consumer_offsets" || name == "__transaction_state" || name == "__share_group_state";
}

class KafkaLogClient final : public LogClient {
 public:
  explicit KafkaLogClient(KafkaProperties properties) : properties_(std::move(properties)) {}

  Result<std::vector<LogTopic>> Topics(const std::vector<std::string>& names, std::stop_token stop) override;
  Result<LogOffsets> Offsets(const std::vector<TopicPartition>& partitions, OffsetQuery query,
                             std::stop_token stop) override;
  std::string group() const override { return properties_.group_id; }
  Result<std::unique_ptr<LogConsumer>> CreateConsumer(const LogConsumerOptions& options,
                                                      std::function<void()> on_ready) override {
    return MakeKafkaConsumer(properties_, options, std::move(on_ready));
  }
  Result<std::unique_ptr<LogProducer>> CreateProducer(const LogProducerOptions& options,
                                                      std::function<void()> on_ready) override {
    return MakeKafkaProducer(properties_, options, std::move(on_ready));
  }

 private:
  /// The instance for questions, made with the first one.
  Result<KafkaConnection*> Connection();
  /// Asks until the answer is not transient or the bound has passed. `ask(timeout_ms)` returns an rdkafka error.
  template <typename Ask>
  Result<rd_kafka_resp_err_t> Retry(KafkaConnection& connection, const std::string& doing, const std::stop_token& stop,
                                    Ask ask);
  Result<Metadata> FetchMetadata(KafkaConnection& connection, const std::string& topic, const std::stop_token& stop);
  Status UnknownTopic(KafkaConnection& connection, const std::string& name, const std::stop_token& stop);

  KafkaProperties properties_;
  std::mutex mutex_;
  std::shared_ptr<KafkaConnection> connection_;
};

Result<KafkaConnection*> KafkaLogClient::Connection() {
  if (!connection_) {
    KafkaConnection::Spec spec{.properties = properties_, .client_id = "enumerator"};
    spec.engine = ConsumerProperties(properties_, {});
    THALWEG_ASSIGN(connection_, KafkaConnection::Open(std::move(spec)));
  }
  return connection_.get();
}

template <typename Ask>
Result<rd_kafka_resp_err_t> KafkaLogClient::Retry(KafkaConnection& connection, const std::string& doing,
                                                  const std::stop_token& stop, Ask ask) {
  auto state = [&] {
    rd_kafka_poll(connection.handle(), 0);  // errors of the connection
    return connection.status();
  };
  const std::chrono::milliseconds bound(properties_.api_timeout_ms);
  THALWEG_ASSIGN(rd_kafka_resp_err_t error, AskInSlices(bound, stop, std::move(ask), state));
  if (!IsTransient(error)) return error;
  if (stop.stop_requested()) return ExternalError("Stopped while {}", doing);
  if (error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__TIMED_OUT ||
      error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    return connection.Unreachable(doing);
  return ExternalError("Kafka at {} fails while {}: {}", properties_.bootstrap_servers, doing, rd_kafka_err2str(error));
}

Result<Metadata> KafkaLogClient::FetchMetadata(KafkaConnection& connection, const std::string& topic,
                                               const std::stop_token& stop) {
  TopicHandle handle;
  if (!topic.empty()) handle.reset(rd_kafka_topic_new(connection.handle(), topic.c_str(), nullptr));
  if (!topic.empty() && !handle) return UserError("Not a topic name: '{}'", topic);
  const rd_kafka_metadata_t* raw = nullptr;
  THALWEG_ASSIGN(rd_kafka_resp_err_t error, Retry(connection, "listing topics", stop, [&](int timeout_ms) {
                   return rd_kafka_metadata(connection.handle(), handle ? 0 : 1, handle.get(), &raw, timeout_ms);
                 }));
  if (error)
    return ExternalError("Kafka at {} refuses to list topics: {}", properties_.bootstrap_servers,
                         rd_kafka_err2str(error));
  return Metadata(raw);
}

Status KafkaLogClient::UnknownTopic(KafkaConnection& connection, const std::string& name, const std::stop_token& stop) {
  THALWEG_ASSIGN(Metadata all, FetchMetadata(connection, "", stop));
  std::vector<std::string> names;
  for (int i = 0; i < all->topic_cnt; ++i)
    if (!IsInternalTopic(all->topics[i].topic)) names.emplace_back(all->topics[i].topic);
  std::sort(names.begin(), names.end());
  constexpr size_t kNamesShown = 20;  // a line of an error, not a catalogue
  std::string shown;
  for (size_t i = 0; i < names.size() && i < kNamesShown; ++i) shown += (i ? ", " : "") + names[i];
  if (names.size() > kNamesShown) shown += fmt::format(", and {} more", names.size() - kNamesShown);
  return UserError("Unknown Kafka topic: '{}'. Topics at {}: {}", name, properties_.bootstrap_servers,
                   shown.empty() ? "none" : shown);
}

Result<std::vector<LogTopic>> KafkaLogClient::Topics(const std::vector<std::string>& names, std::stop_token stop) {
  std::lock_guard lock(mutex_);
  THALWEG_ASSIGN(KafkaConnection * connection, Connection());
  std::vector<LogTopic> topics;
  if (names.empty()) {
    THALWEG_ASSIGN(Metadata all, FetchMetadata(*connection, "", stop));
    for (int i = 0; i < all->topic_cnt; ++i)
      if (!IsInternalTopic(all->topics[i].topic))
        topics.push_back({all->topics[i].topic, all->topics[i].partition_cnt});
    std::sort(topics.begin(), topics.end(), [](const LogTopic& a, const LogTopic& b) { return a.name < b.name; });
    return topics;
  }
  for (const std::string& name : names) {
    THALWEG_ASSIGN(Metadata one, FetchMetadata(*connection, name, stop));
    const rd_kafka_metadata_topic_t& topic = one->topics[0];
    if (one->topic_cnt == 0 || topic.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
      return UnknownTopic(*connection, name, stop);
    if (topic.err && topic.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
      return ExternalError("Kafka at {} refuses topic '{}': {}", properties_.bootstrap_servers, name,
                           rd_kafka_err2str(topic.err));
    topics.push_back({name, topic.partition_cnt});
  }
  return topics;
}

Result<LogOffsets> KafkaLogClient::Offsets(const std::vector<TopicPartition>& partitions, OffsetQuery query,
                                           std::stop_token stop) {
  LogOffsets offsets;
  if (partitions.empty()) return offsets;
  if (query.kind == OffsetQuery::Kind::kCommitted && properties_.group_id.empty())
    return UserError("Committed offsets need the property 'group.id'");
  std::lock_guard lock(mutex_);
  THALWEG_ASSIGN(KafkaConnection * connection, Connection());
  const bool committed = query.kind == OffsetQuery::Kind::kCommitted;
  // ListOffsets knows its two ends by these numbers in place of a timestamp.
  int64_t wanted = query.timestamp_ms;
  if (query.kind == OffsetQuery::Kind::kEarliest) wanted = RD_KAFKA_OFFSET_BEGINNING;
  if (query.kind == OffsetQuery::Kind::kLatest) wanted = RD_KAFKA_OFFSET_END;
  PartitionList list;
  THALWEG_ASSIGN(rd_kafka_resp_err_t error, Retry(*connection, "asking for offsets", stop, [&](int timeout_ms) {
                   list = MakeList(partitions, committed ? RD_KAFKA_OFFSET_INVALID : wanted);
                   rd_kafka_resp_err_t asked =
                       committed ? rd_kafka_committed(connection->handle(), list.get(), timeout_ms)
                                 : rd_kafka_offsets_for_times(connection->handle(), list.get(), timeout_ms);
                   for (int i = 0; i < list->cnt && !asked; ++i) asked = list->elems[i].err;
                   return asked;
                 }));
  if (error)
    return ExternalError("Kafka at {} refuses to tell offsets: {}", properties_.bootstrap_servers,
                         rd_kafka_err2str(error));
  for (int i = 0; i < list->cnt; ++i)
    if (list->elems[i].offset >= 0) offsets[{list->elems[i].topic, list->elems[i].partition}] = list->elems[i].offset;
  return offsets;
}

}  // namespace

Result<std::shared_ptr<LogClient>> NewKafkaLogClient(KafkaProperties properties) {
  // A configuration made and dropped: an unknown property is told before anything runs.
  THALWEG_ASSIGN(rd_kafka_conf_t * conf, NewKafkaConf(properties.client));
  rd_kafka_conf_destroy(conf);
  return std::shared_ptr<LogClient>(new KafkaLogClient(std::move(properties)));
}

}  // namespace thalweg::connectors
