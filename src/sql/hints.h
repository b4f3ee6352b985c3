// Hints /*+ ... */: which there are, and what OPTIONS says of a table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sql/ast.h"

namespace thalweg::sql {

/// Throws a SyntaxError at a hint that does not exist: misspelt, it would change nothing, and nobody would know.
void CheckHints(const std::vector<Hint>& hints);

/// OPTIONS of a table, over those of its definition. Checks them all.
std::map<std::string, std::string> OptionsOfHints(const std::vector<Hint>& hints);

}  // namespace thalweg::sql
