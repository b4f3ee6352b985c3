#include "sql/parser.h"

#include "sql/grammar.h"

namespace thalweg::sql {
namespace {

// The border of the exception: inside the grammar a failure is thrown, for no rule could go on after it.
template <typename T, typename Fn>
Result<T> WithGrammar(std::string_view text, Fn&& parse) {
  try {
    Grammar grammar(text);
    return parse(grammar);
  } catch (const SyntaxError& error) {
    return RenderSyntaxError(error, text);
  }
}

// What stands behind a statement instead of its end. Behind SELECT a b a name is most likely another column.
[[noreturn]] void FailAtRest(Cursor& at, const Statement& statement) {
  constexpr std::string_view kWhat = "the end of the statement";
  const auto* query = statement.As<QueryStatement>();
  const auto* select = query == nullptr ? nullptr : std::get_if<Select>(&query->query->node);
  if (select != nullptr && select->from == nullptr && at.IsName()) at.FailMissingComma(kWhat);
  at.Fail(kWhat);
}

// One thing and nothing behind it.
template <typename T, typename Fn>
Result<T> ParseWhole(std::string_view text, Fn&& parse) {
  return WithGrammar<T>(text, [&](Grammar& grammar) {
    T parsed = parse(grammar);
    grammar.cursor().AcceptSymbol(";");
    if (grammar.cursor().Peek().kind != TokenKind::kEnd) grammar.cursor().Fail("the end");
    return parsed;
  });
}

}  // namespace

Result<std::vector<ParsedStatement>> ParseScript(std::string_view text) {
  return WithGrammar<std::vector<ParsedStatement>>(text, [&](Grammar& grammar) {
    Cursor& at = grammar.cursor();
    std::vector<ParsedStatement> statements;
    while (at.Peek().kind != TokenKind::kEnd) {
      if (at.AcceptSymbol(";")) continue;
      Position begin = at.here();
      StatementPtr statement = grammar.ParseStatement();
      if (!at.AtEnd()) FailAtRest(at, *statement);
      uint32_t size = at.From(begin).end - begin.offset;
      statements.push_back({std::move(statement), std::string(text.substr(begin.offset, size)), begin});
    }
    return statements;
  });
}

Result<StatementPtr> ParseStatement(std::string_view text) {
  return ParseWhole<StatementPtr>(text, [](Grammar& grammar) { return grammar.ParseStatement(); });
}
Result<QueryPtr> ParseQuery(std::string_view text) {
  return ParseWhole<QueryPtr>(text, [](Grammar& grammar) { return grammar.ParseQuery(); });
}
Result<ExprPtr> ParseExpression(std::string_view text) {
  return ParseWhole<ExprPtr>(text, [](Grammar& grammar) { return grammar.ParseExpr(); });
}
Result<TypePtr> ParseType(std::string_view text) {
  return ParseWhole<TypePtr>(text, [](Grammar& grammar) { return grammar.ParseType(); });
}

}  // namespace thalweg::sql
