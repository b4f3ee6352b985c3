// JoinPairs: what the rows of a batch join with, gathered, asked and sent column by column: it costs by the batch and not by the row.
// Rule: pairs go out in the order in which they were added, each under the kind of the batch's row. A row of the other side that several
// rows of the batch join with is read once.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "columns/builder.h"
#include "expr/evaluator.h"
#include "expr/zone.h"
#include "flow/context.h"
#include "graph/join_spec.h"
#include "operators/row_output.h"

namespace thalweg::operators {

/// Of an inner join; the task's thread.
class JoinPairs {
 public:
  static Result<JoinPairs> Make(const graph::JoinSides& sides);
  void Open(flow::Context& context) { context_ = &context; }

  /// Before the pairs of a batch, which came on the `left` side or on the right; it outlives them.
  void Start(const columns::Batch& batch, bool left, RowOutput& out);
  /// Reads a stored row of the other side, for pairs until the next Flush; its number. A pair with it must be added next.
  int32_t AddOther(std::string_view other);
  /// `row` of the batch with one of the others. Flushes when that makes a batch of pairs.
  Status Add(int32_t row, int32_t other);
  /// Sends what was added, and forgets the others.
  Status Flush();
  /// How many others there are, and how many pairs may be added without a Flush.
  int32_t others() const { return others_[is_left_ ? 0 : 1]->rows(); }
  int32_t room() const { return columns::kBatchRows - 1 - static_cast<int32_t>(rows_.size()); }
  /// Calls of Flush so far, and one.
  uint64_t flushes() const { return flushes_; }

  /// Rows of a batch, one a pair; they may repeat.
  struct Picked {
    const columns::Batch& batch;
    const std::vector<int32_t>& rows;
  };
  /// As many pairs as both have rows, at most columns::kBatchRows, asked and sent.
  Status Join(const Picked& left, const Picked& right, RowOutput& out);

 private:
  explicit JoinPairs(const graph::JoinSides& sides);
  Status Select(const columns::Batch& others);
  void Send(const columns::Batch& others);
  void SendByRow(const columns::Batch& others, const std::vector<int32_t>& own);
  columns::Batch Joined(const columns::Batch& others, const std::vector<int32_t>& own) const;
  bool IsOfBatch(int column) const { return (column < left_.size()) == is_left_; }
  /// Of a column of the pairs, in its side.
  int IndexOf(int column) const { return column < left_.size() ? column : column - left_.size(); }

  types::Schema left_, right_;
  std::optional<expr::Evaluator> condition_;
  std::vector<int> asked_;  // columns that the condition reads
  expr::Zone zone_;
  flow::Context* context_ = nullptr;
  std::optional<columns::BatchBuilder> others_[2];  // rows of the right side, of the left side
  uint64_t flushes_ = 1;
  // Of the batch at hand.
  const columns::Batch* batch_ = nullptr;
  bool is_left_ = true;
  RowOutput* out_ = nullptr;
  std::vector<int32_t> rows_;        // of the batch, one a pair
  std::vector<int32_t> other_rows_;  // of the others, one a pair; empty: one after another
  std::vector<int32_t> selected_;    // pairs that the condition lets pass
};

}  // namespace thalweg::operators
