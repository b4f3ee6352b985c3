// What the parser says about wrong SQL: tests/sql/errors/*.txt, written by hand. What parses is src/testing/sql_errors_test.cc's.
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>

#include "sql/corpus_test.h"
#include "sql/parser.h"
#include "testing/source_folder.h"

namespace thalweg::sql {
namespace {

TEST(SyntaxErrors, SayWhatTheGoldenFilesSay) {
  size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SourceFolder() + "/tests/sql/errors")) {
    std::string path = entry.path().string();
    const std::string name = entry.path().filename().string();
    if (name == "binder.txt" || name == "session.txt") continue;
    for (const std::string& piece : ReadPieces(path, "====")) {
      size_t line = piece.find("\n----\n");
      ASSERT_NE(line, std::string::npos) << path << ": " << piece;
      std::string statement = piece.substr(0, line), message = piece.substr(line + 6);
      Result<std::vector<ParsedStatement>> script = ParseScript(statement);
      ++cases;
      if (script.ok()) {
        ADD_FAILURE() << path << ": this parses: " << statement;
      } else {
        EXPECT_EQ(script.status().message(), message) << path;
        EXPECT_EQ(script.status().category(), ErrorCategory::kUser);
      }
    }
  }
  std::cout << cases << " wrong scripts\n";
  EXPECT_GE(cases, 140u);
}

TEST(SyntaxErrors, ALongLineIsQuotedAroundThePlace) {
  std::string text = "SELECT " + std::string(200, 'a') + ", FROM t WHERE " + std::string(200, 'b');
  std::string message = ParseScript(text).status().message();
  size_t quote = message.find('\n'), caret = message.find('\n', quote + 1);
  std::string line = message.substr(quote + 1, caret - quote - 1), below = message.substr(caret + 1);
  EXPECT_LE(line.size(), 110u);
  EXPECT_EQ(line.substr(below.find('^'), 4), "FROM");
}

TEST(SyntaxErrors, ColumnsCountCharactersAndTabsKeepTheCaretInPlace) {
  EXPECT_EQ(ParseScript("\tSELECT 'äö€', FROM t").status().message(),
            "line 1, column 16: expected an expression, found FROM\n"
            "  \tSELECT 'äö€', FROM t\n"
            "  \t              ^\n"
            "is the comma before it one too many?");
}

}  // namespace
}  // namespace thalweg::sql
