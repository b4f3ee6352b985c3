// docs/book/sql_types.md and sql_syntax.md: each line of their tables is true.
#include <gtest/gtest.h>

#include <fstream>

#include "testing/select_rows.h"
#include "testing/source_folder.h"

namespace thalweg::testing {
namespace {

/// The cells of a table's lines, without the blanks and backquotes around them.
std::vector<std::vector<std::string>> ReadTableLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| ")) continue;
    std::vector<std::string> cells(1);
    for (size_t i = 1; i < line.size(); ++i) {
      if (line[i] == '|')
        cells.emplace_back();
      else
        cells.back() += line[i];
    }
    for (std::string& cell : cells) {
      while (!cell.empty() && (cell.front() == ' ' || cell.front() == '`')) cell.erase(0, 1);
      while (!cell.empty() && (cell.back() == ' ' || cell.back() == '`')) cell.pop_back();
    }
    lines.push_back(std::move(cells));
  }
  return lines;
}

constexpr char kSurfaceTables[] = R"(
CREATE TABLE orders (id BIGINT, customer STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'test');
CREATE TABLE customers (id BIGINT, tags ARRAY<STRING>, address ROW<city STRING, zip INT>) WITH ('connector' = 'test');
)";

TEST(TypesPage, SaysWhatRuns) {
  int types = 0, functions = 0;
  for (const std::vector<std::string>& line : ReadTableLines(SourceFolder() + "/docs/book/sql_types.md")) {
    if (line[1] != "yes" && line[1] != "refused") continue;
    SelectRows engine("UTC");
    ASSERT_TRUE(engine.Run(kSurfaceTables).ok());
    const bool is_query = line[2].starts_with("SELECT ");
    ++(is_query ? functions : types);
    Status status;
    if (is_query) {
      status = engine.Query(line[2]).status();
    } else if (line[0] == "NULL") {
      status = engine.Query("SELECT CAST(NULL AS NULL)").status();
    } else {
      status = engine.Run("CREATE TABLE t (a " + line[0] + ") WITH ('connector' = 'test')");
      if (status.ok()) status = engine.Query("SELECT a, CAST(NULL AS " + line[0] + ") FROM t").status();
    }
    if (line[1] == "yes") {
      EXPECT_TRUE(status.ok()) << line[0] << ": " << status.message();
    } else {
      EXPECT_NE(status.message().find("not supported"), std::string::npos) << line[0] << ": " << status.message();
    }
  }
  EXPECT_GE(types, 30);
  EXPECT_GE(functions, 35);
}

constexpr char kRefusedTables[] = R"(
CREATE TABLE t (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'test');
CREATE TABLE u LIKE t;
CREATE TABLE m (a ARRAY<INT>) WITH ('connector' = 'test');
)";

TEST(SyntaxPage, WhatItSaysIsRefusedIsAndSaysSo) {
  int queries = 0;
  for (const std::vector<std::string>& line : ReadTableLines(SourceFolder() + "/docs/book/sql_syntax.md")) {
    const std::string& query = line[1];
    if (line.size() < 3 ||
        (!query.starts_with("SELECT ") && !query.starts_with("VALUES ") && !query.starts_with("WITH ")))
      continue;
    ++queries;
    SelectRows engine("UTC");
    ASSERT_TRUE(engine.Run(kRefusedTables).ok());
    const std::string message = engine.Run(query).message();
    EXPECT_NE(message.find(line[2]), std::string::npos) << query << "\n" << message;
    EXPECT_TRUE(message.starts_with("line 1, column ")) << query << "\n" << message;
    EXPECT_NE(message.find("^"), std::string::npos) << query << "\n" << message;
  }
  EXPECT_GE(queries, 32);
}

}  // namespace
}  // namespace thalweg::testing
