#include "connectors/kafka_sink.h"

#include <algorithm>
#include <cstdio>

#include "connectors/kafka_log_client.h"
#include "connectors/kafka_topic.h"
#include "metrics/names.h"
#include "metrics/registry.h"

namespace thalweg::connectors {
namespace {

using flow::Progress;

/// Bytes of a value or key column; nullopt: NULL.
Result<std::optional<std::string_view>> BytesOf(const columns::Batch& batch, int column_index, int32_t row,
                                                const char* part) {
  const columns::Column& column = batch.column(column_index);
  if (column.IsNull(row)) return std::optional<std::string_view>();
  if (column.type.is_variable()) return std::optional<std::string_view>(column.String(row));
  if (column.type.id() == types::TypeId::kObject && column.type.object().name == types::CodecName<std::string>())
    return std::optional<std::string_view>(column.data<std::string>()[row]);
  return UserError("Kafka sink needs a {} of BYTES or STRING: column {} is {}; give it an encoder", part, column_index,
                   column.type.ToString());
}

Status CheckOptions(const KafkaSinkOptions& options) {
  if (options.guarantee == DeliveryGuarantee::kExactlyOnce)
    return UserError("Kafka sink cannot write exactly once yet: choose delivery guarantee at-least-once or none");
  if (options.topic.empty() == (options.topic_column < 0))
    return UserError("Kafka sink needs either a topic or a topic column: topic '{}', column {}", options.topic,
                     options.topic_column);
  if (!options.topic.empty()) THALWEG_TRY(CheckKafkaTopic(options.topic));
  for (const std::string& topic : options.allowed_topics) THALWEG_TRY(CheckKafkaTopic(topic));
  return {};
}

}  // namespace

KafkaSink::KafkaSink(KafkaSinkOptions options, std::shared_ptr<LogClient> client)
    : options_(std::move(options)), client_(std::move(client)) {}

Result<std::unique_ptr<KafkaSink>> KafkaSink::Make(KafkaSinkOptions options) {
  THALWEG_TRY(CheckOptions(options));
  THALWEG_ASSIGN(KafkaProperties properties, TranslateKafkaProperties(options.properties));
  for (const std::string& warning : properties.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  THALWEG_ASSIGN(std::shared_ptr<LogClient> client, NewKafkaLogClient(std::move(properties)));
  return Make(std::move(options), std::move(client));
}

Result<std::unique_ptr<KafkaSink>> KafkaSink::Make(KafkaSinkOptions options, std::shared_ptr<LogClient> client) {
  THALWEG_TRY(CheckOptions(options));
  return std::unique_ptr<KafkaSink>(new KafkaSink(std::move(options), std::move(client)));
}

Status KafkaSink::Open(flow::Context& context) {
  context_ = &context;
  slot_ = static_cast<uint32_t>(context.task().subtask);
  if (options_.make_value_encoder) {
    THALWEG_ASSIGN(value_encoder_, options_.make_value_encoder());
  }
  if (options_.make_key_encoder) {
    THALWEG_ASSIGN(key_encoder_, options_.make_key_encoder());
  }
  records_send_ = &context.metrics().counter(metrics::kNumRecordsSend);
  bytes_send_ = &context.metrics().counter(metrics::kNumBytesSend);
  send_errors_ = &context.metrics().counter(metrics::kNumRecordsSendErrors);
  LogProducerOptions options{
      .idempotent = options_.guarantee == DeliveryGuarantee::kAtLeastOnce,
      .slots = options_.partitioner != KafkaPartitioner::kDefault,
      .memory_bytes = options_.memory_bytes > 0 ? options_.memory_bytes : context.connector_bytes(),
      .client_id = fmt::format("{}-{}", context.task().uid, context.task().subtask)};
  THALWEG_ASSIGN(producer_, client_->CreateProducer(options, [waker = context.waker()] { waker->Wake(); }));
  return {};
}

columns::Batch KafkaSink::Select(const columns::Batch& batch, const std::vector<int>& columns) const {
  if (columns.empty()) return {};
  columns::Batch part(context_->pool(), batch.rows());
  for (int column : columns) part.AddColumn(batch.column(column));
  return part;
}

Result<Progress> KafkaSink::Process(int, flow::Rows& rows, flow::Output&) {
  const columns::Batch& batch = rows.batch();
  const Parts parts{batch, Select(batch, options_.value_columns), Select(batch, options_.key_columns)};
  for (int32_t row = rows.next(); row < rows.end(); ++row) {
    auto sent = Send(parts, row);
    if (!sent.ok()) return Failed(sent.status());
    if (!*sent) return Progress::kBlocked;
    rows.AdvanceTo(row + 1);
  }
  if (options_.partitioner == KafkaPartitioner::kRoundRobin) ++slot_;
  return Progress::kDone;
}

Result<bool> KafkaSink::Send(const Parts& parts, int32_t row) {
  const columns::Batch& batch = parts.rows;
  const types::RowKind kind = batch.kind(row);
  if (options_.accepts == graph::ChangelogMode::kAppend && kind != types::RowKind::kInsert)
    return UserError("Kafka sink takes appended rows only, and got an update or delete: {}", types::RowKindText(kind));
  LogMessage message;
  THALWEG_TRY(FillPlace(batch, row, message));
  THALWEG_TRY(FillBytes(parts, row, message));
  THALWEG_TRY(FillTimestamp(batch, row, message));
  if (options_.headers_column >= 0) FillHeaders(batch.column(options_.headers_column), row, message);
  THALWEG_ASSIGN(bool taken, producer_->Produce(message));
  if (!taken) return false;
  records_send_->Increment();
  bytes_send_->Add(
      static_cast<int64_t>((message.value ? message.value->size() : 0) + (message.key ? message.key->size() : 0)));
  return true;
}

Status KafkaSink::FillPlace(const columns::Batch& batch, int32_t row, LogMessage& message) {
  message.topic = options_.topic;
  if (options_.topic_column >= 0) {
    THALWEG_ASSIGN(auto topic, BytesOf(batch, options_.topic_column, row, "topic"));
    if (!topic || topic->empty())
      return UserError("Kafka sink got a row without topic: column {}", options_.topic_column);
    const std::vector<std::string>& allowed = options_.allowed_topics;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), *topic) == allowed.end())
      return UserError("Kafka sink got a row for a topic that is not among its own: '{}'; they are {}", *topic,
                       fmt::join(allowed, ", "));
    if (allowed.empty() && *topic != checked_topic_) {
      THALWEG_TRY(CheckKafkaTopic(*topic));
      checked_topic_ = *topic;
    }
    message.topic = *topic;
  }
  if (options_.partition_column >= 0) {
    const columns::Column& column = batch.column(options_.partition_column);
    if (!column.IsNull(row)) {
      message.partition = column.data<int32_t>()[row];
      if (message.partition < 0) return UserError("Kafka sink got a negative partition: {}", message.partition);
      return {};
    }
  }
  if (options_.partitioner != KafkaPartitioner::kDefault) message.slot = slot_;
  return {};
}

