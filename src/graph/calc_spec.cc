#include "graph/calc_spec.h"

#include "graph/row_spec.h"

namespace thalweg::graph {

std::string Encode(const CalcSpec& spec) {
  FieldWriter out;
  if (spec.condition) out.Nested(1, expr::Encode(*spec.condition));
  for (const expr::Expression& column : spec.columns) out.Nested(2, expr::Encode(column));
  out.Bytes(3, spec.zone);
  out.Signed(4, spec.query_start_ms);
  return out.Take();
}

Result<CalcSpec> DecodeCalc(std::string_view bytes) {
  FieldReader in(bytes, "calc");
  CalcSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.condition = in.Take(expr::Decode(in.Bytes())); break;
      case 2: spec.columns.push_back(in.Take(expr::Decode(in.Bytes()))); break;
      case 3: spec.zone = in.String(); break;
      case 4: spec.query_start_ms = in.Signed(); break;
      default: RefuseField(in, "calc");
    }
  }
  THALWEG_TRY(in.status());
  if (spec.condition && spec.condition->type().id() != types::TypeId::kBoolean)
    return ExternalError("Malformed calc: its condition is {}", spec.condition->type().ToString());
  return spec;
}

}  // namespace thalweg::graph
