#include "graph/row_spec.h"

#include <gtest/gtest.h>

#include "expr/functions.h"
#include "graph/calc_spec.h"

namespace thalweg::graph {
namespace {

TEST(RowSpec, PartsSurviveTheirEncoding) {
  const SortKey key{.column = 3, .descending = true, .nulls_last = true};
  EXPECT_EQ(DecodeSortKey(Encode(key)).value(), key);
  AggregateCall call;
  call.function = "LISTAGG";
  call.arguments = {2, 0};
  call.filter = 4;
  call.distinct = true;
  call.order_by = {key};
  call.type = types::DataType(types::TypeId::kString);
  call.name = "EXPR$1";
  EXPECT_EQ(DecodeAggregateCall(Encode(call)).value(), call);
  WindowShape shape;
  shape.kind = WindowShape::Kind::kCumulate;
  shape.size_ms = 60'000;
  shape.slide_ms = 1000;
  shape.offset_ms = -5;
  shape.time_column = 0;
  shape.end_column = 2;
  shape.zone = "Europe/Berlin";
  EXPECT_EQ(DecodeWindowShape(Encode(shape)).value(), shape);
}

TEST(RowSpec, CalcSurvivesItsEncoding) {
  CalcSpec spec;
  const expr::Expression a = expr::Expression::Input(0, types::DataType(types::TypeId::kInt));
  spec.condition = expr::Resolve(">", {a, a}).value();
  spec.columns = {a, expr::Resolve("+", {a, a}).value()};
  spec.zone = "UTC";
  spec.query_start_ms = 17;
  const CalcSpec back = DecodeCalc(Encode(spec)).value();
  EXPECT_EQ(*back.condition, *spec.condition);
  EXPECT_EQ(back.columns, spec.columns);
  EXPECT_EQ(back.zone, "UTC");
  EXPECT_EQ(back.query_start_ms, 17);
  spec.condition = a;
  EXPECT_EQ(DecodeCalc(Encode(spec)).status().message(), "Malformed calc: its condition is INT");
}

TEST(RowSpec, AFieldOfANewerVersionIsRefused) {
  FieldWriter out;
  out.Bool(99, true);
  EXPECT_EQ(DecodeWindowShape(out.Take()).status().message(), "Newer window: field 99 is not known to this build");
}

}  // namespace
}  // namespace thalweg::graph
