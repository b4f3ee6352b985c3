// Regular expressions of java.util.regex written as PCRE2's.
// Rule: the result needs no option of PCRE2 but UTF: what Java's flags change is spelled out in it, so that no default of PCRE2 decides.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace thalweg::expr {

/// User error that says what is wrong and where, in code points: of a pattern that Java refuses, or (IsUnsupportedPattern) of one that Java
/// takes and this does not. `\b`, letters and blocks are those of Java 17.
Result<std::string> TranslateJavaPattern(std::string_view pattern);

/// The error for a pattern that Java takes: it must be told, where a malformed one is NULL.
Status UnsupportedPattern(std::string_view pattern, std::string_view why);
bool IsUnsupportedPattern(const Status& status);

}  // namespace thalweg::expr
