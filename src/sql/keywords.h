// Which words of Flink's SQL may not name a table or a column unless they stand in backquotes.
#pragma once

#include <span>
#include <string_view>

namespace thalweg::sql {

/// `upper` is a word in upper case.
bool IsReserved(std::string_view upper);

/// A reserved word that names a function nevertheless when a parenthesis follows: COUNT(*), LEFT(s, 2), YEAR(d).
bool IsReservedFunction(std::string_view upper);

/// A reserved word that is a function call by itself: CURRENT_TIMESTAMP.
bool IsFunctionWithoutParentheses(std::string_view upper);

/// All reserved words, sorted.
std::span<const std::string_view> ReservedWords();

}  // namespace thalweg::sql
