#include "operators/join_pairs.h"

#include <algorithm>
#include <numeric>

#include "columns/gather.h"
#include "operators/join_rows.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using columns::Batch;

namespace {

/// So many pairs go out as a batch of their own; fewer are put together with what comes before and behind.
constexpr int32_t kSentWhole = 64;

}  // namespace

JoinPairs::JoinPairs(const graph::JoinSides& sides) : left_(sides.left), right_(sides.right) {}

Result<JoinPairs> JoinPairs::Make(const graph::JoinSides& sides) {
  JoinPairs pairs(sides);
  if (sides.condition) {
    THALWEG_ASSIGN(pairs.condition_, expr::Evaluator::Compile({*sides.condition}));
    pairs.condition_->Name({ConditionText(sides)});
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

int32_t JoinPairs::AddOther(std::string_view other) {
  columns::BatchBuilder& others = *others_[is_left_ ? 0 : 1];
  ReadStoredRow(other, others, 0, others.num_columns());
  others.FinishRow();
  return others.rows() - 1;
}

Status JoinPairs::Add(int32_t row, int32_t other) {
  rows_.push_back(row);
  other_rows_.push_back(other);
  return rows_.size() >= columns::kBatchRows ? Flush() : Status();
}

Status JoinPairs::Flush() {
  ++flushes_;
  if (rows_.empty()) return {};
  const Batch others = others_[is_left_ ? 0 : 1]->Take();
  if (others.rows() == static_cast<int32_t>(rows_.size())) other_rows_.clear();  // each in one pair: in their order
  THALWEG_TRY(Select(others));
  Send(others);
  rows_.clear();
  other_rows_.clear();
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
  size_t asked = 0;
  for (int column = 0; column < left_.size() + right_.size(); ++column) {
    columns::Column values;
    if (asked < asked_.size() && asked_[asked] == column) {
      ++asked;
      const int index = IndexOf(column);
      if (IsOfBatch(column))
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
  if (total >= kSentWhole && total <= out_->batch_rows())
    out_->SendBatch(Joined(others, own));
  else
    SendByRow(others, own);
}

// Long strings of the inputs are shared where most of their rows go out: a row that many join with is not copied for each.
Batch JoinPairs::Joined(const Batch& others, const std::vector<int32_t>& own) const {
  const auto total = static_cast<int32_t>(own.size());
  Batch joined(context_->pool(), total);
  for (int column = 0; column < left_.size() + right_.size(); ++column) {
    const bool of_batch = IsOfBatch(column);
    const columns::Column& from = of_batch ? batch_->column(IndexOf(column)) : others.column(IndexOf(column));
    columns::Column values =
        columns::GatherColumn(from, of_batch ? own.data() : selected_.data(), total, context_->pool());
    values.type = out_->column(column).type();
    joined.AddColumn(std::move(values));
  }
  if (!batch_->kinds()) return joined;
  joined.kinds() = context_->pool().Allocate(static_cast<size_t>(total));
  auto* kinds = joined.kinds().mutable_data<uint8_t>();
  for (size_t i = 0; i < own.size(); ++i) kinds[i] = static_cast<uint8_t>(batch_->kind(own[i]));
  return joined;
}

void JoinPairs::SendByRow(const Batch& others, const std::vector<int32_t>& own) {
  const auto total = static_cast<int32_t>(own.size());
  for (int32_t from = 0; from < total;) {
    const int32_t count = std::min(total - from, out_->row().room());
    for (int column = 0; column < left_.size() + right_.size(); ++column) {
      if (IsOfBatch(column))
        out_->column(column).AppendRows(batch_->column(IndexOf(column)), own.data() + from, count);
      else
        out_->column(column).AppendRows(others.column(IndexOf(column)), selected_.data() + from, count);
    }
    for (int32_t i = 0; i < count; ++i) out_->FinishRow(batch_->kind(own[static_cast<size_t>(from + i)]));
    from += count;
  }
}

}  // namespace thalweg::operators
