// IS JSON, JSON_EXISTS, JSON_VALUE, JSON_STRING, JSON_OBJECT, JSON_ARRAY, JSON.
//
// JSON_VALUE is (json, path) or (json, path, on empty, empty default, on error, error default), the words 'NULL', 'ERROR', 'DEFAULT';
// RETURNING is a cast around it. JSON_EXISTS is (json, path [, 'TRUE' | 'FALSE' | 'UNKNOWN' | 'ERROR']). JSON_OBJECT and JSON_ARRAY
// have 'NULL ON NULL' or 'ABSENT ON NULL' as their first argument, if at all.
#include <map>

#include "expr/families.h"
#include "expr/functions.h"
#include "expr/json_path.h"
#include "expr/json_query.h"
#include "expr/json_text.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

using simdjson::dom::element;
using std::string_view;
using types::DataType;
using types::TypeId;

namespace {

using Arguments = std::vector<Expression>;

bool Parse(simdjson::dom::parser& parser, string_view text, element& document) {
  return parser.parse(text.data(), text.size()).get(document) == simdjson::SUCCESS;
}

enum class Shape : uint8_t { kValue, kScalar, kArray, kObject };

bool IsJson(simdjson::dom::parser& parser, string_view text, Shape shape) {
  element document;
  if (!Parse(parser, text, document)) return false;
  switch (shape) {
    case Shape::kScalar: return !document.is_array() && !document.is_object();
    case Shape::kArray: return document.is_array();
    case Shape::kObject: return document.is_object();
    default: return true;
  }
}

/// NULL is no JSON: FALSE, and TRUE for IS NOT JSON.
Function IsJsonFunction(std::string name, Shape shape, bool negated) {
  Kernel kernel = [shape, negated](Call& call) -> Result<Vector> {
    simdjson::dom::parser parser;
    const Vector& text = call.argument(0);
    columns::ColumnBuilder out(call.type(), call.pool(), call.rows());
    for (int32_t row = 0; row < call.rows(); ++row)
      out.AppendBool((!text.IsNull(row) && IsJson(parser, text.column.String(text.at(row)), shape)) != negated);
    return Vector{out.Take()};
  };
  return Define(
      std::move(name), {{{Param::kString}}}, [](const Arguments&) { return DataType(TypeId::kBoolean, false); },
      std::move(kernel));
}

/// What a path finds in a row's document.
struct Lookup {
  enum class Outcome : uint8_t { kFound, kEmpty, kError } outcome = Outcome::kError;
  std::string reason;
  std::vector<element> values;
};

Lookup Look(simdjson::dom::parser& parser, string_view text, const JsonPath& path) {
  element document;
  if (!Parse(parser, text, document)) return {Lookup::Outcome::kError, "malformed JSON", {}};
  JsonPath::Found found = path.Find(document);
  if (found.missing) return {path.lax() ? Lookup::Outcome::kEmpty : Lookup::Outcome::kError, "no such part", {}};
  return {Lookup::Outcome::kFound, "", std::move(found.values)};
}

string_view TextAt(const Call& call, int argument, int32_t row) {
  const Vector& vector = call.argument(argument);
  return vector.column.String(vector.at(row));
}

std::string WordAt(const Call& call, int argument, std::string otherwise) {
  if (argument >= call.arguments()) return otherwise;
  return std::string(TextAt(call, argument, 0));
}

/// The path of the rows so far.
class PathCache {
 public:
  Result<const JsonPath*> Get(string_view text) {
    if (!path_ || text_ != text) {
      THALWEG_ASSIGN(path_, JsonPath::Compile(text));
      text_ = text;
    }
    return &*path_;
  }

 private:
  std::string text_;
  std::optional<JsonPath> path_;
};

Status NotFound(string_view function, const Lookup& lookup, string_view path, string_view text) {
  return UserError("{}: {} at {} of '{}'", function, lookup.reason.empty() ? "nothing" : lookup.reason, path, text);
}

Result<Vector> RunExists(Call& call) {
  simdjson::dom::parser parser;
  PathCache paths;
  const std::string on_error = WordAt(call, 2, "FALSE");
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    if (call.argument(0).IsNull(row) || call.argument(1).IsNull(row)) {
      out.AppendNull();
      continue;
    }
    THALWEG_ASSIGN(const JsonPath* path, paths.Get(TextAt(call, 1, row)));
    const Lookup lookup = Look(parser, TextAt(call, 0, row), *path);
    if (lookup.outcome != Lookup::Outcome::kError)
      out.AppendBool(lookup.outcome == Lookup::Outcome::kFound && !lookup.values.empty());
    else if (on_error == "ERROR")
      return NotFound("JSON_EXISTS", lookup, TextAt(call, 1, row), TextAt(call, 0, row));
    else if (on_error == "UNKNOWN")
      out.AppendNull();
    else
      out.AppendBool(on_error == "TRUE");
  }
  return Vector{out.Take()};
}

