#include "operators/join_rows.h"

#include <algorithm>
#include <numeric>

#include "expr/expression_text.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using graph::JoinType;

namespace {

std::vector<types::Field> NullableFields(const types::Schema& schema, bool nullable) {
  std::vector<types::Field> fields = schema.fields();
  for (types::Field& field : fields)
    if (nullable) field.type = field.type.WithNullable(true);
  return fields;
}

}  // namespace

std::vector<types::DataType> JoinOutput(const graph::JoinSides& sides) {
  const JoinType type = sides.type;
  std::vector<types::DataType> types;
  for (const types::Field& field : NullableFields(sides.left, type == JoinType::kRight || type == JoinType::kFull))
    types.push_back(field.type);
  if (type == JoinType::kSemi || type == JoinType::kAnti) return types;
  for (const types::Field& field : NullableFields(sides.right, type == JoinType::kLeft || type == JoinType::kFull))
    types.push_back(field.type);
  return types;
}

JoinRows::JoinRows(const graph::JoinSides& sides)
    : left_columns_(sides.left.size()),
      right_columns_(sides.right.size()),
      left_keys_(sides.left_keys),
      right_keys_(sides.right_keys),
      null_equal_(sides.null_equal) {
  std::vector<types::Field> fields = sides.left.fields();
  fields.insert(fields.end(), sides.right.fields().begin(), sides.right.fields().end());
  joined_ = types::Schema(std::move(fields));
  null_equal_.resize(left_keys_.size());
}

std::string ConditionText(const graph::JoinSides& sides) {
  std::vector<std::string> names;
  for (const types::Schema* side : {&sides.left, &sides.right})
    for (const types::Field& field : side->fields()) names.push_back(field.name);
  return expr::ExpressionText(*sides.condition, names);
}

Result<JoinRows> JoinRows::Make(const graph::JoinSides& sides) {
  JoinRows rows(sides);
  if (sides.condition) {
    THALWEG_ASSIGN(rows.condition_, expr::Evaluator::Compile({*sides.condition}));
    rows.condition_->Name({ConditionText(sides)});
  }
  if (!sides.zone.empty()) {
    THALWEG_ASSIGN(rows.zone_, expr::Zone::Find(sides.zone));
  }
  return rows;
}

bool JoinRows::KeyMatches(const columns::Batch& batch, int32_t row, bool left) const {
  const std::vector<int>& keys = left ? left_keys_ : right_keys_;
  for (size_t i = 0; i < keys.size(); ++i)
    if (null_equal_[i] == 0 && batch.column(keys[i]).IsNull(row)) return false;
  return true;
}

Result<std::span<const int32_t>> JoinRows::Matches(const JoinRowRef& row, bool left,
                                                   std::span<const std::string> others) {
  matches_.resize(others.size());
  if (!condition_ || others.empty()) {
    std::iota(matches_.begin(), matches_.end(), 0);
    return std::span<const int32_t>(matches_);
  }
  int32_t count = 0;
  for (size_t from = 0; from < others.size(); from += columns::kBatchRows) {
    const std::span<const std::string> some =
        others.subspan(from, std::min<size_t>(columns::kBatchRows, others.size() - from));
    THALWEG_ASSIGN(const int32_t selected, SelectSome(row, left, some, matches_.data() + count));
    for (int32_t i = 0; i < selected; ++i) matches_[static_cast<size_t>(count + i)] += static_cast<int32_t>(from);
    count += selected;
  }
  return std::span<const int32_t>(matches_).first(static_cast<size_t>(count));
}

Result<int32_t> JoinRows::SelectSome(const JoinRowRef& row, bool left, std::span<const std::string> others,
                                     int32_t* selected) {
  columns::BatchBuilder builder(joined_, context_->pool(), static_cast<int32_t>(others.size()));
  for (const std::string& other : others) {
    Append(row, left, builder);
    Append({.bytes = other}, !left, builder);
    builder.FinishRow();
  }
  return Select(builder, selected);
}

Status JoinRows::Ask(const columns::Batch& batch, bool left, std::span<const int32_t> rows,
                     std::span<const std::string> others, std::vector<char>& passes) {
  passes.assign(others.size(), 0);
  matches_.resize(columns::kBatchRows);
  for (size_t from = 0; from < others.size(); from += columns::kBatchRows) {
    const size_t count = std::min<size_t>(columns::kBatchRows, others.size() - from);
    columns::BatchBuilder pairs(joined_, context_->pool(), static_cast<int32_t>(count));
    for (int i = 0; i < batch.num_columns(); ++i)
      pairs.column(left ? i : left_columns_ + i)
          .AppendRows(batch.column(i), rows.data() + from, static_cast<int32_t>(count));
    for (const std::string& other : others.subspan(from, count)) {
      Append({.bytes = other}, !left, pairs);
      pairs.FinishRow();
    }
    THALWEG_ASSIGN(const int32_t selected, Select(pairs, matches_.data()));
    for (int32_t i = 0; i < selected; ++i) passes[from + static_cast<size_t>(matches_[static_cast<size_t>(i)])] = 1;
  }
  return {};
}

Result<int32_t> JoinRows::Select(columns::BatchBuilder& pairs, int32_t* selected) {
  const columns::Batch batch = pairs.Take();
  const expr::Context world{.pool = context_->pool(),
                            .clock = &context_->clock(),
                            .zone = &zone_,
                            .random = &context_->random(),
                            .watermark = context_->current_watermark()};
  return condition_->Select(batch, world, selected);
}

void JoinRows::Append(const JoinRowRef& row, bool left, columns::BatchBuilder& out) const {
  const int first = left ? 0 : left_columns_;
  const int count = left ? left_columns_ : right_columns_;
  if (!row.batch) return ReadStoredRow(row.bytes, out, first, count);
  for (int i = 0; i < count; ++i) out.column(first + i).AppendRows(row.batch->column(i), &row.row, 1);
}

void JoinRows::Emit(const JoinRowRef& row, bool left, std::string_view other, types::RowKind kind,
                    RowOutput& out) const {
  Append(row, left, out.row());
  Append({.bytes = other}, !left, out.row());
  out.FinishRow(kind);
}

void JoinRows::EmitPadded(const JoinRowRef& row, bool left, types::RowKind kind, RowOutput& out) const {
  Append(row, left, out.row());
  const int first = left ? left_columns_ : 0;
  const int count = left ? right_columns_ : left_columns_;
  for (int i = 0; i < count; ++i) out.column(first + i).AppendNull();
  out.FinishRow(kind);
}

}  // namespace thalweg::operators
