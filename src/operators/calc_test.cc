#include "operators/calc.h"

#include "expr/functions.h"
#include "graph/calc_spec.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using expr::Expression;
using testing::RowHarness;
using types::DataType;
using types::TypeId;

Expression In(int column, TypeId type) { return Expression::Input(column, DataType(type)); }

TEST(Calc, KeepsTheKindOfARowAndDropsThoseThatAreNotTrue) {
  const Expression value = In(1, TypeId::kInt);
  graph::CalcSpec spec;
  spec.condition = expr::Resolve(">", {value, Expression::Literal(expr::Value::Int(1))}).value();
  spec.columns = {expr::Resolve("+", {value, value}).value(), In(0, TypeId::kString)};
  RowHarness(MakeCalc, Encode(spec))
      .Input("k STRING, v INT")
      .Output("d INT, k STRING")
      .Rows({"+I[a, 1]", "+I[b, 2]", "-U[b, 3]", "+U[c, 4]", "-D[d, 5]", "+I[e, null]"})
      .Expect({"+I[4, b]", "-U[6, b]", "+U[8, c]", "-D[10, d]"});
}

TEST(Calc, AnErrorNamesTheValue) {
  graph::CalcSpec spec;
  spec.columns = {expr::Cast(In(0, TypeId::kString), DataType(TypeId::kInt)).value()};
  RowHarness(MakeCalc, Encode(spec)).Input("k STRING").Output("i INT").Rows({"+I[12]", "+I[x]"}).ExpectError("'x'");
}

TEST(Calc, BytesOfAnythingElseAreRefused) {
  graph::Node node;
  node.payload = "\x07rubbish";
  EXPECT_FALSE(MakeCalc(node).ok());
}

}  // namespace
}  // namespace thalweg::operators
