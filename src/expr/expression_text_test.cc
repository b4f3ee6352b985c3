#include "expr/expression_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expr/evaluator.h"
#include "expr/functions.h"

namespace thalweg::expr {
namespace {

using types::DataType;
using types::TypeId;

const std::vector<std::string> kNames = {"a", "name"};
const Expression kA = Expression::Input(0, DataType(TypeId::kInt));
const Expression kName = Expression::Input(1, DataType(TypeId::kString));

Expression Quotient(Expression a, Expression b) { return *Resolve("/", {std::move(a), std::move(b)}); }

TEST(ExpressionText, IsAsAPersonWritesIt) {
  const Expression one = Expression::Literal(Value::Int(1));
  EXPECT_EQ(ExpressionText(Quotient(one, kA), kNames), "1 / a");
  EXPECT_EQ(ExpressionText(Quotient(one, *Resolve("+", {kA, one})), kNames), "1 / (a + 1)");
  EXPECT_EQ(ExpressionText(*Cast(kName, DataType(TypeId::kInt, false)), kNames), "CAST(name AS INT)");
  EXPECT_EQ(ExpressionText(*Resolve("UPPER", {kName}), kNames), "UPPER(name)");
}

TEST(ExpressionText, ALongOneIsCutAtTheBorderOfACharacter) {
  const std::string text = ExpressionText(kName, {"", std::string(119, 'x') + "\xC3\xA9yy"});
  EXPECT_EQ(text, std::string(119, 'x') + "...");
}

TEST(ExpressionText, AnErrorTellsTheNameOfItsExpression) {
  columns::BufferPool pool;
  columns::BatchBuilder rows(types::Schema({{"a", DataType(TypeId::kInt)}}), pool, 1);
  rows.column(0).Append<int32_t>(0);
  rows.FinishRow();
  const columns::Batch batch = rows.Take();
  Evaluator evaluator = *Evaluator::Compile({kA, Quotient(kA, kA)});
  EXPECT_EQ(evaluator.EvaluateAll(batch, {.pool = pool}).status().message(), "Division by zero: 0 / 0");
  evaluator.Name({"", "a / a"});
  EXPECT_EQ(evaluator.EvaluateAll(batch, {.pool = pool}).status().message(), "Division by zero: 0 / 0, in a / a");
}

}  // namespace
}  // namespace thalweg::expr
