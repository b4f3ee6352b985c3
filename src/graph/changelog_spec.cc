#include "graph/changelog_spec.h"

#include <algorithm>

#include "graph/row_spec.h"
#include "types/type_codec.h"

namespace thalweg::graph {
namespace {

std::string EncodeCode(const ChangeCode& code) {
  FieldWriter out;
  out.Number(1, static_cast<uint64_t>(code.kind));
  out.Bytes(2, code.code);
  return out.Take();
}

Result<ChangeCode> DecodeCode(std::string_view bytes) {
  FieldReader in(bytes, "code of a change");
  ChangeCode code;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: code.kind = in.Enum(types::RowKind::kDelete); break;
      case 2: code.code = in.String(); break;
      default: RefuseField(in, "code of a change");
    }
  }
  THALWEG_TRY(in.status());
  return code;
}

}  // namespace

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

std::vector<int> OtherColumns(const types::Schema& input, const std::vector<int>& partition, int op) {
  std::vector<int> others;
  for (int column = 0; column < input.size(); ++column)
    if (column != op && std::find(partition.begin(), partition.end(), column) == partition.end())
      others.push_back(column);
  return others;
}

std::string Encode(const ToChangelogSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.partition));
  for (const ChangeCode& code : spec.codes) out.Nested(3, EncodeCode(code));
  out.Bool(4, spec.partial_deletes);
  out.Bytes(5, EncodeColumns(spec.kept));
  return out.Take();
}

Result<ToChangelogSpec> DecodeToChangelog(std::string_view bytes) {
  FieldReader in(bytes, "changelog to a log");
  ToChangelogSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.partition = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.codes.push_back(in.Take(DecodeCode(in.Bytes()))); break;
      case 4: spec.partial_deletes = in.Bool(); break;
      case 5: spec.kept = in.Take(DecodeColumns(in.Bytes())); break;
      default: RefuseField(in, "changelog to a log");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.partition, "partition of a changelog"));
  THALWEG_TRY(CheckColumns(spec.input, spec.kept, "key of a changelog"));
  return spec;
}

std::string Encode(const FromChangelogSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.partition));
  out.Signed(3, spec.op);
  for (const ChangeCode& code : spec.codes) out.Nested(4, EncodeCode(code));
  out.Bool(5, spec.skip_unknown);
  return out.Take();
}

Result<FromChangelogSpec> DecodeFromChangelog(std::string_view bytes) {
  FieldReader in(bytes, "changelog from a log");
  FromChangelogSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.partition = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.op = static_cast<int>(std::clamp<int64_t>(in.Signed(), INT32_MIN, INT32_MAX)); break;
      case 4: spec.codes.push_back(in.Take(DecodeCode(in.Bytes()))); break;
      case 5: spec.skip_unknown = in.Bool(); break;
      default: RefuseField(in, "changelog from a log");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.partition, "partition of a changelog"));
  THALWEG_TRY(CheckColumns(spec.input, {spec.op}, "code of a changelog"));
  if (spec.input.field(spec.op).type.id() != types::TypeId::kString)
    return UserError("The code of a changelog is a STRING, not {}", spec.input.field(spec.op).type.ToString());
  return spec;
}

}  // namespace thalweg::graph
