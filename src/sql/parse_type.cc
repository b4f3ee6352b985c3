#include <algorithm>
#include <array>

#include "base/edit_distance.h"
#include "sql/grammar.h"

namespace thalweg::sql {
namespace {

struct TypeWord {
  std::string_view words;
  TypeKind kind;
};
// Several words before their first one alone.
constexpr std::array kTypeWords = {TypeWord{"BOOLEAN", TypeKind::kBoolean},
                                   TypeWord{"TINYINT", TypeKind::kTinyInt},
                                   TypeWord{"SMALLINT", TypeKind::kSmallInt},
                                   TypeWord{"INTEGER", TypeKind::kInt},
                                   TypeWord{"INT", TypeKind::kInt},
                                   TypeWord{"BIGINT", TypeKind::kBigInt},
                                   TypeWord{"FLOAT", TypeKind::kFloat},
                                   TypeWord{"DOUBLE PRECISION", TypeKind::kDouble},
                                   TypeWord{"DOUBLE", TypeKind::kDouble},
                                   TypeWord{"DECIMAL", TypeKind::kDecimal},
                                   TypeWord{"DEC", TypeKind::kDecimal},
                                   TypeWord{"NUMERIC", TypeKind::kDecimal},
                                   TypeWord{"CHARACTER VARYING", TypeKind::kVarChar},
                                   TypeWord{"CHAR VARYING", TypeKind::kVarChar},
                                   TypeWord{"CHARACTER", TypeKind::kChar},
                                   TypeWord{"CHAR", TypeKind::kChar},
                                   TypeWord{"VARCHAR", TypeKind::kVarChar},
                                   TypeWord{"STRING", TypeKind::kString},
                                   TypeWord{"BINARY VARYING", TypeKind::kVarBinary},
                                   TypeWord{"BINARY", TypeKind::kBinary},
                                   TypeWord{"VARBINARY", TypeKind::kVarBinary},
                                   TypeWord{"BYTES", TypeKind::kBytes},
                                   TypeWord{"DATE", TypeKind::kDate},
                                   TypeWord{"TIMESTAMP_LTZ", TypeKind::kTimestampLtz},
                                   TypeWord{"TIMESTAMP", TypeKind::kTimestamp},
                                   TypeWord{"TIME", TypeKind::kTime},
                                   TypeWord{"INTERVAL", TypeKind::kInterval},
                                   TypeWord{"ARRAY", TypeKind::kArray},
                                   TypeWord{"MAP", TypeKind::kMap},
                                   TypeWord{"MULTISET", TypeKind::kMultiset},
                                   TypeWord{"ROW", TypeKind::kRow},
                                   TypeWord{"STRUCTURED", TypeKind::kStructured},
                                   TypeWord{"RAW", TypeKind::kRaw},
                                   TypeWord{"VARIANT", TypeKind::kVariant},
                                   TypeWord{"BITMAP", TypeKind::kBitmap},
                                   TypeWord{"NULL", TypeKind::kNull},
                                   TypeWord{"DESCRIPTOR", TypeKind::kDescriptor}};

struct UnitWord {
  std::string_view word;
  TimeUnit unit;
};
constexpr std::array<UnitWord, 16> kUnits = {{{"YEAR", TimeUnit::kYear},
                                              {"YEARS", TimeUnit::kYear},
                                              {"QUARTER", TimeUnit::kQuarter},
                                              {"QUARTERS", TimeUnit::kQuarter},
                                              {"MONTH", TimeUnit::kMonth},
                                              {"MONTHS", TimeUnit::kMonth},
                                              {"WEEK", TimeUnit::kWeek},
                                              {"WEEKS", TimeUnit::kWeek},
                                              {"DAY", TimeUnit::kDay},
                                              {"DAYS", TimeUnit::kDay},
                                              {"HOUR", TimeUnit::kHour},
                                              {"HOURS", TimeUnit::kHour},
                                              {"MINUTE", TimeUnit::kMinute},
                                              {"MINUTES", TimeUnit::kMinute},
                                              {"SECOND", TimeUnit::kSecond},
                                              {"SECONDS", TimeUnit::kSecond}}};

// Types of other dialects, and what is nearest here.
constexpr std::pair<std::string_view, std::string_view> kForeignTypes[] = {
    {"BLOB", "BYTES"},     {"BOOL", "BOOLEAN"}, {"BYTEA", "BYTES"}, {"DATETIME", "TIMESTAMP(3)"},
    {"INT64", "BIGINT"},   {"LONG", "BIGINT"},  {"REAL", "FLOAT"},  {"TIMESTAMPTZ", "TIMESTAMP_LTZ(3)"},
    {"TEXT", "STRING"},    {"UUID", "STRING"},  {"JSON", "STRING"}, {"NUMBER", "DECIMAL(38, 0)"},
    {"NVARCHAR", "STRING"}};

// A name that a type of the user may have, unless it is one of another dialect, or a misspelt one of ours: INTT.
std::string_view MisspeltType(std::string_view upper) {
  for (const auto& [foreign, here] : kForeignTypes)
    if (foreign == upper) return here;
  if (upper.size() < 4) return {};
  for (const TypeWord& type : kTypeWords) {
    if (type.words.size() > 2 && EditDistance(upper, type.words, 1) <= 1) return type.words;
  }
  return {};
}

}  // namespace

// A type, then ARRAY and MULTISET behind it as often as they stand there: INT ARRAY.
TypePtr Grammar::ParseType() {
  Cursor::Level level(at_);
  Position begin = at_.here();
  TypeSpec type;
  type.kind = ParseTypeName(type);
  ParseBracketedType(type);
  ParseNullability(type);
  type.span = at_.From(begin);
  while (at_.IsAny({"ARRAY", "MULTISET"})) {
    TypeSpec outer;
    outer.kind = at_.Take().upper == "ARRAY" ? TypeKind::kArray : TypeKind::kMultiset;
    outer.arguments.push_back(std::make_shared<const TypeSpec>(std::move(type)));
    type = std::move(outer);
    ParseNullability(type);
    type.span = at_.From(begin);
    at_.Fold();
  }
  return std::make_shared<const TypeSpec>(std::move(type));
}

TypeKind Grammar::ParseTypeName(TypeSpec& type) {
  const Token token = at_.Peek();
  for (const TypeWord& word : kTypeWords)
    if (at_.Accept(word.words)) return word.kind;
  if (token.kind == TokenKind::kWord && !at_.Peek(1).IsSymbol(".")) {
    std::string_view nearest = MisspeltType(token.upper);
    if (!nearest.empty()) {
      at_.FailAt(token.span.begin, fmt::format("there is no type {}", token.text),
                 fmt::format("did you mean {}?", nearest));
    }
  }
  if (!at_.IsName()) at_.Fail("a type such as INT or STRING");
  type.name = at_.ExpectPath("a type");
  return TypeKind::kUserDefined;
}

void Grammar::ParseBracketedType(TypeSpec& type) {
  auto arguments = [&](size_t count) {
    Token open = at_.Peek();
    const std::string_view example = count == 2 ? "MAP<STRING, INT>" : "ARRAY<INT>";
    if (!at_.AcceptSymbol("<"))
      at_.FailAt(at_.here(), fmt::format("expected \"<\" and the type inside, found {}", at_.Found()),
                 std::string(example));
    type.arguments.push_back(ParseType());
    if (count == 2) {
      if (!at_.AcceptSymbol(","))
        at_.FailAt(at_.here(), fmt::format("expected \",\" and the type of the values, found {}", at_.Found()),
                   std::string(example));
      type.arguments.push_back(ParseType());
    }
    at_.ExpectClose(open, ">", "");
  };
  switch (type.kind) {
    case TypeKind::kDecimal: return ParsePrecision(type, true);
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kTimestampLtz: return ParsePrecision(type, false);
    case TypeKind::kTime:
    case TypeKind::kTimestamp: ParsePrecision(type, false); return ParseTimeZone(type);
    case TypeKind::kInterval: type.interval = ParseQualifier(); return;
    case TypeKind::kArray:
    case TypeKind::kMultiset: return arguments(1);
    case TypeKind::kMap: return arguments(2);
    case TypeKind::kRow: {
      if (at_.AcceptSymbol("<>")) return;
      Token open = at_.Peek();
      if (!at_.AcceptSymbol("<")) at_.ExpectSymbol("(");
      return ParseFields(type, open, open.IsSymbol("<") ? ">" : ")");
    }
    case TypeKind::kStructured: {
      Token open = at_.Peek();
      at_.ExpectSymbol("<");
      type.class_name = at_.ExpectString("the name of a class in quotes");
      if (!at_.AcceptSymbol(",")) return at_.ExpectClose(open, ">");
      return ParseFields(type, open, ">");
    }
    case TypeKind::kRaw: {
      Token open = at_.Peek();
      at_.ExpectSymbol("(");
      type.class_name = at_.ExpectString("the name of a class in quotes");
      at_.ExpectSymbol(",");
      type.serializer = at_.ExpectString("a serializer in quotes");
      return at_.ExpectClose(open, ")", "");
    }
    default: return;
  }
}

// name type ['comment'], or in ROW(...) types alone.
void Grammar::ParseFields(TypeSpec& type, const Token& open, std::string_view close) {
  if (at_.AcceptSymbol(close)) return;
  CommaSeparated([&] {
    TypeField field;
    const Token& next = at_.Peek(1);
    bool ends = next.IsSymbol(",") || next.IsSymbol(close) || next.IsSymbol("(") || next.IsSymbol("<");
    bool named = at_.IsName() && !ends && !next.IsWord("NOT") && !(next.IsWord("NULL"));
    if (close == ">" && !at_.IsName()) at_.FailName("the name of a field");
    if (named || close == ">") field.name = at_.ExpectName("the name of a field");
    field.type = ParseType();
    if (at_.Peek().kind == TokenKind::kString) field.comment = at_.Take().text;
    type.fields.push_back(std::move(field));
  });
  at_.ExpectClose(open, close);
  bool first_named = !type.fields[0].name.text.empty();
  for (const TypeField& field : type.fields) {
    if (field.name.text.empty() == first_named) {
      at_.FailAt(open.span.begin, "either all fields of a ROW have names or none has", "");
    }
  }
}

void Grammar::ParseNullability(TypeSpec& type) {
  type.nullable = !at_.Accept("NOT");
  if (!type.nullable) at_.Expect("NULL");
  // Not the NULL of RETURNING INT NULL ON EMPTY.
  if (type.nullable && !at_.Peek(1).IsWord("ON")) at_.Accept("NULL");
}

// (p) or (p, s)
void Grammar::ParsePrecision(TypeSpec& type, bool scale) {
  if (!at_.IsSymbol("(")) return;
  Token open = at_.Take();
  type.precision = at_.ExpectInteger("a number of digits or characters");
  if (scale && at_.AcceptSymbol(",")) type.scale = at_.ExpectInteger("a number of digits");
  at_.ExpectClose(open, ")", "");
}

void Grammar::ParseTimeZone(TypeSpec& type) {
  bool timestamp = type.kind == TypeKind::kTimestamp;
  if (at_.Accept("WITHOUT TIME ZONE") || at_.Accept("WITHOUT LOCAL TIME ZONE")) return;
  if (timestamp && at_.Accept("WITH LOCAL TIME ZONE")) {
    type.kind = TypeKind::kTimestampLtz;
  } else if (timestamp && at_.Accept("WITH TIME ZONE")) {
    type.kind = TypeKind::kTimestampTz;
  }
}

TimeUnit Grammar::ParseUnit() {
  for (const UnitWord& unit : kUnits)
    if (at_.Accept(unit.word)) return unit.unit;
  at_.Fail("a unit: YEAR, MONTH, DAY, HOUR, MINUTE or SECOND");
}

// DAY(2), HOUR TO SECOND(3), SECOND(2, 6)
IntervalQualifier Grammar::ParseQualifier() {
  IntervalQualifier qualifier;
  qualifier.from = ParseUnit();
  if (at_.IsSymbol("(")) {
    Token open = at_.Take();
    qualifier.precision = at_.ExpectInteger("a number of digits");
    if (qualifier.from == TimeUnit::kSecond && at_.AcceptSymbol(","))
      qualifier.fraction = at_.ExpectInteger("a number of digits");
    at_.ExpectClose(open, ")", "");
  }
  if (!at_.Accept("TO")) return qualifier;
  Position begin = at_.here();
  qualifier.to = ParseUnit();
  if (*qualifier.to <= qualifier.from) {
    at_.FailAt(begin, "an interval goes from the larger unit to the smaller: DAY TO SECOND");
  }
  if (*qualifier.to == TimeUnit::kSecond && at_.IsSymbol("(")) {
    Token open = at_.Take();
    qualifier.fraction = at_.ExpectInteger("a number of digits");
    at_.ExpectClose(open, ")", "");
  }
  return qualifier;
}

}  // namespace thalweg::sql
