// The parser against SQL that others wrote: tests/corpus/flink_sql, from the tests of Apache Flink.
#include "sql/corpus_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

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

TEST(FlinkCorpus, EveryStatementOfTheParserTestsButOneParses) {
  std::vector<std::string> statements = Corpus("parser_tests.txt");
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
