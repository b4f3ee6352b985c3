#include "expr/user_function.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expr/evaluator.h"
#include "expr/expression_text.h"
#include "expr/functions.h"

namespace thalweg::expr {
namespace {

using ::testing::HasSubstr;
using types::DataType;
using types::TypeId;

Result<std::string> Computed(const Function* function, std::vector<Expression> arguments) {
  THALWEG_ASSIGN(Expression call, Resolve(*function, std::move(arguments)));
  THALWEG_ASSIGN(Expression decoded, Decode(Encode(call)));
  columns::BufferPool pool;
  THALWEG_ASSIGN(Value value, EvaluateConstant(decoded, {.pool = pool}));
  return value.ToString();
}

Expression Number(int32_t value) { return Expression::Literal(Value::Int(value)); }
Expression NoNumber() { return Expression::Literal(Value::Null(DataType(TypeId::kInt))); }

TEST(UserFunction, ArgumentsAreCastAndTheResultIsAColumn) {
  const Function* twice = AddUserFunction("$user:test#twice", ScalarFunction([](int64_t x) { return 2 * x; }));
  EXPECT_EQ(Computed(twice, {Number(21)}).value(), "42:BIGINT");
}

TEST(UserFunction, OfNullItIsNotCalledUnlessItTakesNull) {
  const Function* strict = AddUserFunction("$user:test#strict", ScalarFunction([](int32_t x) { return x; }));
  EXPECT_EQ(Computed(strict, {NoNumber()}).value(), "null:INT");
  const Function* known =
      AddUserFunction("$user:test#known", ScalarFunction([](std::optional<int32_t> x) { return x.has_value(); }));
  EXPECT_EQ(Computed(known, {NoNumber()}).value(), "false");
  EXPECT_EQ(Computed(known, {Number(1)}).value(), "true");
}

TEST(UserFunction, ATableFunctionGivesAnArrayOfRows) {
  const Function* upto =
      AddUserFunction("$user:test#upto", TableFunction({"n"}, [](int32_t last, TableRows<int32_t>& rows) {
                        for (int32_t i = 1; i <= last; ++i) rows.Add(i);
                      }));
  EXPECT_TRUE(IsTableFunction(*upto));
  const Expression call = Resolve(*upto, {Number(2)}).value();
  EXPECT_EQ(call.type(), DataType::Array(DataType::Row({{"n", DataType(TypeId::kInt, false)}}, false), false));
}

TEST(UserFunction, AnExceptionIsAnErrorWithTheFunctionsName) {
  const Function* thrower = AddUserFunction(
      "$user:test#thrower", ScalarFunction([](int32_t) -> int32_t { throw std::runtime_error("no luck"); }));
  const Status status = Computed(thrower, {Number(1)}).status();
  EXPECT_THAT(status.message(), HasSubstr("thrower(<INT>)"));
  EXPECT_THAT(status.message(), HasSubstr("no luck"));
}

TEST(UserFunction, PeopleSeeItsNameWithoutItsLibrary) {
  const Function* shown = AddUserFunction("$user:/lib.so#shown", ScalarFunction([](int32_t x) { return x; }));
  const Expression call = Resolve(*shown, {Number(1)}).value();
  EXPECT_EQ(call.ToString(), "shown(1)");
  EXPECT_EQ(ExpressionText(call, {}), "shown(1)");
  EXPECT_EQ(Resolve(*shown, {Expression::Literal(Value::String("x"))}).status().message(),
            "shown does not take (STRING). It takes: shown(<INT>)");
}

TEST(UserFunction, WhatIsNotLoadedIsNotFoundByItsName) {
  EXPECT_EQ(FindUserFunction("$user:/nowhere.so#f"), nullptr);
  EXPECT_FALSE(Resolve("$user:/nowhere.so#f", {}).ok());
  EXPECT_THAT(LoadUserFunction("/nowhere.so", "f").status().message(), HasSubstr("does not exist: /nowhere.so"));
}

}  // namespace
}  // namespace thalweg::expr