Status KafkaSink::FillTimestamp(const columns::Batch& batch, int32_t row, LogMessage& message) const {
  if (options_.timestamp_column >= 0) {
    const columns::Column& column = batch.column(options_.timestamp_column);
    if (!column.IsNull(row)) {
      message.timestamp_ms = column.data<int64_t>()[row];
      if (*message.timestamp_ms < 0)
        return UserError("Kafka sink got a timestamp before 1970: {} ms", *message.timestamp_ms);
      return {};
    }
  }
  if (int64_t time = batch.time(row); options_.event_time_as_timestamp && time >= 0) message.timestamp_ms = time;
  return {};
}

Status KafkaSink::FillBytes(const Parts& parts, int32_t row, LogMessage& message) {
  if (options_.accepts == graph::ChangelogMode::kUpsert && types::RowKindSign(parts.rows.kind(row)) < 0) {
    message.value.reset();
  } else if (value_encoder_) {
    value_.clear();
    THALWEG_TRY(value_encoder_->Encode(parts.value ? parts.value : parts.rows, row, &value_));
    message.value = value_;
  } else {
    THALWEG_ASSIGN(message.value, BytesOf(parts.rows, options_.value_column, row, "value"));
  }
  if (key_encoder_) {
    key_.clear();
    THALWEG_TRY(key_encoder_->Encode(parts.key ? parts.key : parts.rows, row, &key_));
    message.key = key_;
  } else if (options_.key_column >= 0) {
    THALWEG_ASSIGN(message.key, BytesOf(parts.rows, options_.key_column, row, "key"));
  }
  return {};
}

void KafkaSink::FillHeaders(const columns::Column& column, int32_t row, LogMessage& message) {
  if (column.IsNull(row)) return;
  headers_.clear();
  const int32_t* offsets = column.offsets.data<int32_t>();
  const columns::Column& entries =  // of a MAP, or an ARRAY of ROWs
      column.type.id() == types::TypeId::kArray ? column.children[0] : column;
  const columns::Column &names = entries.children[0], &values = entries.children[1];
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i)
    headers_.push_back({names.IsNull(i) ? std::string_view("") : names.String(i),
                        values.IsNull(i) ? std::string_view() : values.String(i)});
  message.headers = headers_.data();
  message.header_count = headers_.size();
}

Result<Progress> KafkaSink::AwaitAcknowledged() {
  const bool waiting = producer_->in_flight() > 0;
  if (Status status = producer_->status(); !status.ok()) return Failed(std::move(status));
  return waiting ? Progress::kBlocked : Progress::kDone;
}

Result<Progress> KafkaSink::PrepareBarrier(const flow::Barrier&, flow::Output&) {
  if (options_.guarantee == DeliveryGuarantee::kAtLeastOnce) return AwaitAcknowledged();
  if (Status status = producer_->status(); !status.ok()) return Failed(std::move(status));
  return Progress::kDone;
}

Result<Progress> KafkaSink::OnEnd(flow::EndKind, flow::Output&) { return AwaitAcknowledged(); }

Status KafkaSink::Failed(Status status) {
  send_errors_->Increment();
  return status;
}

void KafkaSink::Close() { producer_.reset(); }

}  // namespace thalweg::connectors
