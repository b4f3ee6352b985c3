#include "graph/window_best_spec.h"

#include "graph/row_spec.h"
#include "types/type_codec.h"

namespace thalweg::graph {

std::string Encode(const WindowBestSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Number(2, static_cast<uint64_t>(spec.time));
  out.Number(3, static_cast<uint64_t>(spec.value));
  out.Bool(4, spec.least);
  out.Signed(5, spec.size_ms);
  out.Signed(6, spec.offset_ms);
  out.Bool(7, spec.begin_joins_before);
  return out.Take();
}

Result<WindowBestSpec> DecodeWindowBest(std::string_view bytes) {
  FieldReader in(bytes, "best of a window");
  WindowBestSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.time = in.Int32(); break;
      case 3: spec.value = in.Int32(); break;
      case 4: spec.least = in.Bool(); break;
      case 5: spec.size_ms = in.Signed(); break;
      case 6: spec.offset_ms = in.Signed(); break;
      case 7: spec.begin_joins_before = in.Bool(); break;
      default: RefuseField(in, "best of a window");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckTimeColumn(spec.input, spec.time, "time of a window"));
  THALWEG_TRY(CheckColumns(spec.input, {spec.value}, "value of a window"));
  const types::DataType& type = spec.input.field(spec.value).type;
  if (type.id() != types::TypeId::kBigInt && type.id() != types::TypeId::kInt)
    return UserError("Wrong value of a window: column {} is {}, not a BIGINT or INT", spec.input.field(spec.value).name,
                     type.ToString());
  if (spec.size_ms <= 0) return UserError("A window has a size of {} ms", spec.size_ms);
  return spec;
}

}  // namespace thalweg::graph
