// JSON_QUERY: the part of a document that a path finds, as JSON text or as ARRAY<STRING>.
//
// (json, path) or (json, path, wrapper, on empty, on error) with the words 'WITHOUT', 'CONDITIONAL', 'UNCONDITIONAL' and 'NULL', 'ERROR',
// 'EMPTY ARRAY', 'EMPTY OBJECT'. JSON_QUERY_ARRAY is JSON_QUERY(... RETURNING ARRAY<STRING>).
#include "expr/json_query.h"

#include "expr/json_rows.h"
#include "expr/rows.h"
#include "expr/signature.h"

namespace thalweg::expr {

using std::string_view;
using types::DataType;
using types::TypeId;

namespace {

struct Clauses {
  std::string wrapper = "WITHOUT", on_empty = "NULL", on_error = "NULL";
};

/// What a path found: the values of one array or one value, by the wrapper; or why not.
struct Answer {
  enum class Outcome : uint8_t { kValue, kArray, kEmpty, kError } outcome = Outcome::kError;
  std::vector<JsonValue> values;
  string_view reason = "malformed JSON";
};

Answer Ask(JsonDocument& document, string_view text, const JsonPath& path, const std::string& wrapper) {
  using Outcome = Answer::Outcome;
  const Outcome nothing = path.lax() ? Outcome::kEmpty : Outcome::kError;
  if (!document.Parse(text)) return {nothing, {}, "malformed JSON"};
  JsonPath::Found found = path.Find(document.root());
  if (found.missing && !(path.lax() && path.indefinite())) return {nothing, {}, "no such part"};
  // Several values are an array, which an unconditional wrapper would put into another one.
  if (path.indefinite()) return {Outcome::kArray, std::move(found.values), ""};
  const JsonValue value = found.values[0];
  if (value.is_null()) return {nothing, {}, "null"};
  if (wrapper == "UNCONDITIONAL" || (wrapper == "CONDITIONAL" && !value.is_array()))
    return {Outcome::kArray, {value}, ""};
  if (value.is_scalar()) return {nothing, {}, "a scalar"};
  return {Outcome::kValue, {value}, ""};
}

std::string TextOf(const Answer& answer, bool nested) {
  std::string out = nested ? "[" : "";
  if (answer.outcome == Answer::Outcome::kArray) out += '[';
  for (size_t i = 0; i < answer.values.size(); ++i) {
    if (i) out += ',';
    AppendJson(answer.values[i], out);
  }
  if (answer.outcome == Answer::Outcome::kArray) out += ']';
  return nested ? out + "]" : out;
}

void AppendStrings(const std::vector<JsonValue>& values, columns::ColumnBuilder& out) {
  for (const JsonValue value : values) {
    if (value.is_null()) {
      out.child(0).AppendNull();
    } else if (value.is_scalar()) {
      out.child(0).AppendString(JsonScalarText(value));
    } else {
      std::string json;
      AppendJson(value, json);
      out.child(0).AppendString(json);
    }
  }
  out.CloseRow();
}

/// An ARRAY<STRING> has no place for an object: that is an error, NULL without a clause.
void AppendArray(const Answer& answer, columns::ColumnBuilder& out) {
  AppendStrings(answer.outcome == Answer::Outcome::kArray ? answer.values : answer.values[0].parts(), out);
}

template <bool kArray>
class Query {
 public:
  explicit Query(Clauses clauses) : clauses_(std::move(clauses)) {}

  Result<Vector> operator()(Call& call) const {
    return ForEachPath(
        call, [&](JsonDocument& document, const JsonPath& path, int32_t row, columns::ColumnBuilder& out) -> Status {
          Answer answer = Ask(document, TextAt(call, 0, row), path, clauses_.wrapper);
          if (kArray && answer.outcome == Answer::Outcome::kValue && !answer.values[0].is_array())
            answer = {Answer::Outcome::kError, {}, "no array"};
          return Append(answer, path, TextAt(call, 1, row), out);
        });
  }

 private:
  Status Append(const Answer& answer, const JsonPath& path, string_view path_text, columns::ColumnBuilder& out) const {
    using Outcome = Answer::Outcome;
    if (answer.outcome == Outcome::kValue || answer.outcome == Outcome::kArray) {
      const bool nested = path.indefinite() && clauses_.wrapper == "UNCONDITIONAL";
      if constexpr (kArray)
        AppendArray(answer, out);
      else
        out.AppendString(TextOf(answer, nested));
      return {};
    }
    const std::string& clause = answer.outcome == Outcome::kEmpty ? clauses_.on_empty : clauses_.on_error;
    if (clause == "ERROR") return UserError("JSON_QUERY: {} at {}", answer.reason, path_text);
    if (clause == "NULL") {
      out.AppendNull();
    } else if constexpr (kArray) {
      out.CloseRow();
    } else {
      out.AppendString(clause == "EMPTY ARRAY" ? "[]" : "{}");
    }
    return {};
  }

  Clauses clauses_;
};

template <bool kArray>
Result<Kernel> BindQuery(const Expression& call) {
  Clauses clauses;
  if (call.arguments().size() == 5) {
    clauses.wrapper = call.arguments()[2].value().string();
    clauses.on_empty = call.arguments()[3].value().string();
    clauses.on_error = call.arguments()[4].value().string();
  }
  return Kernel(Query<kArray>(std::move(clauses)));
}

template <bool kArray>
std::optional<DataType> InferQuery(Arguments& arguments) {
  if (arguments.size() != 2 && arguments.size() != 5) return std::nullopt;
  for (size_t i : {0, 1}) {
    std::optional<Expression> text = Fit(arguments[i], Param::kString);
    if (!text) return std::nullopt;
    arguments[i] = *text;
  }
  if (arguments.size() == 5) {
    if (!IsWord(arguments[2], {"WITHOUT", "CONDITIONAL", "UNCONDITIONAL"})) return std::nullopt;
    for (size_t i : {3, 4}) {
      if (!IsWord(arguments[i], {"NULL", "ERROR", "EMPTY ARRAY", "EMPTY OBJECT"})) return std::nullopt;
      if (kArray && IsWord(arguments[i], {"EMPTY OBJECT"})) return std::nullopt;
    }
  }
  const DataType text(TypeId::kString);
  return kArray ? DataType::Array(text) : text;
}

template <bool kArray>
Function QueryFunction(const std::string& name) {
  Function function = Define(name, {name + "(<STRING>, <STRING> [, wrapper, on empty, on error])"},
                             Inference(InferQuery<kArray>), Binder(BindQuery<kArray>));
  function.fails = true;
  function.check = CheckJsonPath;
  return function;
}

}  // namespace

void AddJsonQuery(Registry& registry) {
  registry.Add(QueryFunction<false>("JSON_QUERY"));
  registry.Add(QueryFunction<true>("JSON_QUERY_ARRAY"));
}

}  // namespace thalweg::expr
