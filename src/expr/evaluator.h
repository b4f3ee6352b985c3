// Evaluator: expressions bound to kernels, run over batches.
// Rule: equal deterministic parts are computed once a batch; a part that only some rows need is computed for those rows only, so
// that an error in a branch not taken never shows.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "columns/batch.h"
#include "expr/expression.h"
#include "expr/kernel.h"

namespace thalweg::expr {

class Frame;

/// Compiled once, used by one thread at a time. Move only.
class Evaluator {
 public:
  /// Several expressions share their common parts. Fails (user error) on a constant that no row could accept: a malformed pattern.
  static Result<Evaluator> Compile(std::vector<Expression> expressions);
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;
  ~Evaluator();

  /// What errors call the expressions, one after the other; "": nothing, which is how all begin.
  void Name(std::vector<std::string> names);

  /// A column a expression, of the expression's type, as long as the batch; they share buffers with it where a column passes
  /// through. A run-time error (user) names function and value; of the rows, one that fails is enough. Null batch: no rows.
  Result<std::vector<columns::Column>> EvaluateAll(const columns::Batch& batch, const Context& context);
  /// As EvaluateAll, of `n` >= 1 of the batch's rows, ascending; only columns that are read are gathered.
  Result<std::vector<columns::Column>> EvaluateSelected(const columns::Batch& batch, const int32_t* rows, int32_t n,
                                                        const Context& context);
  /// Of the only expression.
  Result<columns::Column> Evaluate(const columns::Batch& batch, const Context& context);
  /// The rows for which the only expression, a BOOLEAN, is TRUE, ascending, to `rows` (room for all). Returns how many.
  Result<int32_t> Select(const columns::Batch& batch, const Context& context, int32_t* rows);

 private:
  struct Program;
  Result<std::vector<columns::Column>> Outputs(Frame& frame, const Context& context);
  static Result<Evaluator> CompileFolded(const std::vector<Expression>& expressions);
  friend Result<Value> EvaluateFolded(const Expression& expression, const Context& context);
  explicit Evaluator(std::unique_ptr<Program> program);
  friend class Frame;
  std::unique_ptr<Program> program_;
};

/// The value of an expression without inputs.
Result<Value> EvaluateConstant(const Expression& expression, const Context& context);
/// As EvaluateConstant, of an expression whose arguments are literals: it is not folded first.
Result<Value> EvaluateFolded(const Expression& expression, const Context& context);

}  // namespace thalweg::expr
