// RowOutput: the way of an operator's rows of columns to one output port. Rule, as of Emitter: nothing is emitted without credit; what
// one call produces beyond it waits in a bounded spill queue, which is part of the operator's snapshot.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "columns/batch_codec.h"
#include "columns/builder.h"
#include "flow/context.h"
#include "flow/output.h"
#include "operators/stored_row.h"
#include "types/row_kind.h"

namespace thalweg::operators {

/// The task's thread. Append to the columns between Drain and Flush.
class RowOutput {
 public:
  explicit RowOutput(std::vector<types::DataType> types, int port = 0);

  Status Open(flow::Context& context);
  /// At the start of every call of the operator: sends waiting rows. False: credit ran out first.
  bool Drain(flow::Output& out);
  /// The columns of the row at hand; then FinishRow. Columns keep the order of the types.
  columns::BatchBuilder& row() {
    if (!waiting_.empty()) TakeWaiting();
    return *builder_;
  }
  columns::ColumnBuilder& column(int index) { return row().column(index); }
  void FinishRow(types::RowKind kind);
  /// A copy of a row of the same types, under another kind. `batch` stays as it is until the end of the call, or Flush.
  void CopyRow(const columns::Batch& batch, int32_t row, types::RowKind kind);
  /// A row of stored bytes (stored_row.h), which may go: they are copied.
  void AppendStored(std::string_view bytes, types::RowKind kind);
  /// A batch of the output's types of no more than batch_rows(), behind the rows at hand.
  void SendBatch(columns::Batch batch);
  int32_t batch_rows() const { return capacity_; }
  /// At the end of every call: hands the partial batch on. False: rows wait (the call returns kMore).
  bool Flush();
  /// What is finished from now on waits, whatever credit there is, until the next Drain: for a snapshot in the midst of a call's work.
  void Hold() { holding_ = true; }
  /// False: stop soon and return kMore.
  bool has_credit() const { return spill_.empty() && out_->has_credit(); }
  Status Snapshot();
  /// More rows waited than the limit allows.
  Status status() const;

 private:
  void Wait(int32_t place, types::RowKind kind);
  void TakeWaiting();
  columns::Batch ReadStored(columns::BatchBuilder& out);
  void TakeColumn(int index, const columns::Batch& stored);
  void Send();
  void Pass(columns::Batch batch);

  types::Schema schema_;
  columns::BatchCodec codec_;
  int port_;
  std::optional<columns::BatchBuilder> builder_;
  // Rows behind those of the builder, which has room for them: they are made by the column.
  std::vector<types::RowKind> waiting_;
  std::vector<int32_t> order_;  // of each: its row of waiting_batch_, or ~ its number among the stored
  const columns::Batch* waiting_batch_ = nullptr;
  std::vector<int32_t> rows_;           // of the batch that wait
  std::vector<int32_t> compact_order_;  // as order_, by place in rows_
  std::string waiting_bytes_;           // of stored rows
  std::vector<size_t> waiting_ends_;
  std::vector<std::string_view> stored_;
  StoredRowReader reader_;
  std::optional<columns::BatchBuilder> stored_builder_;
  columns::BufferPool* pool_ = nullptr;
  int32_t capacity_ = 0;
  flow::Output* out_ = nullptr;
  std::deque<columns::Batch> spill_;
  int64_t spilled_rows_ = 0;
  bool holding_ = false;
  std::vector<std::string>* saved_ = nullptr;
  std::string name_;
};

}  // namespace thalweg::operators
