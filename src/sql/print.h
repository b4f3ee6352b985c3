// The syntax tree as SQL again, for tests, for EXPLAIN and for SHOW CREATE. Rule: every name stands in backquotes, every operation
// in parentheses, and what is printed parses to the same tree.
#pragma once

#include <string>

#include "sql/ast_statement.h"

namespace thalweg::sql {

std::string Print(const Statement& statement);
std::string Print(const Query& query);
std::string Print(const Expr& expr);
/// With the parentheses that are needed and functions without backquotes, as Flink shows computed columns and watermarks:
/// `ts` - INTERVAL '1' SECOND.
std::string PrintPlain(const Expr& expr);
std::string Print(const TypeSpec& type);
std::string Print(const Name& name);

}  // namespace thalweg::sql
