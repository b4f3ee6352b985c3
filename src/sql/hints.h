// Hints /*+ ... */: which there are, and what OPTIONS says of a table.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sql/ast.h"

namespace thalweg::sql {

/// Throws a SyntaxError at a hint that does not exist: misspelt, it would change nothing, and nobody would know.
void CheckHints(const std::vector<Hint>& hints);

/// OPTIONS of a table, over those of its definition. Checks them all; `allowed`: table.dynamic-table-options.enabled.
std::map<std::string, std::string> OptionsOfHints(const std::vector<Hint>& hints, bool allowed);

/// Hints that choose how to join name tables of the query: `is_table` says of a name whether it is one.
void CheckJoinHints(const std::vector<Hint>& hints, const std::function<bool(const std::string&)>& is_table);

/// Throws: a hint names what is no table here.
[[noreturn]] void NoTableOfHint(const Position& at, const std::string& table, std::string_view hint,
                                std::string tip = "");

}  // namespace thalweg::sql
