// What is wrong with SQL text, and where. Rendered in one place, so that every message looks alike:
//
//   line 2, column 6: expected a table, found ORDER
//     FROM order
//          ^
//   ORDER is a reserved word: to use it as a name, write `order`
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "sql/token.h"

namespace thalweg::sql {

/// Thrown inside the parser only, which makes a Status of it at its border (parser.cc).
struct SyntaxError {
  Position at;
  std::string message;
  std::string hint;  // a line of its own below the quoted source; may be empty
};

/// A user error whose message is laid out as above. `text` is the whole text that `error` speaks of.
Status RenderSyntaxError(const SyntaxError& error, std::string_view text);

/// A place with what is quoted of its line: for errors that are found when the text is gone.
struct QuotedPlace {
  Position at;
  std::string line;  // in part, if it is long; empty: no place is known
  size_t caret = 0;  // bytes of it before the caret
};
QuotedPlace QuoteAt(const Position& at, std::string_view text);
/// A user error at `place`, laid out as above.
Status RenderAt(const QuotedPlace& place, std::string_view message, std::string_view hint = "");

/// Whether an error tells its place: it begins with "line 2, column 6: ".
bool HasPlace(const Status& status);

/// "did you mean orders?", or "" where none of `names` is near, or `name` is one of them.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& names);

/// "line 2, column 6"
std::string ToText(const Position& position);

}  // namespace thalweg::sql
