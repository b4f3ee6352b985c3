#include "graph/unnest_spec.h"

#include "graph/row_spec.h"
#include "types/type_codec.h"

namespace thalweg::graph {

std::string Encode(const UnnestSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Nested(2, expr::Encode(spec.collection));
  out.Bool(3, spec.outer);
  out.Bool(4, spec.ordinality);
  out.Bytes(5, spec.zone);
  if (spec.condition) out.Nested(6, expr::Encode(*spec.condition));
  return out.Take();
}

std::vector<types::DataType> ElementTypes(const types::DataType& collection, bool outer) {
  std::vector<types::DataType> types;
  if (collection.id() == types::TypeId::kMap) {
    types = {collection.children()[0].type, collection.children()[1].type};
  } else if (collection.id() == types::TypeId::kArray || collection.id() == types::TypeId::kMultiset) {
    const types::DataType& element = collection.children()[0].type;
    if (element.id() == types::TypeId::kRow)
      for (const types::Field& field : element.children())
        types.push_back(element.nullable() ? field.type.WithNullable(true) : field.type);
    else
      types = {element};
  }
  for (types::DataType& type : types)
    if (outer) type = type.WithNullable(true);
  return types;
}

std::vector<types::Field> UnnestedFields(const UnnestSpec& spec) {
  std::vector<types::Field> fields = spec.input.fields();
  for (const types::DataType& type : ElementTypes(spec.collection.type(), spec.outer))
    fields.push_back({"element", type});
  if (spec.ordinality) fields.push_back({"ordinality", types::DataType(types::TypeId::kInt, spec.outer)});
  return fields;
}

Result<UnnestSpec> DecodeUnnest(std::string_view bytes) {
  FieldReader in(bytes, "unnest");
  UnnestSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.collection = in.Take(expr::Decode(in.Bytes())); break;
      case 3: spec.outer = in.Bool(); break;
      case 4: spec.ordinality = in.Bool(); break;
      case 5: spec.zone = in.String(); break;
      case 6: spec.condition = in.Take(expr::Decode(in.Bytes())); break;
      default: RefuseField(in, "unnest");
    }
  }
  THALWEG_TRY(in.status());
  if (ElementTypes(spec.collection.type(), false).empty() && spec.collection.type().id() != types::TypeId::kBigInt)
    return UserError("UNNEST needs an ARRAY, MAP or MULTISET, not {}", spec.collection.type().ToString());
  THALWEG_TRY(CheckColumns(spec.input, expr::InputsOf(spec.collection), "collection of UNNEST"));
  if (spec.condition) {
    if (!spec.outer) return ExternalError("Malformed unnest: a condition without outer");
    THALWEG_TRY(CheckCondition(spec.condition, UnnestedFields(spec), "unnest"));
  }
  return spec;
}

}  // namespace thalweg::graph
