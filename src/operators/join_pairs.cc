#include "operators/join_pairs.h"

#include <algorithm>
#include <numeric>

#include "columns/gather.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using columns::Batch;

JoinPairs::JoinPairs(const graph::JoinSides& sides) : left_(sides.left), right_(sides.right) {}

Result<JoinPairs> JoinPairs::Make(const graph::JoinSides& sides) {
  JoinPairs pairs(sides);
  if (sides.condition) {
    THALWEG_ASSIGN(pairs.condition_, expr::Evaluator::Compile({*sides.condition}));
    pairs.asked_ = expr::InputsOf(*sides.condition);
  }
  if (!sides.zone.empty()) {
    THALWEG_ASSIGN(pairs.zone_, expr::Zone::Find(sides.zone));
  }
  return pairs;
}

void JoinPairs::Start(const Batch& batch, bool left, RowOutput& out) {
  batch_ = &batch;
  is_left_ = left;
  out_ = &out;
  rows_.clear();
  other_rows_.clear();
  auto& others = others_[left ? 0 : 1];
  if (!others) others.emplace(left ? right_ : left_, context_->pool(), columns::kBatchRows);
}

Status JoinPairs::Add(int32_t row, std::string_view other) {
  columns::BatchBuilder& others = *others_[is_left_ ? 0 : 1];
  ReadStoredRow(other, others, 0, others.num_columns());
  others.FinishRow();
  rows_.push_back(row);
  return full() ? Flush() : Status();
}

Status JoinPairs::Flush() {
  if (rows_.empty()) return {};
  const Batch others = others_[is_left_ ? 0 : 1]->Take();
  THALWEG_TRY(Select(others));
  Send(others);
  rows_.clear();
  return {};
}

Status JoinPairs::Join(const Picked& left, const Picked& right, RowOutput& out) {
  batch_ = &left.batch;
  is_left_ = true;
  out_ = &out;
  rows_ = left.rows;
  other_rows_ = right.rows;
  THALWEG_TRY(Select(right.batch));
  Send(right.batch);
  rows_.clear();
  return {};
}

// Columns that the condition does not read are not made.
Status JoinPairs::Select(const Batch& others) {
  const auto count = static_cast<int32_t>(rows_.size());
  selected_.resize(rows_.size());
  if (!condition_) {
    std::iota(selected_.begin(), selected_.end(), 0);
    return {};
  }
  Batch pairs(context_->pool(), count);
  const int width = left_.size();
  size_t asked = 0;
  for (int column = 0; column < width + right_.size(); ++column) {
    columns::Column values;
    if (asked < asked_.size() && asked_[asked] == column) {
      ++asked;
      const bool of_left = column < width;
      const int index = of_left ? column : column - width;
      if (of_left == is_left_)
        values = columns::GatherColumn(batch_->column(index), rows_.data(), count, context_->pool());
      else if (other_rows_.empty())
        values = others.column(index);
      else
        values = columns::GatherColumn(others.column(index), other_rows_.data(), count, context_->pool());
    }
    pairs.AddColumn(std::move(values));
  }
  const expr::Context world{.pool = context_->pool(),
                            .clock = &context_->clock(),
                            .zone = &zone_,
                            .random = &context_->random(),
                            .watermark = context_->current_watermark()};
  THALWEG_ASSIGN(const int32_t passed, condition_->Select(pairs, world, selected_.data()));
  selected_.resize(static_cast<size_t>(passed));
  return {};
}

void JoinPairs::Send(const Batch& others) {
  const auto total = static_cast<int32_t>(selected_.size());
  std::vector<int32_t> own(selected_.size());
  for (size_t i = 0; i < own.size(); ++i) {
    const auto pair = static_cast<size_t>(selected_[i]);
    own[i] = rows_[pair];
    if (!other_rows_.empty()) selected_[i] = other_rows_[pair];
  }
  const int width = left_.size();
  for (int32_t from = 0; from < total;) {
    const int32_t count = std::min(total - from, out_->row().room());
    for (int column = 0; column < width + right_.size(); ++column) {
      const bool of_left = column < width;
      const int index = of_left ? column : column - width;
      if (of_left == is_left_)
        out_->column(column).AppendRows(batch_->column(index), own.data() + from, count);
      else
        out_->column(column).AppendRows(others.column(index), selected_.data() + from, count);
    }
    for (int32_t i = 0; i < count; ++i) out_->FinishRow(batch_->kind(own[static_cast<size_t>(from + i)]));
    from += count;
  }
}

}  // namespace thalweg::operators
