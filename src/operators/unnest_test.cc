#include "operators/unnest.h"

#include "expr/functions.h"
#include "graph/unnest_spec.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using testing::RowHarness;

graph::UnnestSpec SpecOf(std::string_view columns, int collection) {
  graph::UnnestSpec spec;
  spec.input = testing::ParseSchema(columns);
  spec.collection = expr::Expression::Input(collection, spec.input.field(collection).type);
  return spec;
}

TEST(Unnest, EachElementMakesARowOfTheSameKind) {
  RowHarness(MakeUnnest, Encode(SpecOf("k STRING, a ARRAY<INT>", 1)))
      .Input("k STRING, a ARRAY<INT>")
      .Output("k STRING, a ARRAY<INT>, e INT")
      .Rows({"+I[x, [1, null]]", "-D[y, [3]]", "+I[z, []]", "+I[w, null]"})
      .Expect({"+I[x, [1, null], 1]", "+I[x, [1, null], null]", "-D[y, [3], 3]"});
}

TEST(Unnest, OuterKeepsARowWithoutElements) {
  graph::UnnestSpec spec = SpecOf("a ARRAY<INT NOT NULL>", 0);
  spec.outer = true;
  spec.ordinality = true;
  RowHarness(MakeUnnest, Encode(spec))
      .Input("a ARRAY<INT NOT NULL>")
      .Output("a ARRAY<INT NOT NULL>, e INT, n INT")
      .Rows({"+I[[7, 8]]", "+I[null]", "+I[[]]"})
      .Expect({"+I[[7, 8], 7, 1]", "+I[[7, 8], 8, 2]", "+I[null, null, null]", "+I[[], null, null]"});
}

/// Elements above the row's number are all that it has.
graph::UnnestSpec Above() {
  graph::UnnestSpec spec = SpecOf("k INT, a ARRAY<INT>", 1);
  spec.outer = true;
  const types::DataType number(types::TypeId::kInt);
  spec.condition = expr::Resolve(">", {expr::Expression::Input(2, number), expr::Expression::Input(0, number)}).value();
  return spec;
}

TEST(Unnest, ElementsForWhichTheConditionDoesNotHoldAreNone) {
  RowHarness(MakeUnnest, Encode(Above()))
      .Input("k INT, a ARRAY<INT>")
      .Output("k INT, a ARRAY<INT>, e INT")
      .Rows({"+I[5, [6, 5, 7]]", "+I[9, [1, null]]", "-D[0, [1]]", "+I[1, []]", "+I[null, [1]]", "+I[2, null]"})
      .Expect({"+I[5, [6, 5, 7], 6]", "+I[5, [6, 5, 7], 7]", "+I[9, [1, null], null]", "-D[0, [1], 1]",
               "+I[1, [], null]", "+I[null, [1], null]", "+I[2, null, null]"});
}

TEST(Unnest, ElementsOfManyBatchesAreOneRows) {
  graph::UnnestSpec spec = SpecOf("k INT, n BIGINT", 1);
  spec.outer = spec.ordinality = true;
  const types::DataType number(types::TypeId::kInt);
  spec.condition = expr::Resolve("=", {expr::Expression::Input(2, number), expr::Expression::Input(0, number)}).value();
  RowHarness(MakeUnnest, Encode(spec))
      .Input("k INT, n BIGINT")
      .Output("k INT, n BIGINT, o INT")
      .Rows({"+I[2, 5000]", "+I[4999, 5000]", "+I[0, 5000]", "+I[3, 5000]"})
      .Expect({"+I[2, 5000, 2]", "+I[4999, 5000, 4999]", "+I[0, 5000, null]", "+I[3, 5000, 3]"});
}

TEST(Unnest, TheFieldsOfRowsBecomeColumns) {
  RowHarness(MakeUnnest, Encode(SpecOf("a ARRAY<ROW<i INT, s STRING>>", 0)))
      .Input("a ARRAY<ROW<i INT, s STRING>>")
      .Output("a ARRAY<ROW<i INT, s STRING>>, i INT, s STRING")
      .Rows({"+I[[[1, a], null]]"})
      .Expect({"+I[[+I[1, a], null], 1, a]", "+I[[+I[1, a], null], null, null]"});
}

TEST(Unnest, ANumberMakesSoManyCopies) {
  RowHarness(MakeUnnest, Encode(SpecOf("k STRING, n BIGINT", 1)))
      .Input("k STRING, n BIGINT")
      .Output("k STRING, n BIGINT")
      .Rows({"+I[x, 2]", "-D[y, 1]", "+I[z, 0]", "+I[w, null]", "+I[v, -3]"})
      .Expect({"+I[x, 2]", "+I[x, 2]", "-D[y, 1]"});
}

TEST(Unnest, OfNoCollectionIsRefused) {
  graph::Node node;
  node.payload = Encode(SpecOf("a INT", 0));
  EXPECT_EQ(MakeUnnest(node).status().message(), "UNNEST needs an ARRAY, MAP or MULTISET, not INT");
  graph::UnnestSpec inner = Above();
  inner.outer = false;
  node.payload = Encode(inner);
  EXPECT_EQ(MakeUnnest(node).status().message(), "Malformed unnest: a condition without outer");
}

}  // namespace
}  // namespace thalweg::operators
