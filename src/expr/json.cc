// IS JSON, JSON_STRING, JSON_OBJECT, JSON_ARRAY, JSON.
//
// JSON_OBJECT and JSON_ARRAY have 'NULL ON NULL' or 'ABSENT ON NULL' as their first argument, if at all.
#include <map>

#include "expr/families.h"
#include "expr/functions.h"
#include "expr/json_document.h"
#include "expr/json_query.h"
#include "expr/json_text.h"
#include "expr/json_value.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

using std::string_view;
using types::DataType;
using types::TypeId;

namespace {

enum class Shape : uint8_t { kValue, kScalar, kArray, kObject };

bool IsJson(JsonDocument& document, string_view text, Shape shape) {
  if (!document.Parse(text)) return false;
  switch (shape) {
    case Shape::kScalar: return document.root().is_scalar();
    case Shape::kArray: return document.root().is_array();
    case Shape::kObject: return document.root().is_object();
    default: return true;
  }
}

/// NULL is no JSON: FALSE, and TRUE for IS NOT JSON.
Function IsJsonFunction(std::string name, Shape shape, bool negated) {
  Kernel kernel = [shape, negated](Call& call) -> Result<Vector> {
    JsonDocument document;
    const Vector& text = call.argument(0);
    columns::ColumnBuilder out(call.type(), call.pool(), call.rows());
    for (int32_t row = 0; row < call.rows(); ++row)
      out.AppendBool((!text.IsNull(row) && IsJson(document, text.column.String(text.at(row)), shape)) != negated);
    return Vector{out.Take()};
  };
  return Define(
      std::move(name), {{{Param::kString}}}, [](const Arguments&) { return DataType(TypeId::kBoolean, false); },
      std::move(kernel));
}

std::string WordAt(const Call& call, int argument, std::string otherwise) {
  if (argument >= call.arguments()) return otherwise;
  return std::string(TextAt(call, argument, 0));
}

/// A value that is JSON text already: what JSON, JSON_OBJECT and JSON_ARRAY give.
bool IsRaw(const Expression& argument) {
  if (argument.kind() != Expression::Kind::kCall) return false;
  const std::string& name = argument.function().name;
  return name == "JSON" || name == "JSON_OBJECT" || name == "JSON_ARRAY";
}

constexpr string_view kNullOnNull = "NULL ON NULL", kAbsentOnNull = "ABSENT ON NULL";

bool IsOption(const Expression& argument) {
  return argument.is_literal() && !argument.is_null_literal() && argument.type().id() == TypeId::kString &&
         (argument.value().string() == kNullOnNull || argument.value().string() == kAbsentOnNull);
}

/// The clause comes first; put there if it is missing.
void WithOption(Arguments& arguments, string_view otherwise) {
  if (arguments.empty() || !IsOption(arguments[0]))
    arguments.insert(arguments.begin(), Expression::Literal(Value::String(otherwise)));
}

std::string JsonOf(const Call& call, int argument, int32_t row) {
  const Vector& value = call.argument(argument);
  std::string text;
  if (value.IsNull(row) || value.column.type.id() == TypeId::kNull) return "null";
  if (IsRaw(call.expression().arguments()[static_cast<size_t>(argument)]))
    return std::string(TextAt(call, argument, row));
  AppendJsonCell(value.column, value.at(row), ZoneOf(call), text);
  return text;
}

Result<Vector> RunObject(Call& call) {
  const bool keep = WordAt(call, 0, "") == kNullOnNull;
  columns::ColumnBuilder out(call.type(), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    std::map<std::string, std::string> members;
    for (int i = 1; i + 1 < call.arguments(); i += 2) {
      std::string value = JsonOf(call, i + 1, row);
      if (keep || value != "null") members[std::string(TextAt(call, i, row))] = std::move(value);
    }
    std::string text = "{";
    for (const auto& [name, value] : members) {
      if (text.size() > 1) text += ',';
      AppendJsonString(name, text);
      text += ':';
      text += value;
    }
    out.AppendString(text + "}");
  }
  return Vector{out.Take()};
}

Result<Vector> RunArray(Call& call) {
  const bool keep = WordAt(call, 0, "") == kNullOnNull;
  columns::ColumnBuilder out(call.type(), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    std::string text = "[";
    for (int i = 1; i < call.arguments(); ++i) {
      const std::string value = JsonOf(call, i, row);
      if (!keep && value == "null") continue;
      if (text.size() > 1) text += ',';
      text += value;
    }
    out.AppendString(text + "]");
  }
  return Vector{out.Take()};
}

std::optional<DataType> InferObject(Arguments& arguments) {
  WithOption(arguments, kNullOnNull);
  if (arguments.size() % 2 == 0) return std::nullopt;
  for (size_t i = 1; i < arguments.size(); i += 2)
    if (arguments[i].type().id() != TypeId::kString || arguments[i].type().nullable()) return std::nullopt;
  return DataType(TypeId::kString, false);
}

std::optional<DataType> InferArray(Arguments& arguments) {
  WithOption(arguments, kAbsentOnNull);
  return DataType(TypeId::kString, false);
}

/// JSON('...'): text that stands in JSON_OBJECT and JSON_ARRAY as it is; blank text is null.
Result<std::optional<std::string>> RunJson(string_view text) {
  if (text.find_first_not_of(" \t\r\n") == string_view::npos) return std::optional<std::string>("null");
  JsonDocument document;
  if (!document.Parse(text)) return UserError("JSON: malformed JSON: '{}'", text);
  std::string out;
  AppendJson(document.root(), out);
  return std::optional<std::string>(out);
}

Function Raw(std::string name, std::string signature, Inference infer, Kernel kernel) {
  Function function = Define(std::move(name), {std::move(signature)}, std::move(infer),
                             Binder([kernel](const Expression&) -> Result<Kernel> { return kernel; }));
  function.contextual = true;  // never folded: an outer function tells by the call that its text is JSON
  return function;
}

void AddMakers(Registry& registry) {
  registry.Add(Raw("JSON_OBJECT", "JSON_OBJECT(KEY <STRING NOT NULL> VALUE <ANY>, ...)", InferObject, RunObject));
  registry.Add(Raw("JSON_ARRAY", "JSON_ARRAY(<ANY>, ...)", InferArray, RunArray));
  Function json = Raw(
      "JSON", "JSON(<STRING>)",
      [](Arguments& a) -> std::optional<DataType> {
        if (a.size() != 1 || a[0].type().id() != TypeId::kString) return std::nullopt;
        return Strict(DataType(TypeId::kString), a);
      },
      RowKernel<string_view>(RunJson));
  json.fails = true;
  registry.Add(std::move(json));
  Function text =
      Define("JSON_STRING", {{{Param::kAny}}}, Returns(TypeId::kString), Kernel([](Call& call) -> Result<Vector> {
               columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
               for (int32_t row = 0; row < call.rows(); ++row) {
                 if (call.argument(0).IsNull(row))
                   out.AppendNull();
                 else
                   out.AppendString(JsonOf(call, 0, row));
               }
               return Vector{out.Take()};
             }));
  text.contextual = true;
  registry.Add(std::move(text));
}

}  // namespace

void AddJson(Registry& registry) {
  for (const auto& [suffix, shape] :
       std::initializer_list<std::pair<const char*, Shape>>{{"", Shape::kValue},
                                                            {" VALUE", Shape::kValue},
                                                            {" SCALAR", Shape::kScalar},
                                                            {" ARRAY", Shape::kArray},
                                                            {" OBJECT", Shape::kObject}}) {
    registry.Add(IsJsonFunction(std::string("IS JSON") + suffix, shape, false));
    registry.Add(IsJsonFunction(std::string("IS NOT JSON") + suffix, shape, true));
  }
  AddMakers(registry);
  AddJsonValue(registry);
  AddJsonQuery(registry);
}

}  // namespace thalweg::expr
