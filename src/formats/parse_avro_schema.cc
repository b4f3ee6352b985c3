#include "formats/parse_avro_schema.h"

#include <simdjson.h>

#include <map>

#include "formats/text.h"

namespace thalweg::formats {
namespace {

using types::DataType;
using types::TypeId;
using Kind = AvroType::Kind;

constexpr int kMostAvroNesting = 64;  // of a schema's JSON: each level is a frame of the stack

struct KindName {
  std::string_view name;
  Kind kind;
};
constexpr KindName kPrimitives[] = {{"null", Kind::kNull},   {"boolean", Kind::kBoolean}, {"int", Kind::kInt},
                                    {"long", Kind::kLong},   {"float", Kind::kFloat},     {"double", Kind::kDouble},
                                    {"bytes", Kind::kBytes}, {"string", Kind::kString}};

/// One schema on its way from JSON.
class AvroSchemaReader {
 public:
  Result<AvroTypePtr> Read(const simdjson::dom::element& json, const std::string& space, int depth) {
    if (depth > kMostAvroNesting) return UserError("An Avro schema nests more than {} deep", kMostAvroNesting);
    if (json.is_string()) return Named(std::string(std::string_view(json)), space);
    if (json.is_array()) {
      auto type = std::make_shared<AvroType>();
      type->kind = Kind::kUnion;
      for (simdjson::dom::element branch : simdjson::dom::array(json)) {
        THALWEG_ASSIGN(AvroTypePtr read, Read(branch, space, depth + 1));
        type->children.push_back(std::move(read));
      }
      if (type->children.empty()) return UserError("A union of an Avro schema has no branches");
      return AvroTypePtr(std::move(type));
    }
    simdjson::dom::object object;
    if (json.get(object)) return UserError("An Avro schema is a name, an object or a union");
    return Object(object, space, depth);
  }

 private:
  Result<AvroTypePtr> Named(const std::string& name, const std::string& space) {
    for (const KindName& primitive : kPrimitives)
      if (name == primitive.name) {
        auto type = std::make_shared<AvroType>();
        type->kind = primitive.kind;
        return AvroTypePtr(std::move(type));
      }
    auto found = named_.find(name.find('.') == std::string::npos && !space.empty() ? space + "." + name : name);
    if (found == named_.end()) found = named_.find(name);
    if (found == named_.end())
      return UserError("An Avro schema names the type '{}', which it does not define before", name);
    return found->second;
  }

  static Result<std::string> Text(const simdjson::dom::object& object, const char* key) {
    std::string_view text;
    if (object[key].get(text)) return UserError("A type of an Avro schema has no '{}'", key);
    return std::string(text);
  }
  static int64_t Number(const simdjson::dom::object& object, const char* key) {
    int64_t number = 0;
    return object[key].get(number) ? 0 : number;
  }

  Result<AvroTypePtr> Object(const simdjson::dom::object& object, const std::string& space, int depth) {
    simdjson::dom::element of;
    if (object["type"].get(of)) return UserError("A type of an Avro schema has no 'type'");
    if (!of.is_string()) return Read(of, space, depth + 1);
    const std::string name{std::string_view(of)};
    auto type = std::make_shared<AvroType>();
    std::string_view logical;
    if (!object["logicalType"].get(logical)) type->logical = logical;
    type->precision = static_cast<int>(Number(object, "precision"));
    type->scale = static_cast<int>(Number(object, "scale"));
    if (name == "array" || name == "map") {
      type->kind = name == "array" ? Kind::kArray : Kind::kMap;
      simdjson::dom::element element;
      if (object[name == "array" ? "items" : "values"].get(element))
        return UserError("An Avro {} has no type of its elements", name);
      THALWEG_ASSIGN(AvroTypePtr read, Read(element, space, depth + 1));
      type->children.push_back(std::move(read));
      return AvroTypePtr(std::move(type));
    }
    if (name != "record" && name != "enum" && name != "fixed" && name != "error") {
      THALWEG_ASSIGN(AvroTypePtr plain, Named(name, space));
      if (type->logical.empty()) return plain;
      type->kind = plain->kind;
      return AvroTypePtr(std::move(type));
    }
    THALWEG_ASSIGN(std::string full, Text(object, "name"));
    std::string inner = space;
    std::string_view given;
    if (!object["namespace"].get(given)) inner = given;
    if (const size_t dot = full.rfind('.'); dot != std::string::npos)
      inner = full.substr(0, dot);
    else if (!inner.empty())
      full = inner + "." + full;
    if (name == "fixed") {
      type->kind = Kind::kFixed;
      const int64_t size = Number(object, "size");
      if (size < 0 || size > INT32_MAX) return UserError("An Avro fixed has a size of {}", size);
      type->size = static_cast<size_t>(size);
    } else if (name == "enum") {
      type->kind = Kind::kEnum;
      simdjson::dom::array symbols;
      if (object["symbols"].get(symbols)) return UserError("The Avro enum '{}' has no symbols", full);
      for (simdjson::dom::element symbol : symbols) {
        std::string_view text;
        if (symbol.get(text)) return UserError("A symbol of the Avro enum '{}' is no text", full);
        type->names.emplace_back(text);
      }
    } else {
      THALWEG_TRY(Fields(object, full, inner, depth, *type));
    }
    named_[full] = type;
    return AvroTypePtr(std::move(type));
  }

