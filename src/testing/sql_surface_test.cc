// docs/book/sql_types.md: each line of its tables is true.
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

}  // namespace
}  // namespace thalweg::testing
