// JoinRows: one row of one side against stored rows of the other: which of them pass the condition, and the joined rows out.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columns/builder.h"
#include "expr/evaluator.h"
#include "expr/zone.h"
#include "flow/context.h"
#include "graph/join_spec.h"
#include "operators/row_output.h"

namespace thalweg::operators {

/// The types of a join's output: of semi and anti joins the left columns; sides that may be padded become nullable.
std::vector<types::DataType> JoinOutput(const graph::JoinSides& sides);

/// A row at hand: of a batch, or of stored bytes (`batch` null).
struct JoinRowRef {
  const columns::Batch* batch = nullptr;
  int32_t row = 0;
  std::string_view bytes;
};

/// What errors call the condition of a join that has one.
std::string ConditionText(const graph::JoinSides& sides);

/// Of one operator; the task's thread.
class JoinRows {
 public:
  static Result<JoinRows> Make(const graph::JoinSides& sides);
  void Open(flow::Context& context) { context_ = &context; }

  bool has_condition() const { return condition_.has_value(); }
  /// The key of `row`, a row of side `left`, may equal others: no column of it is NULL where NULL equals nothing.
  bool KeyMatches(const columns::Batch& batch, int32_t row, bool left) const;
  /// Which of `others`, stored rows of the other side with an equal key, pass the condition, ascending; all if there is none.
  /// Valid until the next call.
  Result<std::span<const int32_t>> Matches(const JoinRowRef& row, bool left, std::span<const std::string> others);
  /// Of many rows at once: pair i, of row `rows[i]` of a batch of side `left` and `others[i]`, passes the condition if passes[i].
  Status Ask(const columns::Batch& batch, bool left, std::span<const int32_t> rows, std::span<const std::string> others,
             std::vector<char>& passes);

  /// `row` of side `left` beside `other`.
  void Emit(const JoinRowRef& row, bool left, std::string_view other, types::RowKind kind, RowOutput& out) const;
  /// `row` of side `left`, NULLs on the other side.
  void EmitPadded(const JoinRowRef& row, bool left, types::RowKind kind, RowOutput& out) const;

 private:
  explicit JoinRows(const graph::JoinSides& sides);
  void Append(const JoinRowRef& row, bool left, columns::BatchBuilder& out) const;
  Result<int32_t> SelectSome(const JoinRowRef& row, bool left, std::span<const std::string> others, int32_t* selected);
  Result<int32_t> Select(columns::BatchBuilder& pairs, int32_t* selected);

  int left_columns_ = 0, right_columns_ = 0;
  std::vector<int> left_keys_, right_keys_, null_equal_;
  types::Schema joined_;  // what the condition sees
  std::optional<expr::Evaluator> condition_;
  expr::Zone zone_;
  flow::Context* context_ = nullptr;
  std::vector<int32_t> matches_;
};

}  // namespace thalweg::operators
