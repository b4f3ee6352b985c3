#include "sql/grammar.h"
#include "sql/keywords.h"

namespace thalweg::sql {

ExprPtr Grammar::ParsePrimary() {
  const Token& token = at_.Peek();
  switch (token.kind) {
    case TokenKind::kInteger:
    case TokenKind::kDecimal:
    case TokenKind::kApproximate: return ParseNumber();
    case TokenKind::kString:
    case TokenKind::kBinaryString: return ParseString();
    case TokenKind::kWord: return ParseWord();
    case TokenKind::kQuotedName: return ParseNameOrCall();
    default: break;
  }
  if (token.IsSymbol("(")) return ParseParenthesised();
  if (token.IsSymbol("{"))
    at_.FailAt(at_.here(), "the escapes of JDBC, such as {fn ABS(x)} and {d '2020-01-31'}, are not supported",
               "write what they stand for: ABS(x), DATE '2020-01-31'");
  if (token.IsSymbol("?")) at_.FailAt(at_.here(), "parameters (?) are not supported", "write the value itself");
  at_.FailName("an expression");
}

ExprPtr Grammar::ParseNumber() {
  const Token& token = at_.Take();
  LiteralKind kind = token.kind == TokenKind::kInteger   ? LiteralKind::kInteger
                     : token.kind == TokenKind::kDecimal ? LiteralKind::kDecimal
                                                         : LiteralKind::kApproximate;
  return Make(token.span.begin, Literal{kind, token.text});
}

// Strings side by side are one string, as the standard has it.
ExprPtr Grammar::ParseString() {
  Position begin = at_.here();
  TokenKind kind = at_.Peek().kind;
  std::string text;
  while (at_.Peek().kind == kind) text += at_.Take().text;
  return Make(begin,
              Literal{kind == TokenKind::kString ? LiteralKind::kString : LiteralKind::kBinary, std::move(text)});
}

ExprPtr Grammar::ParseWord() {
  const Token& token = at_.Peek();
  const Token& next = at_.Peek(1);
  auto constant = [&](LiteralKind kind) { return Make(at_.Take().span.begin, Literal{kind, ""}); };
  if (token.upper == "NULL") return constant(LiteralKind::kNull);
  if (token.upper == "TRUE") return constant(LiteralKind::kTrue);
  if (token.upper == "FALSE") return constant(LiteralKind::kFalse);
  if (token.upper == "UNKNOWN") return constant(LiteralKind::kUnknown);
  if (token.upper == "CASE") return ParseCase();
  if (token.upper == "NEXT" && next.IsWord("VALUE"))
    at_.FailAt(at_.here(), "NEXT VALUE FOR is not supported: there are no sequences", "UUID() gives unique values");
  if (token.upper == "CAST") return ParseCast(false);
  if (token.upper == "TRY_CAST") return ParseCast(true);
  if (token.upper == "INTERVAL") return ParseInterval();
  if (token.upper == "EXISTS") {
    Position begin = at_.Take().span.begin;
    Token open = at_.Peek();
    if (!at_.AcceptSymbol("(")) at_.Fail("\"(\" and a query after EXISTS");
    QueryPtr query = ParseQuery();
    at_.ExpectClose(open, ")", "");
    return Make(begin, Exists{std::move(query)});
  }
  bool brackets = next.IsSymbol("[") || next.IsSymbol("(");
  if (token.upper == "ARRAY" && brackets) return ParseCollection(CollectionKind::kArray);
  if (token.upper == "MULTISET" && brackets) return ParseCollection(CollectionKind::kMultiset);
  if (token.upper == "MAP" && (next.IsSymbol("[") || (next.IsSymbol("(") && IsQueryAhead(at_.index() + 1)))) {
    return ParseCollection(CollectionKind::kMap);
  }
  if (token.upper == "ROW" && next.IsSymbol("(")) return ParseRow();
  if (token.upper == "DESCRIPTOR" && next.IsSymbol("(")) return ParseDescriptor();
  bool date_time = token.upper == "DATE" || token.upper == "TIME" || token.upper == "TIMESTAMP";
  if (date_time && !next.IsSymbol("(")) return ParseDateTime();
  return ParseNameOrCall();
}

ExprPtr Grammar::ParseDateTime() {
  Position begin = at_.here();
  LiteralKind kind = at_.Accept("DATE")   ? LiteralKind::kDate
                     : at_.Accept("TIME") ? LiteralKind::kTime
                                          : LiteralKind::kTimestamp;
  if (kind == LiteralKind::kTimestamp) {
    at_.Expect("TIMESTAMP");
    if (at_.Accept("WITH LOCAL TIME ZONE")) kind = LiteralKind::kTimestampLtz;
  }
  if (at_.Peek().kind != TokenKind::kString) {
    const Token& word = at_.At(at_.index() - 1);
    at_.FailAt(begin, fmt::format("expected an expression, found {}", word.text),
               fmt::format("{0} is a reserved word: a literal is {1} '...', a name `{0}`", word.text, word.upper));
  }
  return Make(begin, Literal{kind, at_.Take().text});
}

ExprPtr Grammar::ParseInterval() {
  Position begin = at_.Take().span.begin;
  IntervalLiteral interval;
  interval.negative = at_.AcceptSymbol("-");
  if (!interval.negative) at_.AcceptSymbol("+");
  if (at_.Peek().kind == TokenKind::kInteger || at_.Peek().kind == TokenKind::kDecimal) {
    at_.FailAt(at_.here(), "the number of an INTERVAL stands in quotes", fmt::format("write '{}'", at_.Peek().text));
  }
  interval.text = at_.ExpectString("a number in quotes after INTERVAL");
  interval.qualifier = ParseQualifier();
  return Make(begin, std::move(interval));
}

// Whether what stands in the parenthesis at `index` is a query: it begins with one, and what follows inner parentheses does not
// make an expression or a join of it.
bool Grammar::IsQueryAhead(size_t index) const {
  size_t inner = index + 1;
  while (at_.At(inner).IsSymbol("(")) ++inner;
  const Token& first = at_.At(inner);
  bool query = first.IsWord("SELECT") || first.IsWord("WITH") || first.IsWord("VALUES") ||
               (first.IsWord("TABLE") && !at_.At(inner + 1).IsSymbol("("));
  if (!query) return false;
  for (size_t open = inner - 1; open > index; --open) {
    const Token& after = at_.At(at_.Closing(open) + 1);
    bool goes_on = after.IsSymbol(")") || after.kind == TokenKind::kEnd;
    for (std::string_view word : {"UNION", "INTERSECT", "EXCEPT", "MINUS", "ORDER", "LIMIT", "OFFSET", "FETCH"}) {
      goes_on = goes_on || after.IsWord(word);
    }
    if (!goes_on) return false;
  }
  return true;
}

// (a), (a, b), (SELECT ...)
ExprPtr Grammar::ParseParenthesised() {
  Position begin = at_.here();
  bool query = IsQueryAhead(at_.index());
  Token open = at_.Take();
  if (query) {
    ScalarQuery scalar{ParseQuery()};
    at_.ExpectClose(open, ")", "");
    return Make(begin, std::move(scalar));
  }
  std::vector<ExprPtr> exprs = ParseExprs();
  at_.ExpectClose(open);
  if (exprs.size() == 1) return exprs[0];
  return Make(begin, RowValue{std::move(exprs)});
}

ExprPtr Grammar::ParseCase() {
  Position begin = at_.Take().span.begin;
  Case node;
  if (!at_.Is("WHEN")) node.operand = ParseExpr();
  // CASE x WHEN 1, 2 THEN: a row of alternatives, one branch each.
  if (!at_.Is("WHEN")) at_.Fail("WHEN");
  while (at_.Accept("WHEN")) {
    std::vector<ExprPtr> whens = ParseExprs();
    if (!at_.Accept("THEN")) at_.Fail("THEN");
    ExprPtr then = ParseExpr();
    for (ExprPtr& when : whens) node.branches.push_back({std::move(when), then});
  }
  if (at_.Accept("ELSE")) node.otherwise = ParseExpr();
  if (at_.AtEnd() && !at_.Is("END")) {
    at_.FailAt(begin, "this CASE is not closed", "it ends with END: CASE WHEN condition THEN value ELSE value END");
  }
  if (!at_.Accept("END")) at_.Fail(node.otherwise ? "END of CASE" : "WHEN, ELSE or END of CASE");
  return Make(begin, std::move(node));
}

ExprPtr Grammar::ParseCast(bool try_cast) {
  Position begin = at_.Take().span.begin;
  Token open = at_.Peek();
  at_.ExpectSymbol("(");
  Cast cast{ParseExpr(), nullptr, try_cast};
  if (!at_.Accept("AS")) at_.Fail("AS and a type");
  cast.type = ParseType();
  at_.ExpectClose(open, ")", "");
  return Make(begin, std::move(cast));
}

ExprPtr Grammar::ParseCollection(CollectionKind kind) {
  Position begin = at_.Take().span.begin;
  Collection collection{kind, {}, nullptr};
  Token open = at_.Take();
  if (open.IsSymbol("(")) {
    collection.query = ParseQuery();
    at_.ExpectClose(open, ")", "");
  } else {
    if (!at_.IsSymbol("]")) collection.elements = ParseExprs();
    at_.ExpectClose(open, "]");
  }
  if (kind == CollectionKind::kMap && collection.elements.size() % 2 != 0) {
    at_.FailAt(begin, "a MAP has a value for every key", "MAP['a', 1, 'b', 2]");
  }
  return Make(begin, std::move(collection));
}

ExprPtr Grammar::ParseRow() {
  Position begin = at_.Take().span.begin;
  Token open = at_.Take();
  RowValue row;
  if (at_.IsSymbol(")")) at_.FailAt(begin, "a ROW has at least one value", "ROW(1, 'a')");
  row.fields = ParseExprs();
  at_.ExpectClose(open);
  return Make(begin, std::move(row));
}

ExprPtr Grammar::ParseNameOrCall() {
  const Token& token = at_.Peek();
  Position begin = at_.here();
  bool reserved = token.kind == TokenKind::kWord && IsReserved(token.upper);
  bool call = at_.Peek(1).IsSymbol("(");
  if (reserved && call && (IsReservedFunction(token.upper) || token.upper.starts_with("JSON_"))) {
    at_.Take();
    return ParseCall({{token.text, token.span}}, begin);
  }
  if (reserved && IsFunctionWithoutParentheses(token.upper)) {
    at_.Take();
    Call bare;
    // Flink has those of time; the others (USER) may be names of columns, whose letters count.
    const bool of_time =
        token.upper.ends_with("DATE") || token.upper.ends_with("TIME") || token.upper.ends_with("TIMESTAMP");
    bare.name = {{of_time ? token.upper : token.text, token.span}};
    bare.syntax = CallSyntax::kNoParentheses;
    return Make(begin, std::move(bare));
  }
  Name name = {at_.ExpectName("an expression")};
  while (at_.IsSymbol(".")) {
    if (at_.Peek(1).IsSymbol("*")) {
      at_.Take();
      at_.Take();
      return Make(begin, Star{std::move(name), {}});
    }
    at_.Take();
    name.push_back(at_.ExpectName("a name after \".\""));
  }
  if (at_.IsSymbol("(")) return ParseCall(std::move(name), begin);
  return Make(begin, ColumnRef{std::move(name)});
}

}  // namespace thalweg::sql
