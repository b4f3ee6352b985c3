// Kafka records as rows: the value (raw, or decoded to columns), then the metadata columns asked for, and the record's timestamp as
// the row's event time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "columns/builder.h"
#include "columns/unfit_row.h"
#include "connectors/log_client.h"
#include "connectors/row_layout.h"
#include "formats/decoder.h"
#include "formats/parse_errors.h"

namespace thalweg::connectors {

/// Metadata columns, under Flink's names: key BYTES, headers MAP<STRING, BYTES>, topic STRING, partition INT, offset BIGINT,
/// timestamp TIMESTAMP_LTZ(3), timestamp-type STRING, header-list ARRAY<ROW<key STRING, value BYTES>>, leader-epoch INT (NULL where
/// the client does not tell it).
enum class KafkaMetadata : uint8_t {
  kKey,
  kHeaders,
  kTopic,
  kPartition,
  kOffset,
  kTimestamp,
  kTimestampType,
  kHeaderList,
  kLeaderEpoch
};
std::string_view KafkaMetadataName(KafkaMetadata metadata);
types::DataType KafkaMetadataType(KafkaMetadata metadata);
std::vector<KafkaMetadata> AllKafkaMetadata();
/// UserError naming those that exist.
Result<KafkaMetadata> ParseKafkaMetadata(std::string_view name);

/// Columns that a record's key fills.
struct KafkaKeyOptions {
  types::SchemaPtr schema;  // null: none. As in the rows, not as the key's format may call them
  std::function<Result<std::unique_ptr<formats::Decoder>>()> make_decoder;
  /// Column of the value that each replaces; empty: they stand behind all others.
  std::vector<int> replaced;
};

struct KafkaRowOptions {
  std::vector<KafkaMetadata> metadata;
  /// Null: one column `value` BYTES (NULL for a record without value). Else the decoder's columns; a record without value is no row.
  types::SchemaPtr value_schema;
  std::function<Result<std::unique_ptr<formats::Decoder>>()> make_decoder;
  formats::ParseErrorPolicy on_parse_error = formats::ParseErrorPolicy::kFail;
  int dead_letter_port = 0;  // for ParseErrorPolicy::kDeadLetter: >= 1
  KafkaKeyOptions key;
  /// A record without value is a -D of its key, the other columns NULL; one without key does not parse.
  bool upsert = false;
  RowLayout layout;  // of the value's columns, the metadata's, and the key's if they replace none

  bool Wants(KafkaMetadata wanted) const;
};

/// Columns of the rows: the value's, then the metadata in the order given, if the layout says nothing else.
types::SchemaPtr KafkaRowSchema(const KafkaRowOptions& options);

/// Gathers records into batches. One thread.
class KafkaRows {
 public:
  static Result<std::unique_ptr<KafkaRows>> Make(const KafkaRowOptions& options, columns::BufferPool& pool);

  /// Adds a record of `fetch` if not full(); a batch is of one fetch. False: it wants an empty batch (a record of many rows); take the batch and call again.
  /// Under kFail a record that does not parse is an error with topic, partition and offset.
  Result<bool> Append(const LogFetch& fetch, const LogRecord& record);
  bool full() const { return builder_.full() || errors_.dead_letters() == columns::kMaxBatchRows; }
  int32_t rows() const { return builder_.rows(); }
  /// Null batch if there are no rows.
  columns::Batch Take();
  /// Records that did not parse and wait to go to the side output; at most columns::kMaxBatchRows when Append is called.
  int32_t dead_letters() const { return errors_.dead_letters(); }
  columns::Batch TakeDeadLetters() { return errors_.TakeDeadLetters(); }
  /// Row `row` of the batch last taken turned out not to fit the program's type: treated as a record that does not parse.
  Status Reject(const columns::UnfitRow& row);
  /// No row of the batch last taken will be rejected any more: lets go of its records.
  void Forget() { taken_.Clear(); }
  /// Records skipped, or sent to the side, because they did not parse.
  int64_t parse_errors() const { return errors_.count(); }

 private:
  KafkaRows(const KafkaRowOptions& options, types::SchemaPtr schema, columns::BufferPool& pool);
  Result<bool> AppendValue(const LogFetch& fetch, const LogRecord& record);
  /// Adds the record's key to keys_. False: error_ is set.
  bool AppendKey(const LogRecord& record);
  bool AppendNullKey();
  void AppendTombstone();
  void PlaceKeys(columns::Batch& batch);
  std::string_view Padded(std::string_view bytes, std::string& memory) const;
  void AppendMetadata(columns::ColumnBuilder& column, KafkaMetadata metadata, const LogFetch& fetch,
                      const LogRecord& record);

  const std::vector<KafkaMetadata> metadata_;
  const RowLayout layout_;
  const KafkaKeyOptions key_;
  const bool upsert_;
  const types::Schema schema_;  // of builder_
  const int value_columns_;
  std::unique_ptr<formats::Decoder> decoder_, key_decoder_;
  columns::BatchBuilder builder_;
  columns::BatchBuilder keys_;     // of the records in builder_; no rows without key columns
  std::vector<int32_t> key_rows_;  // row of keys_ for each row in builder_
  formats::ParseErrors errors_;
  columns::BufferPool* pool_;
  std::vector<int64_t> times_;  // of the rows in builder_
  /// Where the rows of a batch come from: all of one fetch.
  struct Origins {
    TopicPartition partition;
    std::vector<int64_t> offsets;
    std::vector<std::string_view> values;
    std::shared_ptr<const void> memory;  // of the values
    void Clear();
  } building_, taken_;
  std::string padded_, padded_key_;  // value and key with the bytes behind them that a decoder may read
  formats::ParseError error_;
};

}  // namespace thalweg::connectors
