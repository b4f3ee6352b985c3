#include "connectors/kafka_rows.h"

#include <algorithm>
#include <iterator>

namespace thalweg::connectors {
namespace {

constexpr std::string_view kNames[] = {"key",       "headers",        "topic",       "partition",   "offset",
                                       "timestamp", "timestamp-type", "header-list", "leader-epoch"};
/// For messages and dead letters.
std::string Place(const TopicPartition& partition, int64_t offset) {
  return fmt::format("topic {}, partition {}, offset {}", partition.topic, partition.partition, offset);
}

constexpr std::string_view kTimestampTypes[] = {"NoTimestampType", "CreateTime",
                                                "LogAppendTime"};  // Kafka's own spelling

}  // namespace

types::DataType KafkaMetadataType(KafkaMetadata metadata) {
  using types::DataType;
  using types::TypeId;
  switch (metadata) {
    case KafkaMetadata::kKey: return DataType(TypeId::kBinary);
    case KafkaMetadata::kHeaders:
      return DataType::Map(DataType(TypeId::kString, false), DataType(TypeId::kBinary), false);
    case KafkaMetadata::kTopic: return DataType(TypeId::kString, false);
    case KafkaMetadata::kPartition: return DataType(TypeId::kInt, false);
    case KafkaMetadata::kOffset: return DataType(TypeId::kBigInt, false);
    case KafkaMetadata::kTimestamp: return DataType::TimestampLtz(3, false);
    case KafkaMetadata::kTimestampType: return DataType(TypeId::kString, false);
    case KafkaMetadata::kHeaderList:
      return DataType::Array(DataType::Row({{"key", DataType(TypeId::kString)}, {"value", DataType(TypeId::kBinary)}}),
                             false);
    case KafkaMetadata::kLeaderEpoch: return DataType(TypeId::kInt);
  }
  THALWEG_CHECK(false);
  return {};
}

std::vector<KafkaMetadata> AllKafkaMetadata() {
  std::vector<KafkaMetadata> all;
  for (size_t i = 0; i < std::size(kNames); ++i) all.push_back(static_cast<KafkaMetadata>(i));
  return all;
}

std::string_view KafkaMetadataName(KafkaMetadata metadata) { return kNames[static_cast<size_t>(metadata)]; }

Result<KafkaMetadata> ParseKafkaMetadata(std::string_view name) {
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames))
    return UserError("Unknown Kafka metadata column: '{}'; there are {}", name, fmt::join(kNames, ", "));
  return static_cast<KafkaMetadata>(found - std::begin(kNames));
}

bool KafkaRowOptions::Wants(KafkaMetadata wanted) const {
  return std::find(metadata.begin(), metadata.end(), wanted) != metadata.end();
}

types::SchemaPtr KafkaRowSchema(const KafkaRowOptions& options) {
  if (options.layout.built) return options.layout.Final();
  std::vector<types::Field> fields;
  if (options.value_schema)
    fields = options.value_schema->fields();
  else
    fields.push_back({"value", types::DataType(types::TypeId::kBinary)});
  for (KafkaMetadata metadata : options.metadata)
    fields.push_back({std::string(KafkaMetadataName(metadata)), KafkaMetadataType(metadata)});
  return std::make_shared<const types::Schema>(std::move(fields));
}

namespace {

/// The columns that a builder fills row by row: all but those of the key that are added to a whole batch.
types::Schema BuiltRowByRow(const types::Schema& built, const KafkaKeyOptions& key) {
  std::vector<types::Field> fields = built.fields();
  if (key.schema && key.replaced.empty()) fields.resize(fields.size() - static_cast<size_t>(key.schema->size()));
  return types::Schema(std::move(fields));
}

}  // namespace

