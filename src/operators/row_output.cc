#include "operators/row_output.h"

#include "operators/emitter.h"
#include "operators/stored_row.h"

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
  if (builder_->rows() > 0) Send();
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
  builder_->FinishRow(columns::kNoTime, kind);
  if (builder_->full()) Send();
}

void RowOutput::CopyRow(const columns::Batch& batch, int32_t row, types::RowKind kind) {
  for (int i = 0; i < builder_->num_columns(); ++i) builder_->column(i).AppendRows(batch.column(i), &row, 1);
  FinishRow(kind);
}

void RowOutput::AppendStored(std::string_view bytes, types::RowKind kind) {
  ReadStoredRow(bytes, *builder_, 0, builder_->num_columns());
  FinishRow(kind);
}

bool RowOutput::Flush() {
  if (builder_->rows() > 0) Send();
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
