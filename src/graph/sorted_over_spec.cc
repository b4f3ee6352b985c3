#include "graph/sorted_over_spec.h"

#include "types/type_codec.h"

namespace thalweg::graph {
namespace {

std::string EncodeEdge(const FrameEdge& edge) {
  FieldWriter out;
  out.Bool(1, edge.unbounded);
  out.Signed(2, edge.offset);
  out.Signed(3, edge.column + 1);
  return out.Take();
}

Result<FrameEdge> DecodeEdge(std::string_view bytes) {
  FieldReader in(bytes, "edge of a frame");
  FrameEdge edge;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: edge.unbounded = in.Bool(); break;
      case 2: edge.offset = in.Signed(); break;
      case 3: edge.column = ReadColumnPlusOne(in); break;
      default: RefuseField(in, "edge of a frame");
    }
  }
  THALWEG_TRY(in.status());
  return edge;
}

/// A limit is compared with the order's column, which is the only one then.
Status CheckEdge(const SortedOverSpec& spec, const FrameEdge& edge) {
  if (edge.column < 0) return {};
  THALWEG_TRY(CheckColumns(spec.input, {edge.column}, "frame of OVER"));
  if (spec.rows || spec.order.size() != 1) return UserError("A limit in a column is of a RANGE in one order");
  const types::DataType& limit = spec.input.field(edge.column).type;
  const types::DataType& order = spec.input.field(spec.order[0].column).type;
  if (limit.WithNullable(true) == order.WithNullable(true)) return {};
  return UserError("A RANGE of {} has a limit of {}", order.ToString(), limit.ToString());
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
  out.Bytes(8, EncodeEdge(spec.start));
  out.Bytes(9, EncodeEdge(spec.end));
  return out.Take();
}

Result<SortedOverSpec> DecodeSortedOver(std::string_view bytes) {
  FieldReader in(bytes, "sorted over aggregate");
  SortedOverSpec spec;
  spec.generate_update_before = false;
  spec.start = {};
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.partition = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.order.push_back(in.Take(DecodeSortKey(in.Bytes()))); break;
      case 4: spec.rows = in.Bool(); break;
      case 5: spec.calls.push_back(in.Take(DecodeAggregateCall(in.Bytes()))); break;
      case 6: spec.generate_update_before = in.Bool(); break;
      case 7: spec.ttl_ms = in.Signed(); break;
      case 8: spec.start = in.Take(DecodeEdge(in.Bytes())); break;
      case 9: spec.end = in.Take(DecodeEdge(in.Bytes())); break;
      default: RefuseField(in, "sorted over aggregate");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.partition, "partition of OVER"));
  for (const SortKey& key : spec.order) THALWEG_TRY(CheckColumns(spec.input, {key.column}, "order of OVER"));
  THALWEG_TRY(CheckEdge(spec, spec.start));
  THALWEG_TRY(CheckEdge(spec, spec.end));
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
