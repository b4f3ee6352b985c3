// SQL text to syntax trees: Flink 2.3's dialect. A hand-written recursive descent; docs/internals/sql.md tells the walk.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "sql/ast_statement.h"

namespace thalweg::sql {

struct ParsedStatement {
  StatementPtr statement;
  std::string text;  // as written, without the semicolon
  Position begin;    // in the script
};

/// The statements of a script, in order. Semicolons in strings, comments and statement sets part nothing; empty statements are
/// left out. A user error tells line, column, what was expected, and quotes the line. Any thread.
Result<std::vector<ParsedStatement>> ParseScript(std::string_view text);

/// Exactly one statement; a semicolon may follow.
Result<StatementPtr> ParseStatement(std::string_view text);
Result<QueryPtr> ParseQuery(std::string_view text);
Result<ExprPtr> ParseExpression(std::string_view text);
Result<TypePtr> ParseType(std::string_view text);

}  // namespace thalweg::sql
