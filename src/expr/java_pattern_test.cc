// Translated patterns against what java.util.regex finds: tests/golden/java_patterns.tsv, made by OpenJDK 17.
#include "expr/java_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "expr/regex.h"
#include "expr/utf8.h"
#include "testing/source_folder.h"

namespace thalweg::expr {
namespace {

using ::testing::HasSubstr;

/// "a`E9`" as text.
std::string Unescaped(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '`') {
      out += text[at];
      continue;
    }
    const size_t end = text.find('`', at + 1);
    AppendCodePoint(static_cast<uint32_t>(std::stoul(text.substr(at + 1, end - at - 1), nullptr, 16)), out);
    at = end;
  }
  return out;
}

/// All that Matcher.find() would find, in the form of the file, without escapes.
std::string Found(const Regex& regex, const std::string& text) {
  std::string found;
  for (size_t at = 0; at <= text.size();) {
    auto match = regex.Find(text, at);
    if (!match.ok()) return match.status().message();
    if (match->empty()) break;
    found += '<';
    for (size_t i = 0; i < match->size(); ++i) {
      const Regex::Group& group = (*match)[i];
      if (i > 0) found += '|';
      found += group.present() ? text.substr(group.begin, group.end - group.begin) : "~";
    }
    found += '>';
    const Regex::Group& whole = match->front();
    at = whole.end > whole.begin   ? whole.end
         : whole.end < text.size() ? whole.end + CodePointBytes(text, whole.end)
                                   : text.size() + 1;
  }
  return found.empty() ? "none" : found;
}

TEST(JavaPattern, FindsWhatJavaFinds) {
  std::ifstream file(SourceFolder() + "/tests/golden/java_patterns.tsv");
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with("# ")) continue;
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    ASSERT_NE(second, std::string::npos) << line;
    const std::string pattern = Unescaped(line.substr(0, first)),
                      text = Unescaped(line.substr(first + 1, second - first - 1));
    const std::string expected = Unescaped(line.substr(second + 1));
    auto regex = Regex::Compile(pattern);
    ++cases;
    if (expected == "malformed") {
      EXPECT_FALSE(regex.ok()) << line;
      if (!regex.ok()) EXPECT_FALSE(IsUnsupportedPattern(regex.status())) << regex.status().message();
    } else if (!regex.ok() && IsUnsupportedPattern(regex.status()) && pattern.find("\\b{g}") != std::string::npos) {
      continue;
    } else {
      ASSERT_TRUE(regex.ok()) << line << "\n" << regex.status().message();
      EXPECT_EQ(Found(*regex, text), expected) << line << "\n" << *TranslateJavaPattern(pattern);
    }
  }
  EXPECT_GE(cases, 370);
}

std::string PatternFaultOf(const std::string& pattern) {
  const auto regex = Regex::Compile(pattern);
  return regex.ok() ? "" : regex.status().message();
}

TEST(JavaPattern, AFaultTellsItsPlaceInCodePoints) {
  EXPECT_EQ(PatternFaultOf("a(b"), "Malformed regular expression 'a(b' at 3: Unclosed group");
  EXPECT_EQ(PatternFaultOf("\xC3\xA9*+*"),
            "Malformed regular expression '\xC3\xA9*+*' at 3: Dangling meta character '*'");
  EXPECT_EQ(PatternFaultOf("[a"), "Malformed regular expression '[a' at 2: Unclosed character class");
  EXPECT_EQ(PatternFaultOf("\\p{Nowhere}"),
            "Malformed regular expression '\\p{Nowhere}' at 11: Unknown character property name {Nowhere}");
}

TEST(JavaPattern, WhatJavaTakesAndThisDoesNotIsSaid) {
  for (const char* pattern : {"\\b{g}", "\\N{DIGIT ONE}", "\\uD83D", "[\\uD800-\\uDFFF]", "(?<=a{1,2})b"}) {
    const auto regex = Regex::Compile(pattern);
    EXPECT_TRUE(!regex.ok() && IsUnsupportedPattern(regex.status())) << pattern;
    EXPECT_THAT(PatternFaultOf(pattern), HasSubstr("Regular expression is not supported: "));
  }
  EXPECT_THAT(PatternFaultOf(std::string(300, '(') + std::string(300, ')')), HasSubstr("nested deeper than 200"));
  EXPECT_THAT(PatternFaultOf(std::string(300, '[') + "a" + std::string(300, ']')), HasSubstr("nested deeper than 200"));
  EXPECT_EQ(PatternFaultOf(std::string(150, '(') + std::string(150, ')')), "");
}

}  // namespace
}  // namespace thalweg::expr
