#include "expr/evaluator.h"

#include <gtest/gtest.h>

#include "columns/format.h"
#include "expr/functions.h"

namespace thalweg::expr {
namespace {

using types::DataType;
using types::TypeId;

Expression Call(std::string_view name, std::vector<Expression> arguments) {
  Result<Expression> call = Resolve(name, std::move(arguments));
  EXPECT_TRUE(call.ok()) << call.status().ToString();
  return call.ok() ? *call : Expression();
}

Expression Lit(int32_t value) { return Expression::Literal(Value::Int(value)); }
Expression Text(std::string_view value) { return Expression::Literal(Value::String(value)); }

class EvaluatorTest : public ::testing::Test {
 protected:
  /// $0 INT: 0, 1, NULL, 3; $1 STRING: "a", NULL, "long enough for a heap", "d".
  columns::Batch Rows() {
    columns::BatchBuilder rows(types::Schema({{"i", DataType(TypeId::kInt)}, {"s", DataType(TypeId::kString)}}), pool_);
    const std::optional<int32_t> ints[] = {0, 1, std::nullopt, 3};
    const char* texts[] = {"a", nullptr, "long enough for a heap", "d"};
    for (int i = 0; i < 4; ++i) {
      if (ints[i])
        rows.column(0).Append(*ints[i]);
      else
        rows.column(0).AppendNull();
      if (texts[i])
        rows.column(1).AppendString(texts[i]);
      else
        rows.column(1).AppendNull();
      rows.FinishRow();
    }
    return rows.Take();
  }

  std::string Run(const Expression& expression) {
    columns::Batch rows = Rows();
    Result<Evaluator> evaluator = Evaluator::Compile({expression});
    if (!evaluator.ok()) return evaluator.status().message();
    Result<columns::Column> column = evaluator->Evaluate(rows, context_);
    if (!column.ok()) return column.status().message();
    std::string text;
    for (int32_t row = 0; row < column->length; ++row) {
      if (row) text += " ";
      columns::AppendCellText(*column, row, text);
    }
    return text;
  }

  std::string Selected(const Expression& expression) {
    columns::Batch rows = Rows();
    Result<Evaluator> evaluator = Evaluator::Compile({expression});
    int32_t selected[4];
    Result<int32_t> n = evaluator->Select(rows, context_, selected);
    if (!n.ok()) return n.status().message();
    std::string text;
    for (int32_t i = 0; i < *n; ++i) text += fmt::format("{}{}", i ? " " : "", selected[i]);
    return text;
  }

  columns::BufferPool pool_;
  Context context_{.pool = pool_};
  Expression i_ = Expression::Input(0, DataType(TypeId::kInt));
  Expression s_ = Expression::Input(1, DataType(TypeId::kString));
};

TEST_F(EvaluatorTest, ArithmeticIsNullWhereAnArgumentIs) { EXPECT_EQ(Run(Call("+", {i_, Lit(2)})), "2 3 null 5"); }

TEST_F(EvaluatorTest, ConstantsBecomeColumnsOnlyAtTheEnd) {
  EXPECT_EQ(Run(Call("*", {Lit(6), Lit(7)})), "42 42 42 42");
}

TEST_F(EvaluatorTest, AFilterKeepsRowsThatAreTrue) {
  EXPECT_EQ(Selected(Call(">=", {i_, Lit(1)})), "1 3");
  EXPECT_EQ(Selected(Call("NOT", {Call(">=", {i_, Lit(1)})})), "0");
  EXPECT_EQ(Selected(Expression::Literal(Value::Boolean(true))), "0 1 2 3");
  EXPECT_EQ(Selected(Expression::Literal(Value::Null(DataType(TypeId::kBoolean)))), "");
}

TEST_F(EvaluatorTest, AndAndOrHaveThreeValues) {
  Expression null = Expression::Literal(Value::Null(DataType(TypeId::kBoolean)));
  Expression positive = Call(">", {i_, Lit(0)});
  EXPECT_EQ(Run(Call("AND", {positive, null})), "false null null null");
  EXPECT_EQ(Run(Call("OR", {positive, null})), "null true null true");
}

TEST_F(EvaluatorTest, AnErrorShowsOnlyInABranchThatIsTaken) {
  Expression quotient = Call("/", {Lit(6), i_});
  EXPECT_EQ(Run(quotient), "Division by zero: 6 / 0");
  EXPECT_EQ(Run(Call("CASE", {Call("=", {i_, Lit(0)}), Lit(-1), quotient})), "-1 6 null 2");
  EXPECT_EQ(Run(Call("AND", {Call("<>", {i_, Lit(0)}), Call("=", {quotient, Lit(2)})})), "false false null true");
  EXPECT_EQ(Run(Call("OR", {Call("=", {i_, Lit(0)}), Call("=", {quotient, Lit(2)})})), "true false null true");
  EXPECT_EQ(Run(Call("COALESCE", {Call("NULLIF", {i_, Lit(3)}), quotient})), "0 1 null 2");
}

TEST_F(EvaluatorTest, AConstantThatFailsWaitsForARow) {
  Expression fails = Call("/", {Lit(1), Lit(0)});
  EXPECT_EQ(Run(Call("IF", {Call("=", {i_, Lit(9)}), fails, Lit(5)})), "5 5 5 5");
  EXPECT_EQ(Run(fails), "Division by zero: 1 / 0");
}

TEST_F(EvaluatorTest, BranchesKeepLongStrings) {
  EXPECT_EQ(Run(Call("COALESCE", {s_, Text("another text that is long")})),
            "a another text that is long long enough for a heap d");
  EXPECT_EQ(Run(Call("=", {s_, Text("long enough for a heap")})), "false null true false");
  EXPECT_EQ(Run(Call("<", {s_, Text("b")})), "true null false false");
}

TEST_F(EvaluatorTest, InIsNullIfItCannotTell) {
  Expression null = Expression::Literal(Value::Null(DataType(TypeId::kInt)));
  EXPECT_EQ(Run(Call("IN", {i_, Lit(1), Lit(3)})), "false true null true");
  EXPECT_EQ(Run(Call("NOT IN", {i_, Lit(1), null})), "null false null null");
}

TEST_F(EvaluatorTest, CastsFailOrGiveNull) {
  DataType type(TypeId::kInt);
  EXPECT_EQ(Run(*Cast(s_, type)), "Cannot cast 'a' to INT");
  EXPECT_EQ(Run(*Cast(s_, type, {.try_cast = true})), "null null null null");
  EXPECT_EQ(Run(*Cast(i_, DataType(TypeId::kDouble))), "0.0 1.0 null 3.0");
  EXPECT_EQ(Run(*Cast(i_, DataType::Decimal(3, 1))), "0.0 1.0 null 3.0");
  EXPECT_EQ(Run(*Cast(s_, DataType::VarChar(4))), "a null long d");
}

TEST_F(EvaluatorTest, EqualPartsAreComputedOnce) {
  Expression sum = Call("+", {i_, Lit(1)});
  Expression same = Call("+", {i_, Lit(1)});
  Result<Evaluator> evaluator = Evaluator::Compile({sum, Call("*", {same, sum})});
  columns::Batch rows = Rows();
  Result<std::vector<columns::Column>> columns = evaluator->EvaluateAll(rows, context_);
  ASSERT_TRUE(columns.ok());
  EXPECT_EQ((*columns)[1].data<int32_t>()[3], 16);
}

}  // namespace
}  // namespace thalweg::expr
