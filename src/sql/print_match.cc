#include "sql/printer.h"

namespace thalweg::sql {

void Printer::Print(const MatchTable& match) {
  Table(*match.input);
  Match(*match.match);
}

void Printer::Match(const MatchRecognize& match) {
  Word("MATCH_RECOGNIZE (");
  if (!match.partition_by.empty()) {
    Word("PARTITION BY");
    Word("");
    Expressions(match.partition_by);
  }
  OrderBy(match.order_by);
  if (!match.measures.empty()) {
    Word("MEASURES");
    Separated(match.measures, ",", [&](const MatchRecognize::Measure& measure) {
      Word("");
      Expression(*measure.expr);
      Word("AS");
      Identifier(measure.alias);
    });
  }
  if (match.all_rows) Word(*match.all_rows ? "ALL ROWS PER MATCH" : "ONE ROW PER MATCH");
  if (match.after) {
    static constexpr std::string_view kWords[] = {"PAST LAST ROW", "TO NEXT ROW", "TO FIRST", "TO LAST", "TO"};
    Word("AFTER MATCH SKIP");
    Word(kWords[static_cast<size_t>(match.after->kind)]);
    if (match.after->kind >= SkipKind::kToFirst) Identifier(match.after->variable);
  }
  Word("PATTERN (");
  If(match.strict_start, "^");
  Print(*match.pattern);
  If(match.strict_end, "$");
  Raw(")");
  if (match.within) {
    Word("WITHIN");
    Expression(*match.within);
  }
  if (!match.subsets.empty()) {
    Word("SUBSET");
    Separated(match.subsets, ",", [&](const MatchRecognize::Subset& subset) {
      Identifier(subset.name);
      Word("=");
      Columns(subset.variables);
    });
  }
  Word("DEFINE");
  Separated(match.define, ",", [&](const MatchRecognize::Definition& definition) {
    Identifier(definition.variable);
    Word("AS");
    Word("");
    Expression(*definition.condition);
  });
  Raw(")");
}

void Printer::Print(const Pattern& pattern) {
  auto parts = [&](std::string_view open, std::string_view separator, std::string_view close) {
    Word(open);
    Separated(pattern.parts, separator, [&](const PatternPtr& part) { Print(*part); });
    Raw(close);
  };
  switch (pattern.kind) {
    case PatternKind::kVariable: Identifier(pattern.variable); break;
    case PatternKind::kConcatenation: parts("(", " ", ")"); break;
    case PatternKind::kAlternation: parts("(", " |", ")"); break;
    case PatternKind::kPermute: parts("PERMUTE(", ", ", ")"); break;
    case PatternKind::kExclusion: parts("{-", " ", " -}"); break;
    case PatternKind::kEmpty: Word("()"); break;
  }
  if (pattern.quantity) Print(*pattern.quantity);
}

void Printer::Print(const Quantity& quantity) {
  auto text = [](const std::optional<int>& bound) { return bound ? fmt::format("{}", *bound) : ""; };
  if (quantity.min == quantity.max && quantity.min) {
    Raw(fmt::format("{{{}}}", *quantity.min));
  } else {
    Raw(fmt::format("{{{},{}}}", text(quantity.min), text(quantity.max)));
  }
  if (quantity.reluctant) Raw("?");
}

}  // namespace thalweg::sql
