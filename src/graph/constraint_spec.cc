#include "graph/constraint_spec.h"

#include "graph/row_spec.h"
#include "types/type_codec.h"

namespace thalweg::graph {

std::string Encode(const ConstraintSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Number(2, static_cast<uint64_t>(spec.not_null));
  out.Number(3, static_cast<uint64_t>(spec.length));
  out.Number(4, static_cast<uint64_t>(spec.nested));
  for (const std::vector<int>& way : spec.fixed_lengths) out.Bytes(5, EncodeColumns(way));
  return out.Take();
}

Result<ConstraintSpec> DecodeConstraints(std::string_view bytes) {
  FieldReader in(bytes, "constraints");
  ConstraintSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.not_null = in.Enum(ConstraintSpec::NotNull::kDrop); break;
      case 3: spec.length = in.Enum(ConstraintSpec::Length::kError); break;
      case 4: spec.nested = in.Enum(ConstraintSpec::Nested::kRowsAndCollections); break;
      case 5: spec.fixed_lengths.push_back(in.Take(DecodeColumns(in.Bytes()))); break;
      default: RefuseField(in, "constraints");
    }
  }
  THALWEG_TRY(in.status());
  return spec;
}

}  // namespace thalweg::graph
