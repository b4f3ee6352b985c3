#include "base/check.h"
#include "expr/evaluator.h"
#include "expr/functions.h"
#include "testing/fuzz.h"

namespace thalweg::expr {
namespace {

std::vector<std::string> Samples() {
  using types::DataType;
  using types::TypeId;
  Expression x = Expression::Input(0, DataType(TypeId::kInt));
  Expression s = Expression::Input(1, DataType(TypeId::kString));
  Expression sum = *Resolve("+", {x, Expression::Literal(Value::Decimal(15, 2, 1))});
  Expression text =
      *Resolve("COALESCE", {s, *Cast(x, DataType(TypeId::kString)), Expression::Literal(Value::String("none"))});
  return {Encode(sum), Encode(text), Encode(*Resolve("IN", {x, Expression::Literal(Value::Int(1))}))};
}

}  // namespace

// Any bytes give an error or an expression; that encodes to bytes of the same expression, and compiles or says why not.
FUZZ_TARGET(ExpressionCodec, Samples()) {
  const Result<Expression> expression = Decode(input);
  if (!expression.ok()) return;
  const Result<Expression> again = Decode(Encode(*expression));
  THALWEG_CHECK(again.ok() && *again == *expression);
  THALWEG_CHECK(!expression->ToString().empty());
  (void)Evaluator::Compile({*expression}).ok();
}

}  // namespace thalweg::expr
