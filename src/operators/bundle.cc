#include "operators/bundle.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace thalweg::operators {

using flow::Progress;

BundleKeys::BundleKeys(std::vector<int> columns, std::vector<types::DataType> types)
    : columns_(std::move(columns)), places_(columns_.size()), types_(std::move(types)) {
  std::iota(places_.begin(), places_.end(), 0);
}

void BundleKeys::Start(columns::BufferPool& pool) {
  numbers_.emplace(types::ObjectTypeOf<int32_t>(), false);
  rows_ = columns::Batch();
  builders_.clear();
  for (const types::DataType& type : types_) builders_.emplace_back(type, pool);
  size_ = 0;
}

void BundleKeys::Number(const columns::Batch& batch, int32_t from, std::span<const state::KeyView> keys,
                        int32_t* numbers) {
  constexpr int32_t kNew = -1;
  numbers_->FindEach(keys, {}, found_.data());
  for (size_t i = 0; i < keys.size(); ++i) numbers[i] = found_[i] ? *static_cast<const int32_t*>(found_[i]) : kNew;
  new_rows_.clear();
  for (size_t i = 0; i < keys.size(); ++i) {
    if (numbers[i] != kNew) continue;
    state::SlotTable::Slot slot = numbers_->Find(keys[i], {});
    if (!slot) {
      slot = numbers_->Insert(keys[i], {});
      numbers_->Construct(slot);
      *static_cast<int32_t*>(numbers_->Object(slot)) = size_++;
      new_rows_.push_back(from + static_cast<int32_t>(i));
    }
    numbers[i] = *static_cast<const int32_t*>(numbers_->Object(slot));
  }
  for (size_t k = 0; k < columns_.size(); ++k)
    builders_[k].AppendRows(batch.column(columns_[k]), new_rows_.data(), static_cast<int32_t>(new_rows_.size()));
}

void BundleKeys::End(columns::BufferPool& pool) {
  rows_ = columns::Batch(pool, size_);
  for (columns::ColumnBuilder& builder : builders_) rows_.AddColumn(builder.Take());
}

BundleOperator::BundleOperator(const graph::MiniBatch& limits, std::vector<int> keys,
                               std::vector<types::DataType> key_types, std::vector<types::DataType> output)
    : limits_(limits), bundle_(std::move(keys), std::move(key_types)), output_(std::move(output)) {}

Status BundleOperator::Open(flow::Context& context) {
  context_ = &context;
  row_keys_ = RowKeys(bundle_.columns(), context.task().max_parallelism);
  size_ = &context.metrics().gauge("bundleSize");
  ratio_ = &context.metrics().float_gauge("bundleRatio");
  THALWEG_TRY(output_.Open(context));
  return OpenGroups(context);
}

Result<Progress> BundleOperator::Process(int, flow::Rows& rows, flow::Output& out) {
  if (!output_.Drain(out) || (ended_ && !EmitAll())) return Finish(Progress::kMore);
  row_keys_.Load(rows.batch(), rows.next());
  while (!rows.done() && output_.has_credit()) {
    if (rows_ == 0) Start(out.pool());
    const int64_t room = std::min<int64_t>(rows_together_, limits_.rows - rows_);
    const auto count = static_cast<int32_t>(std::min<int64_t>(room, rows.end() - rows.next()));
    for (int32_t i = 0; i < count; ++i) views_[static_cast<size_t>(i)] = row_keys_[rows.next() + i];
    if (!Fold(rows.batch(), rows.next(), std::span(views_).first(static_cast<size_t>(count)))) {
      rows_together_ = 1;
      continue;
    }
    rows.AdvanceTo(rows.next() + count);
    rows_ += count;
    if (rows_ == limits_.rows) EmitAll();
  }
  return Finish(rows.done() && !ended_ ? Progress::kDone : Progress::kMore);
}

void BundleOperator::Start(columns::BufferPool& pool) {
  pool_ = &pool;
  bundle_.Start(pool);
  StartBundle(pool);
  const int64_t now_ms = context_->clock().NowMs();
  due_ms_ = now_ms - now_ms % limits_.latency_ms + limits_.latency_ms;
  if (due_ms_ != asked_ms_) context_->RequestTimer(due_ms_);
  asked_ms_ = due_ms_;
}

bool BundleOperator::EmitAll() {
  if (rows_ == 0) return true;
  if (!ended_) {
    ended_ = true;
    emitted_ = 0;
    bundle_.End(*pool_);
    EndBundle();
  }
  while (emitted_ < bundle_.size()) {
    if (!output_.has_credit()) return false;
    EmitSome();
  }
  ended_ = false;
  rows_ = 0;
  return true;
}

void BundleOperator::EmitSome() {
  const int32_t to = std::min(bundle_.size(), emitted_ + kRowsTogether);
  Emit(emitted_, to);
  emitted_ = to;
}

Result<Progress> BundleOperator::Flush(flow::Output& out) {
  return Finish(output_.Drain(out) && EmitAll() ? Progress::kDone : Progress::kMore);
}

// The timer of a bundle that had its last row before is not for the next one.
Result<Progress> BundleOperator::OnTimer(int64_t now_ms, flow::Output& out) {
  if (now_ms >= due_ms_) return Flush(out);
  return Finish(output_.Drain(out) ? Progress::kDone : Progress::kMore);
}

Result<Progress> BundleOperator::Finish(Progress progress) {
  const bool flushed = output_.Flush();
  size_->Set(rows_);
  ratio_->Set(rows_ > 0 ? static_cast<double>(rows_) / bundle_.size() : 0);
  THALWEG_TRY(GroupStatus());
  THALWEG_TRY(output_.status());
  return flushed ? progress : Progress::kMore;
}

// The groups in state have the bundle's rows already: what it has yet to say of them goes to the rows that wait. A barrier finds
// nothing here.
Result<std::vector<std::string>> BundleOperator::Snapshot(const flow::Barrier&) {
  if (rows_ > 0) {
    output_.Hold();
    while (!EmitAll()) EmitSome();
    output_.Flush();
  }
  THALWEG_TRY(output_.Snapshot());
  return std::vector<std::string>{};
}

}  // namespace thalweg::operators