/// Applies an ON EMPTY or ON ERROR clause: its word in argument `word`, its default in the next.
Status Otherwise(Call& call, int word, int32_t row, const Lookup& lookup, columns::ColumnBuilder& out) {
  const std::string behavior = WordAt(call, word, "NULL");
  if (behavior == "ERROR") return NotFound("JSON_VALUE", lookup, TextAt(call, 1, row), TextAt(call, 0, row));
  if (behavior == "DEFAULT" && !call.argument(word + 1).IsNull(row))
    out.AppendString(TextAt(call, word + 1, row));
  else
    out.AppendNull();
  return {};
}

Result<Vector> RunValue(Call& call) {
  simdjson::dom::parser parser;
  PathCache paths;
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    if (call.argument(0).IsNull(row) || call.argument(1).IsNull(row)) {
      out.AppendNull();
      continue;
    }
    THALWEG_ASSIGN(const JsonPath* path, paths.Get(TextAt(call, 1, row)));
    Lookup lookup = Look(parser, TextAt(call, 0, row), *path);
    std::optional<std::string> text;
    if (lookup.outcome == Lookup::Outcome::kFound) {
      const bool single = !path->indefinite() && lookup.values.size() == 1;
      if (single && lookup.values[0].is_null()) {
        lookup.outcome = Lookup::Outcome::kEmpty;
      } else if (single) {
        text = JsonScalarText(lookup.values[0]);
      }
      if (!text && lookup.outcome == Lookup::Outcome::kFound) {
        lookup.outcome = path->lax() ? Lookup::Outcome::kEmpty : Lookup::Outcome::kError;
        lookup.reason = "no scalar";
      }
    }
    if (text)
      out.AppendString(*text);
    else
      THALWEG_TRY(Otherwise(call, lookup.outcome == Lookup::Outcome::kEmpty ? 2 : 4, row, lookup, out));
  }
  return Vector{out.Take()};
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
  simdjson::dom::parser parser;
  element document;
  if (!Parse(parser, text, document)) return UserError("JSON: malformed JSON: '{}'", text);
  std::string out;
  AppendJson(document, out);
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

bool IsWord(const Expression& argument, std::initializer_list<string_view> words) {
  if (!argument.is_literal() || argument.is_null_literal() || argument.type().id() != TypeId::kString) return false;
  return std::find(words.begin(), words.end(), argument.value().string()) != words.end();
}

Function Failing(Function function) {
  function.fails = true;
  return function;
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
  auto run = [](Kernel kernel) { return Binder([kernel](const Expression&) -> Result<Kernel> { return kernel; }); };
  auto texts = [](Arguments& arguments, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      std::optional<Expression> text = Fit(arguments[i], Param::kString);
      if (!text) return false;
      arguments[i] = *text;
    }
    return true;
  };
  registry.Add(Failing(Define("JSON_EXISTS", {"JSON_EXISTS(<STRING>, <STRING> [, on error])"},
                              Inference([texts](Arguments& a) -> std::optional<DataType> {
                                if (a.size() < 2 || a.size() > 3 || !texts(a, 2)) return std::nullopt;
                                if (a.size() == 3 && !IsWord(a[2], {"TRUE", "FALSE", "UNKNOWN", "ERROR"}))
                                  return std::nullopt;
                                const bool unknown = a.size() == 3 && a[2].value().string() == "UNKNOWN";
                                return Strict(DataType(TypeId::kBoolean), a).WithNullable(unknown || AnyNullable(a));
                              }),
                              run(RunExists))));
  registry.Add(Failing(Define("JSON_VALUE", {"JSON_VALUE(<STRING>, <STRING> [, on empty, default, on error, default])"},
                              Inference([texts](Arguments& a) -> std::optional<DataType> {
                                if ((a.size() != 2 && a.size() != 6) || !texts(a, a.size())) return std::nullopt;
                                for (size_t word : {2, 4})
                                  if (a.size() == 6 && !IsWord(a[word], {"NULL", "ERROR", "DEFAULT"}))
                                    return std::nullopt;
                                return DataType(TypeId::kString);
                              }),
                              run(RunValue))));
  AddMakers(registry);
  AddJsonQuery(registry);
}

}  // namespace thalweg::expr
