#include "base/check.h"
#include "expr/java_pattern.h"
#include "expr/regex.h"
#include "testing/fuzz.h"

namespace thalweg::expr {
namespace {

std::vector<std::string> PatternSamples() {
  return {"[A-Z&&[^Y]]+",
          "(?i)a(?-i)b|(?<n>x{2,3}+)\\k<n>",
          "\\Qa.b\\E[\\p{Lu}\\d&&[^5]]*?",
          "(?x) a # b\n c (?=d$)|^\\R\\Z",
          "\\x{1F600}\\u0041\\07[^]a-\\x7F]",
          "(?U)\\w\\b\\p{IsGreek}\\P{InBasicLatin}(?<!ab)\\2"};
}

}  // namespace

// Any text is a pattern or an error; what is translated compiles or is told as not supported, and finds something or nothing.
FUZZ_TARGET(JavaPattern, PatternSamples()) {
  const Result<std::string> translated = TranslateJavaPattern(input);
  const Result<Regex> regex = Regex::Compile(input);
  if (!translated.ok()) {
    THALWEG_CHECK(!regex.ok());
    return;
  }
  if (!regex.ok()) {
    THALWEG_CHECK(IsUnsupportedPattern(regex.status()), "{}", regex.status().message());
    return;
  }
  const Result<std::vector<Regex::Group>> match = regex->Find("aB1 \n\xC3\xA9");
  THALWEG_CHECK(!match.ok() || match->empty() || match->size() == static_cast<size_t>(regex->groups()) + 1);
}

}  // namespace thalweg::expr
