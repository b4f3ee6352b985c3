// SQL text to tokens. Rule: every byte is part of a token, of blanks or of a comment; nothing else is skipped.
#pragma once

#include <string_view>
#include <vector>

#include "sql/token.h"

namespace thalweg::sql {

/// All tokens of `text`, the last one kEnd. Throws SyntaxError: an unclosed string, name or comment, a character that is not SQL.
std::vector<Token> Tokenize(std::string_view text);

}  // namespace thalweg::sql
