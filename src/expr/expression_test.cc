#include "expr/expression.h"

#include <gtest/gtest.h>

#include "expr/functions.h"

namespace thalweg::expr {
namespace {

using types::DataType;
using types::TypeId;

Expression Sample() {
  Expression x = Expression::Input(0, DataType(TypeId::kInt));
  Expression s = Expression::Input(3, DataType(TypeId::kString, false));
  Expression sum = *Resolve("+", {x, Expression::Literal(Value::Decimal(15, 2, 1))});
  Expression condition =
      *Resolve("AND", {*Resolve(">", {sum, x}), *Resolve("=", {s, Expression::Literal(Value::String("it's"))})});
  return *Resolve("case", {condition, *Cast(x, DataType(TypeId::kString)), s});
}

TEST(Expression, PrintsAsAPlanDoes) {
  EXPECT_EQ(Sample().ToString(),
            "CASE(AND(>(+(CAST($0):DECIMAL(10, 0), 1.5:DECIMAL(2, 1)), CAST($0):DECIMAL(12, 1)), =($3, 'it''s')), "
            "CAST($0):STRING, $3)");
}

TEST(Expression, IsEqualByStructureAndHashesAlike) {
  EXPECT_EQ(Sample(), Sample());
  EXPECT_EQ(Sample().hash(), Sample().hash());
  EXPECT_FALSE(Sample() == RemapInputs(Sample(), {1, 0, 0, 3}));
  EXPECT_EQ(InputsOf(Sample()), (std::vector<int>{0, 3}));
  EXPECT_EQ(InputsOf(RemapInputs(Sample(), {5, 0, 0, 2})), (std::vector<int>{2, 5}));
}

TEST(Expression, BytesGiveTheSameExpression) {
  Result<Expression> again = Decode(Encode(Sample()));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(*again, Sample());
  EXPECT_EQ(Encode(*again), Encode(Sample()));
}

// By hand from docs/internals/expressions.md: magic, version 1, kind 1 (input), type {id 4 (INT)}, column 3.
TEST(Expression, BytesAreThoseOfTheDocument) {
  const std::string bytes("TWEX\x01\x00\x01\x01\x01\x02\x03\x01\x01\x04\x04\x01\x03", 17);
  EXPECT_EQ(Encode(Expression::Input(3, DataType(TypeId::kInt))), bytes);
}

TEST(Expression, BytesOfACallWithOtherTypesAreRefused) {
  Expression x = Expression::Input(0, DataType(TypeId::kInt));
  Expression wrong = Expression::Call(Resolve("+", {x, x})->function(), {x, x}, DataType(TypeId::kString));
  EXPECT_EQ(Decode(Encode(wrong)).status().message(), "Malformed expression: + gives +($0, $0), not STRING");
}

TEST(Expression, BytesKeepATypeThatCameFromAnArgumentBeforeItsCast) {
  const Expression big = Expression::Input(0, DataType(TypeId::kBigInt)),
                   small = Expression::Input(1, DataType(TypeId::kInt));
  const Expression rest = *Resolve("MOD", {big, small});
  ASSERT_EQ(rest.type().id(), TypeId::kInt);
  EXPECT_EQ(Decode(Encode(rest)).value(), rest);
  const Expression widened = *Cast(small, DataType(TypeId::kBigInt));
  const Expression both = *Resolve("MOD", {widened, small});
  ASSERT_EQ(both.type().id(), TypeId::kInt);
  EXPECT_EQ(Decode(Encode(both)).value(), both);
}

TEST(Expression, NestingHasALimit) {
  Expression x = Expression::Input(0, DataType(TypeId::kInt));
  Result<Expression> deep = x;
  int depth = 0;
  while (deep.ok() && depth < 10'000) {
    deep = Resolve("-", {*deep});
    ++depth;
  }
  EXPECT_EQ(depth, kMaxExpressionDepth);
  EXPECT_EQ(deep.status().message(), "Expression is nested deeper than 1024 at -");
}

TEST(Resolve, NamesWhatWasGivenAndWhatThereIs) {
  Expression s = Expression::Literal(Value::String("a"));
  EXPECT_EQ(Resolve("NOT", {s}).status().message(), "NOT does not take (STRING). It takes: NOT(<BOOLEAN>)");
  EXPECT_EQ(Resolve("coalesc", {s}).status().message(), "Unknown function: coalesc. Did you mean COALESCE?");
  EXPECT_EQ(Resolve("no_such_thing_at_all", {s}).status().message(), "Unknown function: no_such_thing_at_all");
}

TEST(Fold, KeepsWhatFailsAndComputesTheRest) {
  auto lit = [](int32_t v) { return Expression::Literal(Value::Int(v)); };
  Expression x = Expression::Input(0, DataType(TypeId::kInt));
  Expression sum = *Resolve("+", {x, *Resolve("*", {lit(2), lit(3)})});
  EXPECT_EQ(Fold(sum).ToString(), "+($0, 6)");
  EXPECT_EQ(Fold(*Resolve("/", {lit(2), lit(0)})).ToString(), "/(2, 0)");
}

}  // namespace
}  // namespace thalweg::expr
