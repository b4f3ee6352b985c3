#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "sql/printer.h"

namespace thalweg::sql {

namespace {

// Flink writes the names of functions in capitals; one that is no plain word keeps its backquotes.
bool IsPlainWord(std::string_view name) {
  auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

void Printer::Print(const Call& call) {
  if (call.syntax == CallSyntax::kNoParentheses) return Word(call.name.front().text);
  if (call.syntax == CallSyntax::kPlain && !(plain_ && call.name.size() == 1 && IsPlainWord(call.name[0].text))) {
    Path(call.name);
  } else {
    const std::string& name = call.name.front().text;
    Word(call.syntax == CallSyntax::kPlain ? AsciiUpper(name) : name);
  }
  Raw("(");
  If(call.quantifier == SetQuantifier::kAll, "ALL");
  If(call.quantifier == SetQuantifier::kDistinct, "DISTINCT");
  Arguments(call);
  OrderBy(call.order_by);
  if (call.json) Clauses(*call.json);
  Raw(")");
  if (!call.within_group.empty()) {
    Word("WITHIN GROUP (");
    OrderBy(call.within_group);
    Raw(")");
  }
  If(call.nulls == NullTreatment::kIgnore, "IGNORE NULLS");
  If(call.nulls == NullTreatment::kRespect, "RESPECT NULLS");
  if (call.filter) {
    Word("FILTER (WHERE");
    Word("");
    Expression(*call.filter);
    Raw(")");
  }
  if (call.over) {
    Word("OVER");
    if (call.over->named_only) {
      Identifier(*call.over->base);
    } else {
      Window(*call.over);
    }
  }
}

void Printer::Arguments(const Call& call) {
  const std::vector<ExprPtr>& arguments = call.arguments;
  auto with_words = [&](std::initializer_list<std::string_view> words) {
    size_t i = 0;
    for (std::string_view word : words) {
      if (i >= arguments.size()) return;
      If(i > 0, word);
      Word("");
      Expression(*arguments[i++]);
    }
  };
  switch (call.syntax) {
    case CallSyntax::kExtract: return with_words({"", "FROM"});
    case CallSyntax::kPosition: return with_words({"", "IN", "FROM"});
    case CallSyntax::kOverlay: return with_words({"", "PLACING", "FROM", "FOR"});
    case CallSyntax::kTo: return with_words({"", "TO"});
    case CallSyntax::kTrim: return arguments.size() == 2 ? with_words({"", "FROM"}) : with_words({"", "", "FROM"});
    case CallSyntax::kJsonObject:
      for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
        if (i > 0) Raw(",");
        Word("KEY");
        Expression(*arguments[i]);
        Word("VALUE");
        Expression(*arguments[i + 1]);
      }
      return;
    default: return Expressions(arguments);
  }
}

void Printer::Clauses(const JsonClauses& json) {
  if (json.returning) {
    Word("RETURNING");
    Type(*json.returning);
  }
  if (json.wrapper) {
    static constexpr std::string_view kWords[] = {"WITHOUT WRAPPER", "WITH CONDITIONAL WRAPPER",
                                                  "WITH UNCONDITIONAL WRAPPER"};
    Word(kWords[static_cast<size_t>(*json.wrapper)]);
  }
  if (json.on_empty) Fallback(*json.on_empty, "ON EMPTY");
  if (json.on_error) Fallback(*json.on_error, "ON ERROR");
  if (json.on_null) Word(*json.on_null == JsonNulls::kNull ? "NULL ON NULL" : "ABSENT ON NULL");
}

void Printer::Fallback(const JsonFallback& fallback, std::string_view on) {
  static constexpr std::string_view kWords[] = {"NULL",  "ERROR",   "DEFAULT",     "TRUE",
                                                "FALSE", "UNKNOWN", "EMPTY ARRAY", "EMPTY OBJECT"};
  Word(kWords[static_cast<size_t>(fallback.behavior)]);
  if (fallback.value) Expression(*fallback.value);
  Word(on);
}

void Printer::Window(const WindowSpec& window) {
  Word("(");
  if (window.base) Identifier(*window.base);
  if (!window.partition_by.empty()) {
    Word("PARTITION BY");
    Word("");
    Expressions(window.partition_by);
  }
  OrderBy(window.order_by);
  if (window.frame) Frame(*window.frame);
  Raw(")");
}

void Printer::Frame(const WindowFrame& frame) {
  Word(frame.rows ? "ROWS" : "RANGE");
  If(frame.end.has_value(), "BETWEEN");
  Bound(frame.start);
  if (!frame.end) return;
  Word("AND");
  Bound(*frame.end);
}

void Printer::Bound(const FrameBound& bound) {
  switch (bound.kind) {
    case FrameBoundKind::kUnboundedPreceding: return Word("UNBOUNDED PRECEDING");
    case FrameBoundKind::kUnboundedFollowing: return Word("UNBOUNDED FOLLOWING");
    case FrameBoundKind::kCurrentRow: return Word("CURRENT ROW");
    case FrameBoundKind::kPreceding:
    case FrameBoundKind::kFollowing:
      Word("");
      Expression(*bound.offset);
      return Word(bound.kind == FrameBoundKind::kPreceding ? "PRECEDING" : "FOLLOWING");
  }
}

}  // namespace thalweg::sql