KafkaRows::KafkaRows(const KafkaRowOptions& options, types::SchemaPtr schema, columns::BufferPool& pool)
    : metadata_(options.metadata),
      layout_(options.layout),
      key_(options.key),
      upsert_(options.upsert),
      schema_(BuiltRowByRow(*schema, options.key)),
      value_columns_(schema_.size() - static_cast<int>(metadata_.size())),
      builder_(schema_, pool),
      keys_(key_.schema ? *key_.schema : types::Schema(), pool),
      errors_(options.on_parse_error, pool),
      pool_(&pool) {}

Result<std::unique_ptr<KafkaRows>> KafkaRows::Make(const KafkaRowOptions& options, columns::BufferPool& pool) {
  if (options.on_parse_error == formats::ParseErrorPolicy::kDeadLetter && options.dead_letter_port < 1)
    return UserError("Kafka source needs an output for dead letters: port {}", options.dead_letter_port);
  types::SchemaPtr built = options.layout.built ? options.layout.built : KafkaRowSchema(options);
  std::unique_ptr<KafkaRows> rows(new KafkaRows(options, std::move(built), pool));
  if (options.make_decoder) {
    THALWEG_ASSIGN(rows->decoder_, options.make_decoder());
  }
  if (options.key.schema) {
    THALWEG_ASSIGN(rows->key_decoder_, options.key.make_decoder());
  }
  return rows;
}

Result<bool> KafkaRows::Append(const LogFetch& fetch, const LogRecord& record) {
  const int32_t before = builder_.rows(), keys_before = keys_.rows();
  bool taken = true;
  if (key_decoder_ && !AppendKey(record)) {
    THALWEG_TRY(errors_.Take(Place(fetch.partition, record.offset), record.key, error_));
  } else {
    THALWEG_ASSIGN(taken, AppendValue(fetch, record));
  }
  if (key_decoder_ && builder_.rows() == before) keys_.Rollback(keys_before);
  if (key_decoder_) key_rows_.resize(static_cast<size_t>(builder_.rows()), keys_before);
  for (int32_t row = before; row < builder_.rows(); ++row) {
    if (building_.offsets.empty()) {
      building_.partition = fetch.partition;
      building_.memory = fetch.memory;
    }
    building_.offsets.push_back(record.offset);
    building_.values.push_back(record.value);
    for (size_t i = 0; i < metadata_.size(); ++i)
      AppendMetadata(builder_.column(value_columns_ + static_cast<int>(i)), metadata_[i], fetch, record);
    times_.push_back(record.timestamp_ms >= 0 ? record.timestamp_ms : columns::kNoTime);
  }
  return taken;
}

Result<bool> KafkaRows::AppendValue(const LogFetch& fetch, const LogRecord& record) {
  if (!decoder_) {
    if (record.value.data())
      builder_.column(0).AppendString(record.value);
    else
      builder_.column(0).AppendNull();
    builder_.FinishRow();
    return true;
  }
  if (!record.value.data()) {
    if (upsert_) AppendTombstone();
    return true;
  }
  const std::string_view value = Padded(record.value, padded_);
  if (decoder_->Decode(value, builder_, &error_)) return true;
  if (builder_.rows() > 0) return false;
  THALWEG_TRY(errors_.Take(Place(fetch.partition, record.offset), value, error_));
  return true;
}

std::string_view KafkaRows::Padded(std::string_view bytes, std::string& memory) const {
  memory.assign(bytes);
  memory.append(formats::kDecodePadding, '\0');
  return {memory.data(), bytes.size()};
}

bool KafkaRows::AppendKey(const LogRecord& record) {
  const int32_t before = keys_.rows();
  if (!record.key.data()) return AppendNullKey();
  if (!key_decoder_->Decode(Padded(record.key, padded_key_), keys_, &error_)) {
    error_.reason = "key: " + error_.reason;
    return false;
  }
  if (keys_.rows() == before + 1) return true;
  error_ = {.reason = fmt::format("key holds {} rows instead of one", keys_.rows() - before)};
  keys_.Rollback(before);
  return false;
}

