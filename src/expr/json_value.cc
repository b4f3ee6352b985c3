// JSON_EXISTS and JSON_VALUE: whether a path finds something, and the scalar that it finds.
//
// JSON_EXISTS is (json, path [, 'TRUE' | 'FALSE' | 'UNKNOWN' | 'ERROR']). JSON_VALUE is (json, path) or (json, path, on empty, empty default,
// on error, error default [, a NULL of the type that it returns]), with the words 'NULL', 'ERROR', 'DEFAULT'. It returns text if no type is given.
#include "expr/json_value.h"

#include <cmath>

#include "base/ascii.h"
#include "expr/json_number.h"
#include "expr/json_rows.h"
#include "expr/numeric_cast.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/type_rules.h"
#include "types/scalar_text.h"

namespace thalweg::expr {

using std::string_view;
using types::DataType;
using types::TypeId;

namespace {

/// What a path finds in a row's document: one value, several, nothing, or why that is an error.
struct Lookup {
  enum class Outcome : uint8_t { kOne, kSeveral, kEmpty, kError } outcome = Outcome::kError;
  string_view reason = {};
  std::vector<JsonValue> values = {};
};

Lookup Look(JsonDocument& document, string_view text, const JsonPath& path) {
  using Outcome = Lookup::Outcome;
  const Outcome nothing = path.lax() ? Outcome::kEmpty : Outcome::kError;
  if (!document.Parse(text)) return {nothing, "malformed JSON"};
  JsonPath::Found found = path.Find(document.root());
  if (path.indefinite() && (path.lax() || !found.missing)) return {Outcome::kSeveral, "several values", found.values};
  if (found.missing) return {nothing, "no such part"};
  if (found.values[0].is_null()) return {nothing, "null"};
  return {Outcome::kOne, "", std::move(found.values)};
}

string_view WordOr(const Call& call, int argument, string_view otherwise) {
  return argument < call.arguments() ? TextAt(call, argument, 0) : otherwise;
}

Status NotFound(string_view function, string_view reason, const Call& call, int32_t row) {
  return UserError("{}: {} at {} of '{}'", function, reason, TextAt(call, 1, row), TextAt(call, 0, row));
}

Result<Vector> RunExists(Call& call) {
  using Outcome = Lookup::Outcome;
  const string_view on_error = WordOr(call, 2, "FALSE");
  return ForEachPath(
      call, [&](JsonDocument& document, const JsonPath& path, int32_t row, columns::ColumnBuilder& out) -> Status {
        const Lookup lookup = Look(document, TextAt(call, 0, row), path);
        if (lookup.outcome != Outcome::kError)
          out.AppendBool(lookup.outcome != Outcome::kEmpty);
        else if (on_error == "ERROR")
          return NotFound("JSON_EXISTS", lookup.reason, call, row);
        else if (on_error == "UNKNOWN")
          out.AppendNull();
        else
          out.AppendBool(on_error == "TRUE");
        return {};
      });
}

std::optional<bool> ToBoolean(JsonValue value) {
  if (value.is_bool()) return value.is_true();
  if (!value.is_string()) return std::nullopt;
  const std::string lower = AsciiLower(types::Trim(value.text()));
  for (string_view word : {"true", "t", "yes", "1"})
    if (lower == word) return true;
  for (string_view word : {"false", "f", "no", "0"})
    if (lower == word) return false;
  return std::nullopt;
}

template <typename T>
bool AppendInteger(const JsonNumber& number, columns::ColumnBuilder& out) {
  std::optional<int64_t> value = number.ToInteger(std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  if (value) out.Append(static_cast<T>(*value));
  return value.has_value();
}

template <typename T>
bool AppendFloat(string_view text, columns::ColumnBuilder& out) {
  double value;
  if (!types::ParseDouble(text, &value) || !std::isfinite(CastNumber<T>(value))) return false;
  out.Append(CastNumber<T>(value));
  return true;
}

bool AppendDecimal(string_view text, const DataType& type, columns::ColumnBuilder& out) {
  types::Int128 value;
  if (types::ParseDecimal(text, type.precision(), type.scale(), &value) != types::DecimalParse::kOk) return false;
  out.Append(value);
  return true;
}

/// Of the type that is built; false, and nothing is appended, if it has no such value. Fractions are cut off where the type has none.
bool AppendAs(JsonValue value, columns::ColumnBuilder& out) {
  const DataType& type = out.type();
  if (type.id() == TypeId::kString) return out.AppendString(JsonScalarText(value)), true;
  if (type.id() == TypeId::kBoolean) {
    const std::optional<bool> boolean = ToBoolean(value);
    if (boolean) out.AppendBool(*boolean);
    return boolean.has_value();
  }
  if (!value.is_number() && !value.is_string()) return false;
  const std::optional<JsonNumber> number = JsonNumber::Parse(value.text());
  if (!number) return false;
  switch (type.id()) {
    case TypeId::kTinyInt: return AppendInteger<int8_t>(*number, out);
    case TypeId::kSmallInt: return AppendInteger<int16_t>(*number, out);
    case TypeId::kInt: return AppendInteger<int32_t>(*number, out);
    case TypeId::kBigInt: return AppendInteger<int64_t>(*number, out);
    case TypeId::kFloat: return AppendFloat<float>(value.text(), out);
    case TypeId::kDouble: return AppendFloat<double>(value.text(), out);
    default: return AppendDecimal(value.text(), type, out);
  }
}

/// Applies an ON EMPTY or ON ERROR clause: its word in argument `word`, its default in the next.
Status Otherwise(Call& call, int word, int32_t row, string_view reason, columns::ColumnBuilder& out) {
  const string_view behavior = WordOr(call, word, "NULL");
  if (behavior == "ERROR") return NotFound("JSON_VALUE", reason, call, row);
  if (behavior == "DEFAULT" && !call.argument(word + 1).IsNull(row)) {
    const Vector& value = call.argument(word + 1);
    const int32_t at = value.at(row);
    out.AppendRows(value.column, &at, 1);
  } else {
    out.AppendNull();
  }
  return {};
}

Result<Vector> RunValue(Call& call) {
  using Outcome = Lookup::Outcome;
  return ForEachPath(
      call, [&](JsonDocument& document, const JsonPath& path, int32_t row, columns::ColumnBuilder& out) -> Status {
        Lookup lookup = Look(document, TextAt(call, 0, row), path);
        if (lookup.outcome == Outcome::kSeveral || (lookup.outcome == Outcome::kOne && !lookup.values[0].is_scalar()))
          lookup = {path.lax() ? Outcome::kEmpty : Outcome::kError, "no scalar"};
        if (lookup.outcome == Outcome::kOne) {
          if (AppendAs(lookup.values[0], out)) return {};
          lookup = {Outcome::kError, "not of the type that is returned"};
        }
        return Otherwise(call, lookup.outcome == Outcome::kEmpty ? 2 : 4, row, lookup.reason, out);
      });
}

bool FitTexts(Arguments& arguments, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    std::optional<Expression> text = Fit(arguments[i], Param::kString);
    if (!text) return false;
    arguments[i] = *text;
  }
  return true;
}

std::optional<DataType> InferExists(Arguments& arguments) {
  if (arguments.size() < 2 || arguments.size() > 3 || !FitTexts(arguments, 2)) return std::nullopt;
  if (arguments.size() == 3 && !IsWord(arguments[2], {"TRUE", "FALSE", "UNKNOWN", "ERROR"})) return std::nullopt;
  return DataType(TypeId::kBoolean);
}

/// A default as the type that is returned; as text it is that of Java, "false".
std::optional<Expression> DefaultAs(const Expression& value, const DataType& type) {
  if (value.type().id() == type.id() && SameType(value.type(), type)) return value;
  if (value.is_null_literal()) return Expression::Literal(Value::Null(type));
  Result<Expression> cast = Cast(value, type);
  if (cast.ok() && type.id() == TypeId::kString && value.type().id() == TypeId::kBoolean)
    cast = Resolve("LOWER", {*std::move(cast)});
  if (!cast.ok()) return std::nullopt;
  return *std::move(cast);
}

std::optional<DataType> InferValue(Arguments& arguments) {
  const size_t count = arguments.size();
  if ((count != 2 && count != 6 && count != 7) || !FitTexts(arguments, 2)) return std::nullopt;
  DataType type(TypeId::kString);
  if (count == 7) {
    type = arguments[6].type().WithNullable(true);
    if (!arguments[6].is_null_literal() || !IsJsonValueType(type)) return std::nullopt;
  }
  for (size_t word : {2, 4}) {
    if (count == 2) break;
    if (!IsWord(arguments[word], {"NULL", "ERROR", "DEFAULT"})) return std::nullopt;
    std::optional<Expression> value = DefaultAs(arguments[word + 1], type);
    if (!value) return std::nullopt;
    arguments[word + 1] = *std::move(value);
  }
  return type;
}

Function PathFunction(std::string name, std::string signature, Inference infer, Kernel kernel) {
  Function function = Define(std::move(name), {std::move(signature)}, std::move(infer),
                             Binder([kernel](const Expression&) -> Result<Kernel> { return kernel; }));
  function.fails = true;
  function.check = CheckJsonPath;
  return function;
}

}  // namespace

bool IsJsonValueType(const DataType& type) { return type.id() == TypeId::kBoolean || IsNumeric(type.id()); }

void AddJsonValue(Registry& registry) {
  registry.Add(
      PathFunction("JSON_EXISTS", "JSON_EXISTS(<STRING>, <STRING> [, on error])", Inference(InferExists), RunExists));
  registry.Add(PathFunction("JSON_VALUE",
                            "JSON_VALUE(<STRING>, <STRING> [, on empty, default, on error, default [, type]])",
                            Inference(InferValue), RunValue));
}

}  // namespace thalweg::expr
