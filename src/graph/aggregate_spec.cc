#include "graph/aggregate_spec.h"

#include "types/type_codec.h"

namespace thalweg::graph {
namespace {

Status CheckCalls(const types::Schema& input, const std::vector<AggregateCall>& calls) {
  for (const AggregateCall& call : calls) {
    THALWEG_TRY(CheckColumns(input, call.arguments, "argument of " + call.function));
    if (call.filter >= 0) {
      THALWEG_TRY(CheckColumns(input, {call.filter}, "filter of " + call.function));
      const types::DataType& type = input.field(call.filter).type;
      if (type.id() != types::TypeId::kBoolean)
        return UserError("A filter is BOOLEAN, not {}, in {}", type.ToString(), call.function);
    }
    for (const SortKey& key : call.order_by)
      THALWEG_TRY(CheckColumns(input, {key.column}, "order of " + call.function));
  }
  return {};
}

Status CheckWindow(const types::Schema& input, const WindowShape& window) {
  const bool attached = window.start_column >= 0 || window.end_column >= 0;
  if (attached) {
    THALWEG_TRY(CheckTimeColumn(input, window.start_column, "window's start"));
    THALWEG_TRY(CheckTimeColumn(input, window.end_column, "window's end"));
  } else if (!window.processing_time) {
    THALWEG_TRY(CheckTimeColumn(input, window.time_column, "window's time"));
  }
  return CheckColumns(input, window.partition, "partition of a window");
}

int64_t ReadPreceding(FieldReader& in) {
  const int64_t number = in.Signed();
  if (number >= 0) return number - 1;
  in.Take(ExternalError("Malformed frame: {} preceding", number));
  return -1;
}

}  // namespace

std::string Encode(const GroupAggregateSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.keys));
  for (const AggregateCall& call : spec.calls) out.Nested(3, Encode(call));
  out.Bool(4, spec.input_changes);
  out.Bool(5, spec.generate_update_before);
  out.Signed(6, spec.ttl_ms);
  return out.Take();
}

Result<GroupAggregateSpec> DecodeGroupAggregate(std::string_view bytes) {
  FieldReader in(bytes, "group aggregate");
  GroupAggregateSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.keys = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.calls.push_back(in.Take(DecodeAggregateCall(in.Bytes()))); break;
      case 4: spec.input_changes = in.Bool(); break;
      case 5: spec.generate_update_before = in.Bool(); break;
      case 6: spec.ttl_ms = in.Signed(); break;
      default: RefuseField(in, "group aggregate");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.keys, "group key"));
  THALWEG_TRY(CheckCalls(spec.input, spec.calls));
  return spec;
}

std::string Encode(const WindowAggregateSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.keys));
  for (const AggregateCall& call : spec.calls) out.Nested(3, Encode(call));
  out.Nested(4, Encode(spec.window));
  for (WindowProperty property : spec.properties) {
    ByteWriter number;
    number.U8(static_cast<uint8_t>(property));
    out.Nested(5, number.view());
  }
  out.Bool(6, spec.input_changes);
  return out.Take();
}

Result<WindowAggregateSpec> DecodeWindowAggregate(std::string_view bytes) {
  FieldReader in(bytes, "window aggregate");
  WindowAggregateSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.keys = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.calls.push_back(in.Take(DecodeAggregateCall(in.Bytes()))); break;
      case 4: spec.window = in.Take(DecodeWindowShape(in.Bytes())); break;
      case 5: spec.properties.push_back(in.Enum(WindowProperty::kProcessingTime)); break;
      case 6: spec.input_changes = in.Bool(); break;
      default: RefuseField(in, "window aggregate");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.keys, "group key"));
  THALWEG_TRY(CheckCalls(spec.input, spec.calls));
  THALWEG_TRY(CheckWindow(spec.input, spec.window));
  return spec;
}

std::string Encode(const WindowTvfSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Nested(2, Encode(spec.window));
  return out.Take();
}

Result<WindowTvfSpec> DecodeWindowTvf(std::string_view bytes) {
  FieldReader in(bytes, "window table function");
  WindowTvfSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.window = in.Take(DecodeWindowShape(in.Bytes())); break;
      default: RefuseField(in, "window table function");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckWindow(spec.input, spec.window));
  return spec;
}

std::string Encode(const OverAggregateSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.partition));
  out.Signed(3, int64_t{spec.time_column} + 1);
  out.Bool(4, spec.processing_time);
  out.Bool(5, spec.rows);
  out.Signed(6, spec.preceding + 1);
  for (const AggregateCall& call : spec.calls) out.Nested(7, Encode(call));
  out.Signed(8, spec.ttl_ms);
  return out.Take();
}

Result<OverAggregateSpec> DecodeOverAggregate(std::string_view bytes) {
  FieldReader in(bytes, "over aggregate");
  OverAggregateSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.partition = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.time_column = ReadColumnPlusOne(in); break;
      case 4: spec.processing_time = in.Bool(); break;
      case 5: spec.rows = in.Bool(); break;
      case 6: spec.preceding = ReadPreceding(in); break;
      case 7: spec.calls.push_back(in.Take(DecodeAggregateCall(in.Bytes()))); break;
      case 8: spec.ttl_ms = in.Signed(); break;
      default: RefuseField(in, "over aggregate");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.partition, "partition"));
  THALWEG_TRY(CheckCalls(spec.input, spec.calls));
  if (!spec.processing_time) THALWEG_TRY(CheckTimeColumn(spec.input, spec.time_column, "order of OVER"));
  return spec;
}

}  // namespace thalweg::graph
