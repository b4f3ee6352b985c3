#include "types/type_codec.h"

#include "base/fields.h"
#include "types/object_type.h"

namespace thalweg::types {
namespace {

// Type: 1 id, 2 not null, 3 precision, 4 scale, 5 part (repeated), 6 name of an object's codec. Part, field: 1 name, 2 type.
// Unknown fields are refused: a type that is only half understood is another type.
std::string EncodeField(const Field& field) {
  FieldWriter out;
  out.Bytes(1, field.name);
  out.Nested(2, EncodeType(field.type));
  return out.Take();
}

Status NewerField(std::string_view what, uint64_t tag) {
  return ExternalError("Newer {}: field {} is not known to this build", what, tag);
}

Result<DataType> Decode(std::string_view bytes, int depth);

Result<Field> DecodeField(std::string_view bytes, int depth) {
  FieldReader in(bytes, "column");
  Field field;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: field.name = in.String(); break;
      case 2: field.type = in.Take(Decode(in.Bytes(), depth)); break;
      default: in.Take(NewerField("column", in.tag()));
    }
  }
  THALWEG_TRY(in.status());
  return field;
}

Result<DataType> Decode(std::string_view bytes, int depth) {
  if (depth > kMaxTypeDepth) return ExternalError("Malformed type: nested deeper than {}", kMaxTypeDepth);
  FieldReader in(bytes, "type");
  TypeId id = TypeId::kNull;
  bool nullable = true;
  int precision = 0, scale = 0;
  std::vector<Field> children;
  std::string object;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: id = in.Enum(TypeId::kObject); break;
      case 2: nullable = !in.Bool(); break;
      case 3: precision = static_cast<int>(in.Number(INT32_MAX)); break;
      case 4: scale = static_cast<int>(in.Number(INT8_MAX)); break;
      case 5: children.push_back(in.Take(DecodeField(in.Bytes(), depth + 1))); break;
      case 6: object = in.String(); break;
      default: in.Take(NewerField("type", in.tag()));
    }
  }
  THALWEG_TRY(in.status());
  if (id == TypeId::kObject)
    return ExternalError("Type holds C++ objects, which only the program can make: {}", object);
  return DataType::FromParts(id, nullable, precision, scale, std::move(children));
}

}  // namespace

std::string EncodeType(const DataType& type) {
  FieldWriter out;
  out.Number(1, static_cast<uint64_t>(type.id()));
  out.Bool(2, !type.nullable());
  out.Number(3, static_cast<uint64_t>(type.precision()));
  out.Number(4, static_cast<uint64_t>(type.scale()));
  for (const Field& child : type.children()) out.Nested(5, EncodeField(child));
  if (type.id() == TypeId::kObject) out.Bytes(6, type.object().name);
  return out.Take();
}

Result<DataType> DecodeType(std::string_view bytes) { return Decode(bytes, 1); }

// Schema: 1 column (repeated).
std::string EncodeSchema(const Schema& schema) {
  FieldWriter out;
  for (const Field& field : schema.fields()) out.Nested(1, EncodeField(field));
  return out.Take();
}

Result<Schema> DecodeSchema(std::string_view bytes) {
  FieldReader in(bytes, "schema");
  std::vector<Field> fields;
  while (in.Next()) {
    if (in.tag() != 1) return NewerField("schema", in.tag());
    fields.push_back(in.Take(DecodeField(in.Bytes(), 1)));
  }
  THALWEG_TRY(in.status());
  return Schema(std::move(fields));
}

}  // namespace thalweg::types