  Status Fields(const simdjson::dom::object& object, const std::string& name, const std::string& space, int depth,
                AvroType& type) {
    type.kind = Kind::kRecord;
    simdjson::dom::array fields;
    if (object["fields"].get(fields)) return UserError("The Avro record '{}' has no fields", name);
    for (simdjson::dom::element each : fields) {
      simdjson::dom::object field;
      simdjson::dom::element of;
      if (each.get(field) || field["type"].get(of))
        return UserError("A field of the Avro record '{}' has no type", name);
      THALWEG_ASSIGN(std::string field_name, Text(field, "name"));
      THALWEG_ASSIGN(AvroTypePtr read, Read(of, space, depth + 1));
      type.names.push_back(std::move(field_name));
      type.children.push_back(std::move(read));
    }
    return {};
  }

  std::map<std::string, AvroTypePtr> named_;
};

std::string JsonQuoted(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

/// Writes the JSON; the type is read from it again, so that the two cannot differ.
class AvroSchemaWriter {
 public:
  explicit AvroSchemaWriter(const AvroMapping& mapping) : mapping_(mapping) {}

  Result<std::string> Nullable(const DataType& type, const std::string& name) {
    THALWEG_ASSIGN(std::string text, Plain(type, name));
    return type.nullable() ? fmt::format("[\"null\",{}]", text) : text;
  }
  Result<std::string> Record(const std::vector<types::Field>& fields, const std::string& name, bool outermost) {
    std::string text = fmt::format("{{\"type\":\"record\",\"name\":{}{},\"fields\":[", JsonQuoted(name),
                                   outermost ? ",\"namespace\":\"org.apache.flink.avro.generated\"" : "");
    for (size_t i = 0; i < fields.size(); ++i) {
      auto type = Nullable(fields[i].type, name + "_" + fields[i].name);
      THALWEG_TRY(type.status().WithContext(fmt::format("Column '{}'", fields[i].name)));
      text += fmt::format("{}{{\"name\":{},\"type\":{}{}}}", i ? "," : "", JsonQuoted(fields[i].name), *type,
                          fields[i].type.nullable() ? ",\"default\":null" : "");
    }
    return text + "]}";
  }

 private:
  static std::string Logical(std::string_view type, std::string_view logical) {
    return fmt::format("{{\"type\":\"{}\",\"logicalType\":\"{}\"}}", type, logical);
  }
  Result<std::string> Time(const DataType& type) const {
    const int precision = type.precision();
    const bool local = type.id() == TypeId::kTimestamp;
    if (mapping_.legacy_timestamps) {
      if (!local) return UserError("{} needs 'avro.timestamp_mapping.legacy' = 'false'", type.ToString());
      if (precision > 3)
        return UserError(
            "Avro does not support TIMESTAMP type with precision: {}, it only supports precision less than 3.",
            precision);
      return Logical("long", "timestamp-millis");
    }
    if (precision > 6)
      return UserError("Avro does not support {} type with precision: {}, it only supports precision less than 6.",
                       local ? "TIMESTAMP" : "LOCAL TIMESTAMP", precision);
    return Logical("long", fmt::format("{}timestamp-{}", local ? "local-" : "", precision <= 3 ? "millis" : "micros"));
  }

  Result<std::string> Plain(const DataType& type, const std::string& name) {
    switch (type.id()) {
      case TypeId::kBoolean: return "\"boolean\"";
      case TypeId::kTinyInt:
      case TypeId::kSmallInt:
      case TypeId::kInt: return "\"int\"";
      case TypeId::kBigInt: return "\"long\"";
      case TypeId::kFloat: return "\"float\"";
      case TypeId::kDouble: return "\"double\"";
      case TypeId::kString: return "\"string\"";
      case TypeId::kBinary: return "\"bytes\"";
      case TypeId::kDate: return Logical("int", "date");
      case TypeId::kTime: return Logical("int", "time-millis");
      case TypeId::kTimestamp:
      case TypeId::kTimestampLtz: return Time(type);
      case TypeId::kDecimal:
        return fmt::format("{{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":{},\"scale\":{}}}",
                           type.precision(), type.scale());
      case TypeId::kArray: {
        THALWEG_ASSIGN(std::string element, Nullable(type.children()[0].type, name));
        return fmt::format("{{\"type\":\"array\",\"items\":{}}}", element);
      }
      case TypeId::kMap:
      case TypeId::kMultiset: {
        if (type.children()[0].type.id() != TypeId::kString)
          return UserError("Avro format doesn't support non-string as key type of map. The key type is: {}",
                           type.children()[0].type.ToString());
        if (type.id() == TypeId::kMultiset) return "{\"type\":\"map\",\"values\":\"int\"}";
        THALWEG_ASSIGN(std::string value, Nullable(type.children()[1].type, name));
        return fmt::format("{{\"type\":\"map\",\"values\":{}}}", value);
      }
      case TypeId::kRow: return Record(type.children(), name, false);
      default: return UserError("Unsupported to derive Schema for type: {}", type.ToString());
    }
  }

  const AvroMapping& mapping_;
};

}  // namespace

Result<AvroTypePtr> ParseAvroSchema(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (auto error = parser.parse(json.data(), json.size()).get(root); error)
    return UserError("An Avro schema is no JSON: {}", simdjson::error_message(error));
  return AvroSchemaReader().Read(root, "", 0);
}

Result<DerivedAvroSchema> DeriveAvroSchema(const types::Schema& schema, const AvroMapping& mapping) {
  DerivedAvroSchema derived;
  THALWEG_ASSIGN(derived.json, AvroSchemaWriter(mapping).Record(schema.fields(), "record", true));
  THALWEG_ASSIGN(derived.type, ParseAvroSchema(derived.json));
  return derived;
}

}  // namespace thalweg::formats
