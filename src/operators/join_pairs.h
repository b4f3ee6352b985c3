// JoinPairs: what the rows of a batch join with, gathered, asked and sent column by column: it costs by the batch and not by the row.
// Rule: pairs go out in the order in which they were added, each under the kind of the batch's row.
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
  /// `row` of the batch with a stored row of the other side.
  Status Add(int32_t row, std::string_view other);
  bool full() const { return rows_.size() >= columns::kBatchRows; }
  /// Sends what was added.
  Status Flush();

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

  types::Schema left_, right_;
  std::optional<expr::Evaluator> condition_;
  std::vector<int> asked_;  // columns that the condition reads
  expr::Zone zone_;
  flow::Context* context_ = nullptr;
  std::optional<columns::BatchBuilder> others_[2];  // rows of the right side, of the left side
  // Of the batch at hand.
  const columns::Batch* batch_ = nullptr;
  bool is_left_ = true;
  RowOutput* out_ = nullptr;
  std::vector<int32_t> rows_;        // of the batch, one a pair
  std::vector<int32_t> other_rows_;  // of the others, one a pair; empty: one after another
  std::vector<int32_t> selected_;    // pairs that the condition lets pass
};

}  // namespace thalweg::operators
