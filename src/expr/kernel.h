// What a function computes with: vectors of arguments in, a vector of results out, dense over the rows of a frame.
// Rule: a kernel never reads a value of a NULL row to decide on an error; values behind NULLs are arbitrary but valid to read.
#pragma once

#include <functional>
#include <string_view>

#include "base/random.h"
#include "columns/builder.h"
#include "expr/expression.h"
#include "time/clock.h"

namespace thalweg::expr {

class Zone;

/// The world an expression is evaluated in. Everything outlives the call.
struct Context {
  columns::BufferPool& pool;
  const time::Clock* clock = nullptr;  // null: the query's start stands for every clock
  int64_t query_start_ms = 0;
  const Zone* zone = nullptr;     // session time zone; null: UTC
  Random* random = nullptr;       // for RAND, UUID; null: an error where one is drawn
  int64_t watermark = INT64_MIN;  // for CURRENT_WATERMARK

  int64_t NowMs() const { return clock ? clock->NowMs() : query_start_ms; }
};

/// Values of one expression for the rows of a frame. Constant: one row, which stands for all.
struct Vector {
  columns::Column column;
  bool constant = false;

  int32_t at(int32_t row) const { return constant ? 0 : row; }
  bool IsNull(int32_t row) const { return column.IsNull(at(row)); }
};

class Frame;

/// One evaluation of one call.
class Call {
 public:
  Call(const Expression& expression, Frame& frame, const Context& context, int32_t rows)
      : expression_(&expression), frame_(&frame), context_(&context), rows_(rows) {}

  const Expression& expression() const { return *expression_; }
  const types::DataType& type() const { return expression_->type(); }
  const Context& context() const { return *context_; }
  columns::BufferPool& pool() const { return context_->pool; }
  int32_t rows() const { return rows_; }
  int arguments() const { return static_cast<int>(expression_->arguments().size()); }
  /// Not of a lazy function.
  const Vector& argument(int index) const { return *values_[static_cast<size_t>(index)]; }
  void AddArgument(const Vector* value) { values_.push_back(value); }

  /// For lazy functions: the argument over `n` of the frame's rows (null: all), dense. Rows ascend.
  Result<Vector> Evaluate(int argument, const int32_t* rows, int32_t n);

 private:
  const Expression* expression_;
  Frame* frame_;
  const Context* context_;
  int32_t rows_;
  boost::container::small_vector<const Vector*, 4> values_;
};

/// Of a STRING or BYTES that is not NULL.
inline std::string_view TextAt(const Call& call, int argument, int32_t row) {
  const Vector& vector = call.argument(argument);
  return vector.column.String(vector.at(row));
}

/// The session's time zone.
const Zone& ZoneOf(const Call& call);

using Kernel = std::function<Result<Vector>(Call& call)>;

/// One row of NULL of `type`.
Vector NullVector(const types::DataType& type, columns::BufferPool& pool);

/// The AND of the arguments' validity over the frame's rows; a null buffer if no row is NULL.
columns::BufferRef CombinedValidity(const Call& call);

/// Each of `parts` holds the values of its `rows` (ascending; disjoint; together 0..n-1) for one column of n rows.
struct Part {
  Vector values;
  std::vector<int32_t> rows;
};
Vector MergeParts(const types::DataType& type, int32_t n, const std::vector<Part>& parts, columns::BufferPool& pool);

}  // namespace thalweg::expr
