#include "graph/sorted_over_spec.h"

#include "types/type_codec.h"

namespace thalweg::graph {
namespace {

int64_t TakePreceding(FieldReader& in) {
  const int64_t number = in.Signed();
  if (number >= 0) return number - 1;
  in.Take(ExternalError("Malformed frame: {} preceding", number));
  return -1;
}

}  // namespace

std::string Encode(const SortedOverSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.partition));
  for (const SortKey& key : spec.order) out.Nested(3, Encode(key));
  out.Bool(4, spec.rows);
  for (const AggregateCall& call : spec.calls) out.Nested(5, Encode(call));
  out.Bool(6, spec.generate_update_before);
  out.Signed(7, spec.ttl_ms);
  out.Signed(8, spec.preceding + 1);
  return out.Take();
}

Result<SortedOverSpec> DecodeSortedOver(std::string_view bytes) {
  FieldReader in(bytes, "sorted over aggregate");
  SortedOverSpec spec;
  spec.generate_update_before = false;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.partition = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.order.push_back(in.Take(DecodeSortKey(in.Bytes()))); break;
      case 4: spec.rows = in.Bool(); break;
      case 5: spec.calls.push_back(in.Take(DecodeAggregateCall(in.Bytes()))); break;
      case 6: spec.generate_update_before = in.Bool(); break;
      case 7: spec.ttl_ms = in.Signed(); break;
      case 8: spec.preceding = TakePreceding(in); break;
      default: RefuseField(in, "sorted over aggregate");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.partition, "partition of OVER"));
  for (const SortKey& key : spec.order) THALWEG_TRY(CheckColumns(spec.input, {key.column}, "order of OVER"));
  for (const AggregateCall& call : spec.calls) {
    THALWEG_TRY(CheckColumns(spec.input, call.arguments, "argument of " + call.function));
    if (call.filter < 0) continue;
    THALWEG_TRY(CheckColumns(spec.input, {call.filter}, "filter of " + call.function));
    if (spec.input.field(call.filter).type.id() != types::TypeId::kBoolean)
      return UserError("A filter is BOOLEAN, not {}, in {}", spec.input.field(call.filter).type.ToString(),
                       call.function);
  }
  return spec;
}

}  // namespace thalweg::graph
