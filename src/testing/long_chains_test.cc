// Long chains of one operator, as programs write them.
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "columns/format.h"
#include "testing/select_rows.h"

namespace thalweg::testing {
namespace {

std::string ChainOf(int terms, const std::string& op, const std::function<std::string(int)>& term) {
  std::string chain = term(0);
  for (int i = 1; i < terms; ++i) chain += op + term(i);
  return chain;
}

/// The number of rows, and of the first the first column as text.
std::pair<int, std::string> FirstOf(const std::string& query) {
  SelectRows engine("UTC");
  const auto rows = engine.Query(query);
  EXPECT_TRUE(rows.ok()) << rows.status().message().substr(0, 200);
  std::pair<int, std::string> found{0, ""};
  if (rows.ok())
    for (const columns::Batch& batch : *rows) {
      if (found.first == 0 && batch.rows() > 0) columns::AppendCellText(batch.column(0), 0, found.second);
      found.first += static_cast<int>(batch.rows());
    }
  return found;
}

TEST(LongChains, OfOrPassTheRowsOfAnyTerm) {
  for (int terms : {120, 235, 260, 1000}) {
    const std::string some = ChainOf(terms, " OR ", [](int i) { return fmt::format("x = {}", i); });
    EXPECT_EQ(FirstOf("SELECT x FROM (VALUES 1, 5, -1) AS t (x) WHERE " + some).first, 2) << terms;
    EXPECT_EQ(FirstOf("SELECT " + some + " FROM (VALUES 5) AS t (x)").second, "true") << terms;
    EXPECT_EQ(FirstOf("SELECT x FROM (VALUES 1, 5) AS t (x) WHERE NOT (" + some + ")").first, 0) << terms;
  }
}

TEST(LongChains, OfOperatorsAreComputed) {
  for (int terms : {260, 400}) {  // a sanitized build has stack for no 1000
    auto x = [](int) { return std::string("x"); };
    EXPECT_EQ(FirstOf("SELECT " + ChainOf(terms, " + ", x) + " FROM (VALUES 2) AS t (x)").second,
              std::to_string(2 * terms));
    EXPECT_EQ(FirstOf("SELECT " + ChainOf(terms, " + ", x) + " FROM (VALUES CAST(0.5 AS DOUBLE)) AS t (x)").second,
              fmt::format("{:.1f}", 0.5 * terms));
    EXPECT_EQ(FirstOf("SELECT " + ChainOf(terms, " || ", x) + " FROM (VALUES 'ab') AS t (x)").second.size(),
              static_cast<size_t>(2 * terms));
    EXPECT_EQ(FirstOf("SELECT x FROM (VALUES 2) AS t (x) WHERE " + ChainOf(terms, " + ", x) + " > 0").first, 1);
  }
}

}  // namespace
}  // namespace thalweg::testing
