#include "graph/changelog_spec.h"

#include "graph/row_spec.h"
#include "types/type_codec.h"

namespace thalweg::graph {

std::string Encode(const ChangelogNormalizeSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.keys));
  out.Bool(3, spec.generate_update_before);
  if (spec.condition) out.Nested(4, expr::Encode(*spec.condition));
  out.Signed(5, spec.ttl_ms);
  return out.Take();
}

Result<ChangelogNormalizeSpec> DecodeChangelogNormalize(std::string_view bytes) {
  FieldReader in(bytes, "changelog normalization");
  ChangelogNormalizeSpec spec;
  spec.generate_update_before = false;  // a field that is false is left out
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.keys = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.generate_update_before = in.Bool(); break;
      case 4: spec.condition = in.Take(expr::Decode(in.Bytes())); break;
      case 5: spec.ttl_ms = in.Signed(); break;
      default: RefuseField(in, "changelog normalization");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.keys, "key of a changelog"));
  THALWEG_TRY(CheckCondition(spec.condition, spec.input.fields(), "changelog normalization"));
  return spec;
}

std::string Encode(const UpsertMaterializeSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.keys));
  out.Bytes(3, EncodeColumns(spec.upsert_key));
  out.Signed(4, spec.ttl_ms);
  out.Number(5, static_cast<uint64_t>(spec.conflict));
  return out.Take();
}

Result<UpsertMaterializeSpec> DecodeUpsertMaterialize(std::string_view bytes) {
  FieldReader in(bytes, "upsert materialization");
  UpsertMaterializeSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.keys = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.upsert_key = in.Take(DecodeColumns(in.Bytes())); break;
      case 4: spec.ttl_ms = in.Signed(); break;
      case 5: spec.conflict = in.Enum(UpsertMaterializeSpec::Conflict::kError); break;
      default: RefuseField(in, "upsert materialization");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.keys, "key of a sink"));
  THALWEG_TRY(CheckColumns(spec.input, spec.upsert_key, "upsert key"));
  return spec;
}

std::string Encode(const DropUpdateBeforeSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  return out.Take();
}

Result<DropUpdateBeforeSpec> DecodeDropUpdateBefore(std::string_view bytes) {
  FieldReader in(bytes, "drop of updates");
  DropUpdateBeforeSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      default: RefuseField(in, "drop of updates");
    }
  }
  THALWEG_TRY(in.status());
  return spec;
}

}  // namespace thalweg::graph
