// What is wrong with SQL text, and where. Rendered in one place, so that every message looks alike:
//
//   line 2, column 6: expected a table, found ORDER
//     FROM order
//          ^
//   ORDER is a reserved word: to use it as a name, write `order`
#pragma once

#include <string>
#include <string_view>

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

/// "line 2, column 6"
std::string ToText(const Position& position);

}  // namespace thalweg::sql
