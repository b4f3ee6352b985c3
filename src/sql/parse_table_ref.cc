#include "sql/grammar.h"

namespace thalweg::sql {
// a JOIN b, c JOIN d: the comma binds loosest.
TableRefPtr Grammar::ParseFrom() {
  Position begin = at_.here();
  TableRefPtr left = ParseJoins();
  while (at_.AcceptSymbol(",")) {
    TableRef join{at_.From(begin),
                  Join{JoinKind::kComma, std::move(left), ParseJoins(), false, nullptr, {}},
                  nullptr,
                  {},
                  {},
                  {}};
    join.span = at_.From(begin);
    left = std::make_shared<const TableRef>(std::move(join));
    at_.Fold();
  }
  return left;
}

TableRefPtr Grammar::ParseJoins() {
  Position begin = at_.here();
  TableRefPtr left = ParseTableRef();
  while (true) {
    Join join{JoinKind::kInner, left, nullptr, false, nullptr, {}};
    if (!ParseJoinKind(join)) return left;
    join.right = ParseTableRef();
    ParseJoinCondition(join);
    left = std::make_shared<const TableRef>(TableRef{at_.From(begin), std::move(join), nullptr, {}, {}, {}});
    at_.Fold();
  }
}

// The words up to JOIN; false if no join follows.
bool Grammar::ParseJoinKind(Join& join) {
  join.natural = at_.Accept("NATURAL");
  if (at_.Accept("JOIN")) return true;
  if (at_.Accept("INNER")) {
    join.kind = JoinKind::kInner;
  } else if (at_.Accept("CROSS")) {
    join.kind = JoinKind::kCross;
  } else if (at_.IsAny({"LEFT", "RIGHT", "FULL"})) {
    std::string side = at_.Take().upper;
    join.kind = side == "LEFT" ? JoinKind::kLeft : side == "RIGHT" ? JoinKind::kRight : JoinKind::kFull;
    if (at_.Peek().IsWord("SEMI") || at_.Peek().IsWord("ANTI")) {
      std::string_view words = at_.Peek().IsWord("SEMI") ? "WHERE EXISTS" : "WHERE NOT EXISTS";
      at_.FailAt(at_.here(), fmt::format("there is no {} JOIN in this dialect", at_.Peek().upper),
                 fmt::format("write {} (SELECT ... FROM the right table WHERE the condition)", words));
    }
    at_.Accept("OUTER");
  } else {
    if (join.natural) at_.Fail("JOIN after NATURAL");
    return false;
  }
  if (at_.Peek().IsWord("APPLY"))
    at_.FailAt(at_.here(), "APPLY is not supported",
               "write CROSS JOIN LATERAL (...), or LEFT JOIN LATERAL (...) ON TRUE");
  if (!at_.Accept("JOIN")) at_.Fail("JOIN");
  return true;
}

void Grammar::ParseJoinCondition(Join& join) {
  if (join.kind == JoinKind::kCross || join.natural) {
    if (at_.IsAny({"ON", "USING"})) {
      at_.FailAt(at_.here(), join.natural ? "a NATURAL JOIN has no condition" : "a CROSS JOIN has no condition",
                 join.natural ? "write JOIN ... ON or NATURAL JOIN, not both" : "with a condition it is JOIN ... ON");
    }
    return;
  }
  if (at_.Accept("ON")) {
    join.on = ParseExpr();
  } else if (at_.Accept("USING")) {
    join.using_columns = ParseNames("the name of a column");
  }
}

// A table with what may stand behind it: FOR SYSTEM_TIME, MATCH_RECOGNIZE, an alias, TABLESAMPLE.
TableRefPtr Grammar::ParseTableRef() {
  Cursor::Level level(at_);
  Position begin = at_.here();
  TableRef ref;
  ParseTablePrimary(ref);
  if (at_.Accept("FOR")) {
    at_.Expect("SYSTEM_TIME AS OF");
    ref.as_of = ParseExpr();
  }
  if (at_.Is("MATCH_RECOGNIZE")) {
    ref.span = at_.From(begin);
    TableRefPtr input = std::make_shared<const TableRef>(std::move(ref));
    ref = TableRef{};
    ref.node = MatchTable{input, nullptr};
    std::get<MatchTable>(ref.node).match = ParseMatch();
  }
  if (at_.IsAny({"PIVOT", "UNPIVOT"})) {
    at_.FailAt(at_.here(), fmt::format("{} is not supported", at_.Peek().upper),
               "write aggregates with FILTER (WHERE ...) or CASE in their arguments");
  }
  ParseTableAlias(ref);
  if (ref.alias && at_.Is("FOR")) {
    at_.FailAt(at_.here(), "FOR SYSTEM_TIME AS OF stands before the alias",
               "write: t FOR SYSTEM_TIME AS OF time AS alias");
  }
  if (at_.Accept("TABLESAMPLE")) ParseSample(ref);
  ref.span = at_.From(begin);
  return std::make_shared<const TableRef>(std::move(ref));
}

void Grammar::ParseTablePrimary(TableRef& ref) {
  bool lateral = at_.Accept("LATERAL");
  if (at_.IsSymbol("(")) {
    if (lateral || IsQueryAhead(at_.index())) {
      Token open = at_.Take();
      ref.node = DerivedTable{ParseQuery(), lateral};
      at_.ExpectClose(open, ")", "");
    } else {
      Token open = at_.Take();
      TableRefPtr inner = ParseFrom();
      at_.ExpectClose(open, ")", "");
      ref = *inner;
    }
    return;
  }
  if (at_.Accept("UNNEST")) return ParseUnnest(ref);
  if (at_.Is("TABLE") && at_.Peek(1).IsSymbol("(")) {
    at_.Take();
    Token open = at_.Take();
    ParseTableFunction(ref, lateral);
    at_.ExpectClose(open, ")", "");
    std::get<FunctionTable>(ref.node).hints = ParseHints();
    return;
  }
  if (at_.Accept("TABLE")) {
    ref.node = NamedTable{at_.ExpectPath("the name of a table"), {}, {}};
    return;
  }
  if (at_.Peek().kind == TokenKind::kString) {
    ref.node = NamedTable{{}, at_.Take().text, ParseHints()};
    return;
  }
  if (at_.IsAny({"VALUES"})) {
    at_.FailAt(at_.here(), "VALUES in FROM stands in parentheses",
               "write: FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, name)");
  }
  if (at_.IsAny({"SELECT"}))
    at_.FailAt(at_.here(), "a query in FROM stands in parentheses", "write: FROM (SELECT ...) AS t");
  size_t next = at_.index();
  if (!at_.IsName()) at_.FailName(lateral ? "TABLE(function(...)), UNNEST(...) or a query after LATERAL" : "a table");
  while (at_.At(next + 1).IsSymbol(".")) next += 2;
  if (at_.At(next + 1).IsSymbol("(")) return ParseTableFunction(ref, lateral);
  if (lateral) at_.Fail("TABLE(function(...)), UNNEST(...) or a query after LATERAL");
  Name name = at_.ExpectPath("a table");
  ref.node = NamedTable{std::move(name), {}, ParseHints()};
}

void Grammar::ParseTableFunction(TableRef& ref, bool lateral) {
  ExprPtr call = ParseExpr();
  if (call->As<Call>() == nullptr) at_.FailAt(call->span.begin, "expected a call of a function in TABLE(...)");
  ref.node = FunctionTable{std::move(call), lateral, {}};
}

void Grammar::ParseUnnest(TableRef& ref) {
  Unnest unnest;
  InParentheses([&] { unnest.operands.push_back(ParseExpr()); });
  if (at_.Accept("WITH")) {
    at_.Expect("ORDINALITY");
    unnest.with_ordinality = true;
  }
  ref.node = std::move(unnest);
}

void Grammar::ParseTableAlias(TableRef& ref) {
  bool as = at_.Accept("AS");
  if (!as && !at_.IsName()) return;
  if (ref.alias) at_.Fail("the end of the table: it has an alias already");
  // What a misspelt word here may stand for.
  at_.IsAny({"WHERE", "GROUP", "ORDER", "HAVING", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "LIMIT", "UNION",
             "WINDOW", "QUALIFY", "INTERSECT", "EXCEPT", "ON", "USING"});
  ref.alias = as ? at_.ExpectName("a name after AS") : at_.TakeAlias();
  if (at_.IsSymbol("(")) ref.columns = ParseNames("the name of a column");
}

void Grammar::ParseSample(TableRef& ref) {
  Sample sample;
  auto number = [&](std::string_view what) {
    bool fits = at_.Peek().kind == TokenKind::kInteger || at_.Peek().kind == TokenKind::kDecimal;
    if (!fits) at_.Fail(what);
    return at_.Take().text;
  };
  sample.bernoulli = at_.ExpectOneOf({"BERNOULLI", "SYSTEM"}, "BERNOULLI or SYSTEM") == 0;
  Token open = at_.Peek();
  at_.ExpectSymbol("(");
  sample.percentage = number("a percentage");
  at_.ExpectClose(open, ")", "");
  if (at_.Accept("REPEATABLE")) {
    open = at_.Peek();
    at_.ExpectSymbol("(");
    sample.repeatable = number("a seed");
    at_.ExpectClose(open, ")", "");
  }
  ref.sample = std::move(sample);
}

}  // namespace thalweg::sql
