// What the binder and the session say about wrong SQL: tests/sql/errors, written by hand.
#include <gtest/gtest.h>

#include <fstream>

#include "testing/select_rows.h"
#include "testing/source_folder.h"

namespace thalweg::testing {
namespace {

/// Statement and message of each case.
std::vector<std::pair<std::string, std::string>> ReadErrorCases(const std::string& name) {
  std::ifstream file(SourceFolder() + "/tests/sql/errors/" + name);
  std::vector<std::pair<std::string, std::string>> cases;
  bool message = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "====") {
      cases.emplace_back();
      message = false;
    } else if (line == "----") {
      message = true;
    } else if (!cases.empty()) {
      std::string& text = message ? cases.back().second : cases.back().first;
      text += (text.empty() ? "" : "\n") + line;
    }
  }
  return cases;
}

constexpr char kErrorTables[] = R"(
CREATE TABLE orders (id BIGINT, customer STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
  WITH ('connector' = 'test');
CREATE TABLE customers (id BIGINT, name STRING, tags ARRAY<STRING>, address ROW<city STRING, zip INT>, PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector' = 'test', 'changelog-mode' = 'I,UA,D');
CREATE TABLE totals (customer STRING, total DECIMAL(10, 2)) WITH ('connector' = 'test');
CREATE TABLE required (k STRING NOT NULL, n INT) WITH ('connector' = 'test');
CREATE VIEW names AS SELECT name FROM customers;
)";

TEST(BinderErrors, SayWhatTheGoldenFileSays) {
  SelectRows engine("UTC");
  const Status tables = engine.Run(kErrorTables);
  ASSERT_TRUE(tables.ok()) << tables.message();
  const auto cases = ReadErrorCases("binder.txt");
  EXPECT_GE(cases.size(), 90u);
  for (const auto& [statement, message] : cases) {
    const Status status = engine.Run(statement);
    EXPECT_FALSE(status.ok()) << "this is taken: " << statement;
    EXPECT_EQ(status.message(), message);
    if (!status.ok()) EXPECT_EQ(status.category(), ErrorCategory::kUser) << statement;
  }
}

TEST(SessionErrors, SayWhatTheGoldenFileSays) {
  const auto cases = ReadErrorCases("session.txt");
  EXPECT_GE(cases.size(), 30u);
  for (const auto& [script, message] : cases) {
    SelectRows engine("UTC");
    const Status status = engine.Run(script);
    EXPECT_FALSE(status.ok()) << "this is taken: " << script;
    EXPECT_EQ(status.message(), message) << script;
  }
}

}  // namespace
}  // namespace thalweg::testing