bool KafkaRows::AppendNullKey() {
  for (const types::Field& field : key_.schema->fields()) {
    if (!upsert_ && field.type.nullable()) continue;
    error_ = {.column = field.name, .reason = "record has no key"};
    return false;
  }
  for (int i = 0; i < keys_.num_columns(); ++i) keys_.column(i).AppendNull();
  keys_.FinishRow();
  return true;
}

void KafkaRows::AppendTombstone() {
  for (int i = 0; i < value_columns_; ++i) builder_.column(i).AppendNull();
  builder_.FinishRow(columns::kNoTime, types::RowKind::kDelete);
}

void KafkaRows::PlaceKeys(columns::Batch& batch) {
  columns::Batch keys = keys_.Take();
  for (int i = 0; i < key_.schema->size(); ++i) {
    columns::Column column = std::move(keys.column(i));
    if (keys.rows() != batch.rows()) {  // a record of several rows
      columns::ColumnBuilder gathered(key_.schema->field(i).type, *pool_, batch.rows());
      gathered.AppendRows(column, key_rows_.data(), batch.rows());
      column = gathered.Take();
    }
    if (key_.replaced.empty())
      batch.AddColumn(std::move(column));
    else
      batch.column(key_.replaced[static_cast<size_t>(i)]) = std::move(column);
  }
  key_rows_.clear();
}

Status KafkaRows::Reject(const columns::UnfitRow& row) {
  const auto index = static_cast<size_t>(row.row);
  THALWEG_CHECK(index < taken_.offsets.size());
  return errors_.TakeUnfit(Place(taken_.partition, taken_.offsets[index]), taken_.values[index], row.reason);
}

void KafkaRows::Origins::Clear() {
  offsets.clear();
  values.clear();
  memory.reset();
}

columns::Batch KafkaRows::Take() {
  columns::Batch batch = builder_.Take();
  if (batch) {
    batch.times() = pool_->Allocate(times_.size() * sizeof(int64_t));
    std::copy(times_.begin(), times_.end(), batch.times().mutable_data<int64_t>());
    if (key_decoder_) PlaceKeys(batch);
    layout_.Apply(batch);
  }
  times_.clear();
  std::swap(taken_, building_);
  building_.Clear();
  return batch;
}

void KafkaRows::AppendMetadata(columns::ColumnBuilder& column, KafkaMetadata metadata, const LogFetch& fetch,
                               const LogRecord& record) {
  switch (metadata) {
    case KafkaMetadata::kKey:
      if (record.key.data())
        column.AppendString(record.key);
      else
        column.AppendNull();
      return;
    case KafkaMetadata::kHeaders:
      for (uint32_t i = 0; i < record.headers; ++i) {
        const LogHeader& header = fetch.headers[record.first_header + i];
        column.child(0).AppendString(header.key);
        if (header.value.data())
          column.child(1).AppendString(header.value);
        else
          column.child(1).AppendNull();
      }
      return column.CloseRow();
    case KafkaMetadata::kHeaderList:
      for (uint32_t i = 0; i < record.headers; ++i) {
        const LogHeader& header = fetch.headers[record.first_header + i];
        column.child(0).child(0).AppendString(header.key);
        if (header.value.data())
          column.child(0).child(1).AppendString(header.value);
        else
          column.child(0).child(1).AppendNull();
        column.child(0).CloseRow();
      }
      return column.CloseRow();
    case KafkaMetadata::kTopic: return column.AppendString(fetch.partition.topic);
    case KafkaMetadata::kPartition: return column.Append<int32_t>(fetch.partition.partition);
    case KafkaMetadata::kOffset: return column.Append<int64_t>(record.offset);
    case KafkaMetadata::kTimestamp: return column.Append<int64_t>(record.timestamp_ms);
    case KafkaMetadata::kTimestampType:
      return column.AppendString(kTimestampTypes[static_cast<size_t>(record.timestamp_type)]);
    case KafkaMetadata::kLeaderEpoch:
      return record.leader_epoch < 0 ? column.AppendNull() : column.Append<int32_t>(record.leader_epoch);
  }
}

}  // namespace thalweg::connectors
