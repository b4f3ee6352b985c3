#include "operators/row_output.h"

#include "operators/emitter.h"

namespace thalweg::operators {
namespace {

types::Schema UnnamedSchema(const std::vector<types::DataType>& types) {
  std::vector<types::Field> fields;
  for (const types::DataType& type : types) fields.push_back({"f" + std::to_string(fields.size()), type});
  return types::Schema(std::move(fields));
}

}  // namespace

RowOutput::RowOutput(std::vector<types::DataType> types, int port)
    : schema_(UnnamedSchema(types)), codec_(std::move(types)), port_(port) {}

Status RowOutput::Open(flow::Context& context) {
  name_ = context.task().operator_name;
  THALWEG_ASSIGN(saved_, context.operator_state().Open("spill/" + std::to_string(port_), state::Redistribution::kSplit,
                                                       "batch/1"));
  for (const std::string& bytes : *saved_) {
    THALWEG_ASSIGN(columns::Batch batch, codec_.Decode(bytes, context.pool()));
    spilled_rows_ += batch.rows();
    spill_.push_back(std::move(batch));
  }
  saved_->clear();
  return {};
}

bool RowOutput::Drain(flow::Output& out) {
  out_ = &out;
  holding_ = false;
  if (!builder_ || capacity_ != out.batch_rows() || pool_ != &out.pool()) {
    pool_ = &out.pool();
    capacity_ = out.batch_rows();
    builder_.emplace(schema_, *pool_, capacity_);
    stored_builder_.emplace(schema_, *pool_, capacity_);
  }
  while (!spill_.empty() && out.has_credit()) {
    spilled_rows_ -= spill_.front().rows();
    out.Emit(port_, std::move(spill_.front()));
    spill_.pop_front();
  }
  return spill_.empty() && out.has_credit();
}

// Spilled batches are no larger than what one Emit may bring, whatever the consumer wants later: a smaller batch_rows() is asked of
// the next calls.
void RowOutput::Send() { Pass(builder_->Take()); }

void RowOutput::SendBatch(columns::Batch batch) {
  if (row().rows() > 0) Send();
  Pass(std::move(batch));
}

void RowOutput::Pass(columns::Batch batch) {
  if (!holding_ && spill_.empty() && out_->has_credit()) {
    out_->Emit(port_, std::move(batch));
    return;
  }
  spilled_rows_ += batch.rows();
  spill_.push_back(std::move(batch));
}

void RowOutput::FinishRow(types::RowKind kind) {
  THALWEG_CHECK(waiting_.empty(), "A row was begun before others that are behind it");
  builder_->FinishRow(columns::kNoTime, kind);
  if (builder_->full()) Send();
}

void RowOutput::CopyRow(const columns::Batch& batch, int32_t row, types::RowKind kind) {
  if (waiting_batch_ != &batch && waiting_.size() > waiting_ends_.size()) TakeWaiting();
  waiting_batch_ = &batch;
  Wait(row, kind);
}

void RowOutput::AppendStored(std::string_view bytes, types::RowKind kind) {
  waiting_bytes_ += bytes;
  waiting_ends_.push_back(waiting_bytes_.size());
  Wait(~static_cast<int32_t>(waiting_ends_.size() - 1), kind);
}

void RowOutput::Wait(int32_t place, types::RowKind kind) {
  order_.push_back(place);
  waiting_.push_back(kind);
  if (static_cast<int32_t>(waiting_.size()) == builder_->room()) TakeWaiting();
}

void RowOutput::TakeWaiting() {
  if (waiting_ends_.size() == waiting_.size()) {
    ReadStored(*builder_);
  } else {
    const columns::Batch stored = ReadStored(*stored_builder_);
    rows_.clear();
    compact_order_.clear();
    for (int32_t place : order_) {
      compact_order_.push_back(place >= 0 ? static_cast<int32_t>(rows_.size()) : place);
      if (place >= 0) rows_.push_back(place);
    }
    for (int i = 0; i < builder_->num_columns(); ++i) TakeColumn(i, stored);
  }
  for (types::RowKind kind : waiting_) builder_->FinishRow(columns::kNoTime, kind);
  waiting_.clear();
  order_.clear();
  waiting_bytes_.clear();
  waiting_ends_.clear();
  if (builder_->full()) Send();
}

// Finished and taken, unless they are the builder's own.
columns::Batch RowOutput::ReadStored(columns::BatchBuilder& out) {
  stored_.clear();
  size_t begin = 0;
  for (size_t end : waiting_ends_) {
    stored_.push_back(std::string_view(waiting_bytes_).substr(begin, end - begin));
    begin = end;
  }
  reader_.Start(stored_, out.num_columns());
  for (const bool behind : {false, true})
    for (int i = 0; i < out.num_columns(); ++i)
      if (LiesBehind(out.column(i).type()) == behind) reader_.Read(i, 0, stored_.size(), out.column(i));
  reader_.Finish();
  if (&out == &*builder_) return {};
  for (size_t i = 0; i < stored_.size(); ++i) out.FinishRow();
  return out.Take();
}

void RowOutput::TakeColumn(int index, const columns::Batch& stored) {
  columns::ColumnBuilder& out = builder_->column(index);
  const columns::Column none;
  const columns::Column &ones = waiting_batch_->column(index), &others = stored ? stored.column(index) : none;
  const auto count = static_cast<int32_t>(order_.size()), taken = static_cast<int32_t>(rows_.size());
  if (LiesBehind(out.type())) {
    for (int32_t place : order_) {
      const int32_t row = place >= 0 ? place : ~place;
      out.AppendRows(place >= 0 ? ones : others, &row, 1);
    }
  } else if (!ones.heaps.empty() && taken < ones.length / 2) {
    // As columns::GatherColumn: long strings are shared only where most rows are taken.
    columns::ColumnBuilder copies(ones.type, *pool_, taken);
    copies.AppendRows(ones, rows_.data(), taken);
    out.AppendMerged(copies.Take(), others, compact_order_.data(), count);
  } else {
    out.AppendMerged(ones, others, order_.data(), count);
  }
}

bool RowOutput::Flush() {
  if (row().rows() > 0) Send();
  return spill_.empty();
}

Status RowOutput::Snapshot() {
  saved_->clear();
  for (const columns::Batch& batch : spill_) {
    ByteWriter bytes;
    THALWEG_TRY(codec_.Encode(batch, bytes));
    saved_->push_back(bytes.Take());
  }
  return {};
}

Status RowOutput::status() const {
  if (spilled_rows_ <= static_cast<int64_t>(kMaxSpilledRows)) return {};
  return UserError("One call emitted more than {} rows beyond the output's credit, in operator {}", kMaxSpilledRows,
                   name_);
}

}  // namespace thalweg::operators
