#include "sql/grammar.h"

namespace thalweg::sql {

std::shared_ptr<const MatchRecognize> Grammar::ParseMatch() {
  at_.Expect("MATCH_RECOGNIZE");
  Token open = at_.Peek();
  at_.ExpectSymbol("(");
  MatchRecognize match;
  if (at_.Accept("PARTITION BY")) match.partition_by = ParseExprs();
  if (at_.Accept("ORDER BY")) match.order_by = ParseOrderItems();
  if (at_.Accept("MEASURES")) {
    CommaSeparated([&] {
      ExprPtr expr = ParseExpr();
      if (!at_.Accept("AS")) at_.Fail("AS and the name of the measure");
      match.measures.push_back({std::move(expr), at_.ExpectName("the name of the measure")});
    });
  }
  ParseRowsPerMatch(match);
  ParseAfterMatch(match);
  ParsePatternClause(match);
  if (at_.Accept("WITHIN")) match.within = ParseExpr();
  if (at_.Accept("SUBSET")) {
    CommaSeparated([&] {
      Identifier name = at_.ExpectName("the name of a subset");
      at_.ExpectSymbol("=");
      match.subsets.push_back({std::move(name), ParseNames("a variable of the pattern")});
    });
  }
  if (!at_.Accept("DEFINE")) at_.Fail("DEFINE");
  CommaSeparated([&] {
    Identifier variable = at_.ExpectName("a variable of the pattern");
    at_.Expect("AS");
    match.define.push_back({std::move(variable), ParseExpr()});
  });
  at_.ExpectClose(open);
  return std::make_shared<const MatchRecognize>(std::move(match));
}

void Grammar::ParseRowsPerMatch(MatchRecognize& match) {
  if (!at_.IsAny({"ONE", "ALL"})) return;
  match.rows_at = at_.here();
  match.all_rows = at_.Take().upper == "ALL";
  at_.Expect(*match.all_rows ? "ROWS PER MATCH" : "ROW PER MATCH");
}

void Grammar::ParseAfterMatch(MatchRecognize& match) {
  if (!at_.Accept("AFTER")) return;
  at_.Expect("MATCH SKIP");
  if (at_.Accept("PAST")) {
    at_.Expect("LAST ROW");
    match.after = AfterMatch{SkipKind::kPastLastRow, {}};
    return;
  }
  if (!at_.Accept("TO")) at_.Fail("PAST LAST ROW, TO NEXT ROW, TO FIRST or TO LAST");
  if (at_.Accept("NEXT")) {
    at_.Expect("ROW");
    match.after = AfterMatch{SkipKind::kToNextRow, {}};
    return;
  }
  bool name_follows = at_.Peek(1).kind == TokenKind::kQuotedName || at_.Peek(1).kind == TokenKind::kWord;
  SkipKind kind = SkipKind::kToVariable;
  if (at_.Is("FIRST") && name_follows && !at_.Peek(1).IsWord("PATTERN")) kind = SkipKind::kToFirst;
  if (at_.Is("LAST") && name_follows && !at_.Peek(1).IsWord("PATTERN")) kind = SkipKind::kToLast;
  if (kind != SkipKind::kToVariable) at_.Take();
  match.after = AfterMatch{kind, at_.ExpectName("a variable of the pattern")};
}

void Grammar::ParsePatternClause(MatchRecognize& match) {
  at_.Expect("PATTERN");
  Token open = at_.Peek();
  at_.ExpectSymbol("(");
  match.anchor_at = at_.here();
  match.strict_start = at_.AcceptSymbol("^");
  match.pattern = ParsePattern();
  if (!match.strict_start) match.anchor_at = at_.here();
  match.strict_end = at_.Accept("$");
  at_.ExpectClose(open, ")", "a variable");
}

// A | B
PatternPtr Grammar::ParsePattern() {
  Cursor::Level level(at_);
  std::vector<PatternPtr> parts = {ParsePatternTerm()};
  while (at_.AcceptSymbol("|")) parts.push_back(ParsePatternTerm());
  if (parts.size() == 1) return parts[0];
  const Position at = parts[0]->at;
  return std::make_shared<const Pattern>(Pattern{PatternKind::kAlternation, {}, std::move(parts), {}, at});
}

// A B
PatternPtr Grammar::ParsePatternTerm() {
  std::vector<PatternPtr> parts;
  auto goes_on = [&] {
    return (at_.IsName() && !at_.Peek().IsWord("$")) || at_.IsSymbol("(") || at_.IsSymbol("{") || at_.Is("PERMUTE");
  };
  do parts.push_back(ParsePatternFactor());
  while (goes_on());
  if (parts.size() == 1) return parts[0];
  const Position at = parts[0]->at;
  return std::make_shared<const Pattern>(Pattern{PatternKind::kConcatenation, {}, std::move(parts), {}, at});
}

// A, (A B), PERMUTE(A, B), {- A -}, each with a quantity.
PatternPtr Grammar::ParsePatternFactor() {
  Pattern pattern;
  Token open = at_.Peek();
  if (at_.Accept("PERMUTE")) {
    pattern.kind = PatternKind::kPermute;
    InParentheses([&] { pattern.parts.push_back(ParsePattern()); });
  } else if (at_.AcceptSymbol("{")) {
    pattern.kind = PatternKind::kExclusion;
    at_.ExpectSymbol("-");
    pattern.parts.push_back(ParsePattern());
    at_.ExpectSymbol("-");
    at_.ExpectClose(open, "}", "");
  } else if (at_.AcceptSymbol("(")) {
    if (at_.AcceptSymbol(")")) {
      pattern.kind = PatternKind::kEmpty;
    } else {
      PatternPtr inner = ParsePattern();
      at_.ExpectClose(open, ")", "a variable");
      if (inner->quantity || inner->kind == PatternKind::kVariable) {
        pattern.kind = PatternKind::kConcatenation;
        pattern.parts = {inner};
      } else {
        pattern = *inner;
      }
    }
  } else {
    pattern.variable = at_.ExpectName("a variable of the pattern");
  }
  pattern.at = open.span.begin;
  pattern.quantity = ParseQuantity();
  return std::make_shared<const Pattern>(std::move(pattern));
}

// * + ? {n} {n,} {n,m} {,m}, and ? behind it for as few as possible.
std::optional<Quantity> Grammar::ParseQuantity() {
  Quantity quantity;
  if (at_.AcceptSymbol("*")) {
    quantity.min = 0;
  } else if (at_.AcceptSymbol("+")) {
    quantity.min = 1;
  } else if (at_.AcceptSymbol("?")) {
    quantity = {0, 1, false};
  } else if (at_.IsSymbol("{") && !at_.Peek(1).IsSymbol("-")) {
    Token open = at_.Take();
    bool exact = !at_.IsSymbol(",");
    if (exact) quantity.min = at_.ExpectInteger("a number of rows");
    if (!at_.AcceptSymbol(",")) {
      quantity.max = quantity.min;
    } else if (!at_.IsSymbol("}")) {
      quantity.max = at_.ExpectInteger("a number of rows");
    } else if (!exact) {
      at_.Fail("a number of rows");
    }
    at_.ExpectClose(open, "}", "");
  } else {
    return std::nullopt;
  }
  quantity.reluctant = at_.AcceptSymbol("?");
  return quantity;
}

}  // namespace thalweg::sql
