#include "operators/op_column.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

#include "columns/builder.h"
#include "graph/changelog_spec.h"

namespace thalweg::operators {

using types::RowKind;

namespace {

constexpr int kRowKinds = 4;

/// The rows `rows` of a column.
columns::Column ChosenRows(const columns::Column& column, const std::vector<int32_t>& rows, columns::BufferPool& pool) {
  const auto count = static_cast<int32_t>(rows.size());
  columns::ColumnBuilder chosen(column.type, pool, count);
  chosen.AppendRows(column, rows.data(), count);
  return chosen.Take();
}

class ToChangelogOperator final : public flow::Operator {
 public:
  explicit ToChangelogOperator(graph::ToChangelogSpec spec)
      : spec_(std::move(spec)), others_(graph::OtherColumns(spec_.input, spec_.partition)) {
    for (const graph::ChangeCode& code : spec_.codes) codes_[static_cast<size_t>(code.kind)] = code.code;
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    rows_.clear();
    for (int32_t row = rows.next(); row < rows.end(); ++row)
      if (CodeOf(rows.batch().kind(row))) rows_.push_back(row);
    if (!rows_.empty()) out.Emit(Log(rows.batch(), out.pool()));
    rows.AdvanceTo(rows.end());
    return flow::Progress::kDone;
  }

 private:
  const std::optional<std::string>& CodeOf(RowKind kind) const { return codes_[static_cast<size_t>(kind)]; }

  columns::Batch Log(const columns::Batch& batch, columns::BufferPool& pool) const {
    const auto count = static_cast<int32_t>(rows_.size());
    columns::Batch log(pool, count);
    for (int column : spec_.partition) log.AddColumn(ChosenRows(batch.column(column), rows_, pool));
    columns::ColumnBuilder codes(types::DataType(types::TypeId::kString), pool, count);
    for (int32_t row : rows_) codes.AppendString(*CodeOf(batch.kind(row)));
    log.AddColumn(codes.Take());
    for (int column : others_) {
      const bool kept = std::find(spec_.kept.begin(), spec_.kept.end(), column) != spec_.kept.end();
      log.AddColumn(spec_.partial_deletes && !kept ? WithoutDeleted(batch, column, pool)
                                                   : ChosenRows(batch.column(column), rows_, pool));
    }
    return log;
  }

  /// The column with NULL in deletions.
  columns::Column WithoutDeleted(const columns::Batch& batch, int column, columns::BufferPool& pool) const {
    const columns::Column& from = batch.column(column);
    columns::ColumnBuilder values(from.type.WithNullable(true), pool, static_cast<int32_t>(rows_.size()));
    for (int32_t row : rows_) {
      if (batch.kind(row) == RowKind::kDelete)
        values.AppendNull();
      else
        values.AppendRows(from, &row, 1);
    }
    return values.Take();
  }

  graph::ToChangelogSpec spec_;
  std::vector<int> others_;
  std::array<std::optional<std::string>, kRowKinds> codes_;
  std::vector<int32_t> rows_;  // of the batch at hand that go on
};

class FromChangelogOperator final : public flow::Operator {
 public:
  explicit FromChangelogOperator(graph::FromChangelogSpec spec) : spec_(std::move(spec)), columns_(spec_.partition) {
    for (int column : graph::OtherColumns(spec_.input, spec_.partition, spec_.op)) columns_.push_back(column);
    for (const graph::ChangeCode& code : spec_.codes) kinds_[code.code] = code.kind;
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    THALWEG_TRY(Read(rows.batch(), rows.next()));
    if (!rows_.empty()) out.Emit(Changes(rows.batch(), out.pool()));
    rows.AdvanceTo(rows.end());
    return flow::Progress::kDone;
  }

 private:
  /// Which rows go on, and as what.
  Status Read(const columns::Batch& batch, int32_t from) {
    const columns::Column& codes = batch.column(spec_.op);
    rows_.clear();
    found_.clear();
    for (int32_t row = from; row < batch.rows(); ++row) {
      const auto kind = codes.IsNull(row) ? kinds_.end() : kinds_.find(codes.String(row));
      if (kind == kinds_.end()) {
        if (!spec_.skip_unknown) return Unknown(codes, row);
        continue;
      }
      rows_.push_back(row);
      found_.push_back(kind->second);
    }
    return {};
  }

  Status Unknown(const columns::Column& codes, int32_t row) const {
    if (codes.IsNull(row)) return UserError("Received NULL op code. Every changelog row must carry an operation code.");
    std::vector<std::string_view> known;
    for (const auto& [code, kind] : kinds_) known.push_back(code);
    return UserError("Received invalid op code '{}'. Defined op codes are: {}.", codes.String(row),
                     fmt::join(known, ", "));
  }

  columns::Batch Changes(const columns::Batch& batch, columns::BufferPool& pool) const {
    columns::Batch changes(pool, static_cast<int32_t>(rows_.size()));
    for (int column : columns_) changes.AddColumn(ChosenRows(batch.column(column), rows_, pool));
    changes.kinds() = pool.Allocate(found_.size());
    std::transform(found_.begin(), found_.end(), changes.kinds().mutable_data<uint8_t>(),
                   [](RowKind kind) { return static_cast<uint8_t>(kind); });
    return changes;
  }

  graph::FromChangelogSpec spec_;
  std::vector<int> columns_;  // of the output
  std::map<std::string, RowKind, std::less<>> kinds_;
  // Of the batch at hand: rows that go on, and their kinds.
  std::vector<int32_t> rows_;
  std::vector<RowKind> found_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeToChangelog(const graph::Node& node) {
  THALWEG_ASSIGN(graph::ToChangelogSpec spec, graph::DecodeToChangelog(node.payload));
  return std::unique_ptr<flow::Operator>(std::make_unique<ToChangelogOperator>(std::move(spec)));
}

Result<std::unique_ptr<flow::Operator>> MakeFromChangelog(const graph::Node& node) {
  THALWEG_ASSIGN(graph::FromChangelogSpec spec, graph::DecodeFromChangelog(node.payload));
  return std::unique_ptr<flow::Operator>(std::make_unique<FromChangelogOperator>(std::move(spec)));
}

}  // namespace thalweg::operators
