#include <array>

#include "sql/grammar.h"

namespace thalweg::sql {

// At the opening parenthesis.
ExprPtr Grammar::ParseCall(Name name, const Position& begin) {
  Call call;
  call.name = std::move(name);
  Token open = at_.Take();
  if (!ParseSpecialArguments(call)) ParseArguments(call);
  at_.ExpectClose(open);
  ParseAfterCall(call);
  return Make(begin, std::move(call));
}

// Functions whose arguments are parted by words. False for others, with nothing read.
bool Grammar::ParseSpecialArguments(Call& call) {
  // A name in backquotes, or of several parts, is a plain function.
  const Token& word = at_.At(at_.index() - 2);
  if (call.name.size() != 1 || word.kind != TokenKind::kWord || at_.IsSymbol(")")) {
    return call.name.size() == 1 && word.upper.starts_with("JSON_") && word.kind == TokenKind::kWord && ParseJson(call);
  }
  static constexpr std::array<std::pair<std::string_view, void (Grammar::*)(Call&)>, 9> kSpecial = {
      {{"EXTRACT", &Grammar::ParseExtract},
       {"TRIM", &Grammar::ParseTrim},
       {"POSITION", &Grammar::ParsePosition},
       {"OVERLAY", &Grammar::ParseOverlay},
       {"SUBSTRING", &Grammar::ParseSubstring},
       {"CEIL", &Grammar::ParseRounding},
       {"CEILING", &Grammar::ParseRounding},
       {"FLOOR", &Grammar::ParseRounding},
       {"TIMESTAMPADD", &Grammar::ParseUnitFirst}}};
  for (const auto& [function, parse] : kSpecial) {
    if (word.upper != function) continue;
    call.name[0].text = word.upper;
    (this->*parse)(call);
    return true;
  }
  if (word.upper == "TIMESTAMPDIFF") {
    ParseUnitFirst(call);
    return true;
  }
  return ParseJson(call);
}

void Grammar::ParseArguments(Call& call) {
  if (at_.Accept("DISTINCT")) {
    call.quantifier = SetQuantifier::kDistinct;
  } else if (at_.Accept("ALL")) {
    call.quantifier = SetQuantifier::kAll;
  }
  if (at_.IsSymbol(")")) {
    if (call.quantifier != SetQuantifier::kNone) at_.Fail("an argument");
    return;
  }
  if (at_.IsSymbol("*")) {
    const Token& star = at_.Take();
    call.arguments.push_back(Make(star.span.begin, Star{}));
  } else {
    CommaSeparated([&] { call.arguments.push_back(ParseArgument()); });
  }
  ParseNullTreatment(call);
  if (at_.Accept("ORDER BY")) call.order_by = ParseOrderItems();
}

ExprPtr Grammar::ParseArgument() {
  Position begin = at_.here();
  const Token& token = at_.Peek();
  const Token& next = at_.Peek(1);
  if (next.IsSymbol("=>") && (token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName)) {
    Cursor::Level level(at_);
    at_.Take();
    at_.Take();
    Identifier name{token.text, token.span};
    ExprPtr value = ParseArgument();
    return Make(begin, NamedArgument{std::move(name), std::move(value)});
  }
  if (token.IsWord("DEFAULT")) {
    at_.Take();
    return Make(begin, Symbol{"DEFAULT"});
  }
  if (token.IsWord("MODEL") && (next.kind == TokenKind::kWord || next.kind == TokenKind::kQuotedName)) {
    at_.Take();
    return Make(begin, ModelArgument{at_.ExpectPath("the name of a model")});
  }
  if (token.IsWord("TABLE")) return ParseTableArgument();
  if (token.IsSymbol("(") && IsQueryAhead(at_.index())) {
    const Token& after = at_.At(at_.Closing(at_.index()) + 1);
    if (after.IsWord("PARTITION") || after.IsWord("ORDER")) return ParseTableArgument();
  }
  return ParseExpr();
}

// TABLE t, TABLE (query), (query), each with PARTITION BY and ORDER BY.
ExprPtr Grammar::ParseTableArgument() {
  Position begin = at_.here();
  TableArgument argument;
  at_.Accept("TABLE");
  if (at_.IsSymbol("(")) {
    Token open = at_.Take();
    argument.query = ParseQuery();
    at_.ExpectClose(open, ")", "");
  } else {
    argument.table = at_.ExpectPath("the name of a table after TABLE");
  }
  if (at_.Accept("PARTITION BY")) {
    if (at_.IsSymbol("(")) {
      InParentheses([&] { argument.partition_by.push_back(ParseExpr()); });
    } else {
      argument.partition_by.push_back(ParseExpr());
    }
  }
  if (at_.Accept("ORDER BY")) {
    if (at_.IsSymbol("(")) {
      InParentheses([&] { argument.order_by.push_back(ParseOrderItem()); });
    } else {
      argument.order_by.push_back(ParseOrderItem());
    }
  }
  return Make(begin, std::move(argument));
}

ExprPtr Grammar::ParseDescriptor() {
  Position begin = at_.Take().span.begin;
  Token open = at_.Take();
  Descriptor descriptor;
  if (!at_.IsSymbol(")")) {
    CommaSeparated([&] {
      Descriptor::Column column{at_.ExpectPath("the name of a column in DESCRIPTOR"), nullptr};
      if (!at_.IsSymbol(",") && !at_.IsSymbol(")") && !at_.AtEnd()) column.type = ParseType();
      descriptor.columns.push_back(std::move(column));
    });
  }
  at_.ExpectClose(open);
  return Make(begin, std::move(descriptor));
}

ExprPtr Grammar::ParseUnitSymbol() {
  if (at_.Peek().kind == TokenKind::kString)
    at_.FailAt(at_.here(), fmt::format("expected a unit of time such as DAY, found {}", at_.Found()),
               "a unit stands without quotes");
  if (at_.Peek().kind != TokenKind::kWord) at_.Fail("a unit of time such as DAY");
  const Token& token = at_.Take();
  return Make(token.span.begin, Symbol{token.upper});
}

void Grammar::ParseExtract(Call& call) {
  call.syntax = CallSyntax::kExtract;
  call.arguments.push_back(ParseUnitSymbol());
  at_.Expect("FROM");
  call.arguments.push_back(ParseExpr());
}

void Grammar::ParseTrim(Call& call) {
  Position begin = at_.here();
  std::string side = at_.Accept("BOTH")       ? "BOTH"
                     : at_.Accept("LEADING")  ? "LEADING"
                     : at_.Accept("TRAILING") ? "TRAILING"
                                              : "";
  if (!side.empty()) {
    ExprPtr symbol = Make(begin, Symbol{side});
    call.arguments.push_back(std::move(symbol));
    call.syntax = CallSyntax::kTrim;
    if (!at_.Is("FROM")) call.arguments.push_back(ParseExpr());
    if (call.arguments.size() == 2 && at_.IsSymbol(")")) return;  // TRIM(BOTH x)
    at_.Expect("FROM");
  } else {
    call.arguments.push_back(ParseExpr());
    if (!at_.Accept("FROM")) {
      while (at_.AcceptSymbol(",")) call.arguments.push_back(ParseExpr());
      return;
    }
    call.arguments.insert(call.arguments.begin(), Make(begin, Symbol{"BOTH"}));
  }
  call.syntax = CallSyntax::kTrim;
  call.arguments.push_back(ParseExpr());
}

void Grammar::ParsePosition(Call& call) {
  call.syntax = CallSyntax::kPosition;
  // Above IN, which parts the arguments here.
  call.arguments.push_back(ParseExpr(60));
  at_.Expect("IN");
  call.arguments.push_back(ParseExpr());
  if (at_.Accept("FROM")) call.arguments.push_back(ParseExpr());
}

void Grammar::ParseOverlay(Call& call) {
  call.syntax = CallSyntax::kOverlay;
  call.arguments.push_back(ParseExpr());
  if (at_.AcceptSymbol(",")) {
    call.syntax = CallSyntax::kPlain;
    CommaSeparated([&] { call.arguments.push_back(ParseExpr()); });
    return;
  }
  at_.Expect("PLACING");
  call.arguments.push_back(ParseExpr());
  at_.Expect("FROM");
  call.arguments.push_back(ParseExpr());
  if (at_.Accept("FOR")) call.arguments.push_back(ParseExpr());
}

// SUBSTRING(a FROM b FOR c) is SUBSTRING(a, b, c).
void Grammar::ParseSubstring(Call& call) {
  call.arguments.push_back(ParseExpr());
  if (at_.Accept("FROM")) {
    call.arguments.push_back(ParseExpr());
    if (at_.Accept("FOR")) call.arguments.push_back(ParseExpr());
    return;
  }
  while (at_.AcceptSymbol(",")) call.arguments.push_back(ParseExpr());
}

void Grammar::ParseRounding(Call& call) {
  call.arguments.push_back(ParseExpr());
  if (at_.Accept("TO")) {
    call.syntax = CallSyntax::kTo;
    call.arguments.push_back(ParseUnitSymbol());
    return;
  }
  while (at_.AcceptSymbol(",")) call.arguments.push_back(ParseExpr());
}

void Grammar::ParseUnitFirst(Call& call) {
  call.name[0].text = at_.At(at_.index() - 2).upper;
  call.syntax = CallSyntax::kUnitFirst;
  call.arguments.push_back(ParseUnitSymbol());
  while (at_.AcceptSymbol(",")) call.arguments.push_back(ParseExpr());
}

void Grammar::ParseNullTreatment(Call& call) {
  if (at_.Accept("IGNORE NULLS")) call.nulls = NullTreatment::kIgnore;
  if (at_.Accept("RESPECT NULLS")) call.nulls = NullTreatment::kRespect;
}

void Grammar::ParseAfterCall(Call& call) {
  if (at_.Accept("WITHIN GROUP")) {
    Token open = at_.Peek();
    at_.ExpectSymbol("(");
    at_.Expect("ORDER BY");
    call.within_group = ParseOrderItems();
    at_.ExpectClose(open);
  }
  ParseNullTreatment(call);
  if (at_.Accept("FILTER")) {
    Token open = at_.Peek();
    at_.ExpectSymbol("(");
    at_.Expect("WHERE");
    call.filter = ParseExpr();
    at_.ExpectClose(open, ")", "");
  }
  ParseNullTreatment(call);
  if (at_.Accept("OVER")) call.over = ParseOver();
}

std::shared_ptr<const WindowSpec> Grammar::ParseOver() {
  if (at_.IsSymbol("(")) return std::make_shared<const WindowSpec>(ParseWindow());
  WindowSpec window;
  if (!at_.IsName()) at_.Fail("\"(\" or the name of a window after OVER");
  window.base = at_.ExpectName("a window");
  window.named_only = true;
  return std::make_shared<const WindowSpec>(std::move(window));
}

}  // namespace thalweg::sql
