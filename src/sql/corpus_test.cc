// The parser against SQL that others wrote: tests/corpus/flink_sql, from the tests of Apache Flink.
#include "sql/corpus_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "base/ascii.h"
#include "sql/parser.h"
#include "sql/print.h"
#include "testing/source_folder.h"

namespace thalweg::sql {
namespace {

std::vector<std::string> Corpus(const std::string& file) {
  return ReadPieces(SourceFolder() + "/tests/corpus/flink_sql/" + file, "----");
}

// What is printed must parse, and print the same again.
bool IsFixedPoint(const Statement& statement) {
  std::string printed = Print(statement);
  Result<StatementPtr> again = ParseStatement(printed);
  bool same = again.ok() && Print(**again) == printed;
  if (!same) std::cout << "no fixed point: " << printed << "\n" << again.status().ToString() << "\n";
  return same;
}

int CountParsed(const std::vector<std::string>& statements) {
  int parsed = 0;
  for (const std::string& text : statements) {
    Result<std::vector<ParsedStatement>> script = ParseScript(text);
    if (!script.ok()) {
      std::cout << text << "\n" << script.status().message() << "\n";
      continue;
    }
    bool fixed = true;
    for (const ParsedStatement& statement : *script) fixed = IsFixedPoint(*statement.statement) && fixed;
    parsed += fixed ? 1 : 0;
  }
  std::cout << parsed << "/" << statements.size() << " statements parse and print back\n";
  return parsed;
}

TEST(FlinkCorpus, EveryStatementOfThePlanTestsParsesAndPrintsBack) {
  std::vector<std::string> statements = Corpus("plan_tests.txt");
  ASSERT_EQ(statements.size(), 1688u);
  EXPECT_EQ(CountParsed(statements), 1688);
}

/// Of the parser's tests: what is parsed, and what Flink prints of it; several of a statement that the collection has torn from its own.
struct Printed {
  std::string statement;
  std::vector<std::string> canonical;
};

std::vector<Printed> ParserTests() {
  std::vector<Printed> tests;
  for (const std::string& piece : Corpus("parser_tests.txt")) {
    constexpr std::string_view kMark = "\n====\n";
    size_t end = piece.find(kMark);
    Printed test{piece.substr(0, end), {}};
    while (end != std::string::npos) {
      const size_t begin = end + kMark.size();
      end = piece.find(kMark, begin);
      test.canonical.push_back(piece.substr(begin, end == std::string::npos ? end : end - begin));
    }
    tests.push_back(std::move(test));
  }
  return tests;
}

/// Flink's parser tests put names in upper case; keywords and quotes are as the printer has them on both sides.
std::string CanonicalOf(const std::string& text) {
  auto statement = ParseStatement(text);
  return statement.ok() ? AsciiUpper(Print(**statement)) : statement.status().message();
}

// What Flink prints has every precedence, default and kind of join written out: a statement means to Flink what it means here if both texts
// are parsed to the same.
TEST(FlinkCorpus, StatementsOfTheParserTestsMeanWhatFlinkPrintsOfThem) {
  const std::vector<Printed> tests = ParserTests();
  int same = 0;
  for (const Printed& test : tests) {
    ASSERT_FALSE(test.canonical.empty()) << test.statement;
    const std::string ours = CanonicalOf(test.statement);
    const bool found = std::any_of(test.canonical.begin(), test.canonical.end(),
                                   [&](const std::string& canonical) { return CanonicalOf(canonical) == ours; });
    if (found)
      ++same;
    else
      std::cout << "not what Flink prints:\n"
                << test.canonical[0] << "\nours:\n"
                << ours << "\ntheirs:\n"
                << CanonicalOf(test.canonical[0]) << "\n";
  }
  std::cout << same << "/" << tests.size() << " statements mean what Flink prints of them\n";
  // DROP DATABASE without RESTRICT is printed without it (2); a table or model as an argument is printed without parentheses around it (2);
  // three statements stand beside texts of others.
  EXPECT_EQ(same, 252);
}

TEST(FlinkCorpus, EveryStatementOfTheParserTestsButOneParses) {
  std::vector<std::string> statements;
  for (Printed& test : ParserTests()) statements.push_back(std::move(test.statement));
  ASSERT_EQ(statements.size(), 259u);
  // INSERT INTO emps(z boolean): columns that the statement itself declares, which Flink's planner does not take.
  EXPECT_EQ(CountParsed(statements), 258);
}

// The place of the error: the first ^ of the text, where Flink's message points too.
TEST(FlinkCorpus, WhatFlinksParserRefusesIsRefusedMostlyAtTheSamePlace) {
  std::vector<std::string> statements = Corpus("parser_failures.txt");
  ASSERT_EQ(statements.size(), 41u);
  size_t same_place = 0;
  for (std::string text : statements) {
    size_t mark = text.find('^');
    std::string place;
    if (mark != std::string::npos) {
      size_t line_begin = mark == 0 ? 0 : text.rfind('\n', mark - 1) + 1;
      size_t line =
          1 + static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(mark), '\n'));
      place = fmt::format("line {}, column {}:", line, mark - line_begin + 1);
    }
    std::erase(text, '^');
    Result<std::vector<ParsedStatement>> script = ParseScript(text);
    ASSERT_FALSE(script.ok()) << text;
    if (script.status().message().starts_with(place)) {
      ++same_place;
    } else {
      std::cout << "elsewhere than " << place << "\n" << script.status().message() << "\n";
    }
  }
  std::cout << same_place << "/" << statements.size() << " errors at Flink's place\n";
  EXPECT_GE(same_place, 36u);
}

}  // namespace
}  // namespace thalweg::sql
