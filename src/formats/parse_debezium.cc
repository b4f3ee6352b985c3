#include "formats/parse_debezium.h"

#include <utility>

#include "columns/builder.h"

namespace thalweg::formats {
namespace {

using columns::Column;
using types::DataType;
using types::RowKind;
using types::TypeId;

enum Part : size_t { kBefore, kAfter, kOp };

constexpr std::string_view kNoBefore =
    "an event of this kind needs \"before\" (of a Postgres table: ALTER TABLE ... REPLICA IDENTITY FULL)";

/// What an event is as JSON.
types::SchemaPtr EventSchema(const types::Schema& rows, bool in_payload) {
  const DataType row = DataType::Row(rows.fields());
  std::vector<types::Field> parts = {{"before", row}, {"after", row}, {"op", DataType(TypeId::kString)}};
  if (in_payload) parts = {{"payload", DataType::Row(std::move(parts))}};
  return std::make_shared<const types::Schema>(std::move(parts));
}

class DebeziumDecoder final : public Decoder {
 public:
  DebeziumDecoder(const types::SchemaPtr& event, std::unique_ptr<Decoder> json, const DebeziumOptions& options)
      : json_(std::move(json)), options_(options), events_(*event, pool_) {}

  bool Decode(std::string_view record, columns::BatchBuilder& out, ParseError* error) override {
    if (!json_->Decode(record, events_, error)) {
      return options_.json.ignore_parse_errors;
    }
    const columns::Batch events = events_.Take();
    const int32_t before = out.rows();
    for (int32_t row = 0; row < events.rows(); ++row) {
      std::string reason = AppendEvent(events, row, out);
      if (reason.empty() || (options_.json.ignore_parse_errors && reason != kFull)) continue;
      out.Rollback(before);
      *error = {.reason = std::move(reason), .text = std::string(record.substr(0, 80))};
      return false;
    }
    return true;
  }

 private:
  static constexpr std::string_view kFull = "the batch is full";
  struct Change {
    const Column* rows;  // of the events' "before" or "after"
    RowKind kind;
  };

  /// Why the event is no change; empty: it is.
  std::string AppendEvent(const columns::Batch& events, int32_t row, columns::BatchBuilder& out) const {
    const Column *before = &events.column(0), *after = nullptr, *op = nullptr;
    if (options_.schema_include) {
      if (before->IsNull(row)) return "it has no \"payload\"";
      after = &before->children[kAfter], op = &before->children[kOp], before = &before->children[kBefore];
    } else {
      after = &events.column(kAfter), op = &events.column(kOp);
    }
    const std::string_view kind = op->IsNull(row) ? std::string_view() : op->String(row);
    if (kind == "c" || kind == "r") return AppendChanges({{after, RowKind::kInsert}}, row, out);
    if (kind == "u") return AppendChanges({{before, RowKind::kUpdateBefore}, {after, RowKind::kUpdateAfter}}, row, out);
    if (kind == "d") return AppendChanges({{before, RowKind::kDelete}}, row, out);
    return fmt::format("unknown \"op\": '{}'; it is one of c, r, u, d", kind);
  }
  static std::string AppendChanges(std::initializer_list<Change> changes, int32_t row, columns::BatchBuilder& out) {
    if (out.room() < static_cast<int32_t>(changes.size())) return std::string(kFull);
    for (const Change& change : changes)
      if (change.rows->IsNull(row))
        return change.kind == RowKind::kUpdateBefore || change.kind == RowKind::kDelete
                   ? std::string(kNoBefore)
                   : "an event of this kind needs \"after\"";
    for (const Change& change : changes) {
      for (size_t i = 0; i < change.rows->children.size(); ++i)
        out.column(static_cast<int>(i)).AppendRows(change.rows->children[i], &row, 1);
      out.FinishRow(columns::kNoTime, change.kind);
    }
    return {};
  }

  columns::BufferPool pool_;
  std::unique_ptr<Decoder> json_;
  const DebeziumOptions options_;
  columns::BatchBuilder events_;
};

class DebeziumEncoder final : public RowEncoder {
 public:
  explicit DebeziumEncoder(std::unique_ptr<RowEncoder> rows) : rows_(std::move(rows)) {}
  Status Encode(const columns::Batch& batch, int32_t row, std::string* out) override {
    const bool adds = types::RowKindSign(batch.kind(row)) > 0;
    out->append(adds ? R"({"before":null,"after":)" : R"({"before":)");
    THALWEG_TRY(rows_->Encode(batch, row, out));
    out->append(adds ? R"(,"op":"c"})" : R"(,"after":null,"op":"d"})");
    return {};
  }

 private:
  std::unique_ptr<RowEncoder> rows_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeDebeziumDecoder(types::SchemaPtr schema, const DebeziumOptions& options) {
  const types::SchemaPtr event = EventSchema(*schema, options.schema_include);
  THALWEG_ASSIGN(auto json, MakeJsonDecoder(event, options.json));
  return std::unique_ptr<Decoder>(std::make_unique<DebeziumDecoder>(event, std::move(json), options));
}

Result<std::unique_ptr<RowEncoder>> MakeDebeziumEncoder(types::SchemaPtr schema, const DebeziumOptions& options) {
  if (options.schema_include) return UserError("Debezium's events can be read with their schema, not written");
  THALWEG_ASSIGN(auto rows, MakeJsonEncoder(std::move(schema), options.json));
  return std::unique_ptr<RowEncoder>(std::make_unique<DebeziumEncoder>(std::move(rows)));
}

}  // namespace thalweg::formats
