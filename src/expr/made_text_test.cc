#include "expr/made_text.h"

#include <gtest/gtest.h>

#include "expr/evaluator.h"
#include "expr/functions.h"

namespace thalweg::expr {
namespace {

using types::DataType;
using types::TypeId;

/// What REPEAT('x', n) of `rows` rows gives: "" or the error.
std::string Repeated(int32_t n, int rows) {
  columns::BufferPool pool;
  columns::BatchBuilder counts(types::Schema({{"n", DataType(TypeId::kInt)}}), pool, rows);
  for (int row = 0; row < rows; ++row) {
    counts.column(0).Append(n);
    counts.FinishRow();
  }
  const Expression repeat =
      *Resolve("REPEAT", {Expression::Literal(Value::String("x")), Expression::Input(0, DataType(TypeId::kInt))});
  EXPECT_TRUE(repeat.may_fail());
  return Evaluator::Compile({repeat})->EvaluateAll(counts.Take(), {.pool = pool}).status().message();
}

TEST(MadeText, ATextAndAllTextsOfABatchHaveTheirLimit) {
  EXPECT_EQ(Repeated(1 << 26, 1), "");
  EXPECT_EQ(Repeated((1 << 26) + 1, 1), "REPEAT makes a text of 67108865 bytes: at most 67108864 are supported");
  EXPECT_EQ(Repeated(60'000'000, 4), "");
  EXPECT_EQ(Repeated(60'000'000, 5),
            "REPEAT makes more than 268435456 bytes for 5 rows: at most so many are supported");
}

}  // namespace
}  // namespace thalweg::expr
