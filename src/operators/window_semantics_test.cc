// Every test that docs/book/window_semantics.md names exists in this binary.
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "testing/source_folder.h"

namespace thalweg::operators {
namespace {

std::set<std::string> TestsOfThisBinary() {
  std::set<std::string> names;
  const auto& all = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j)
      names.insert(std::string(suite.name()) + "." + suite.GetTestInfo(j)->name());
  }
  return names;
}

/// The cells of "| a | b | `c` ... |"; empty for other lines.
std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  for (size_t at = 0; line.starts_with("| ") && (at = line.find("| ", at)) != std::string::npos; at += 2) {
    size_t end = line.find(" |", at + 2);
    if (end == std::string::npos) break;
    cells.push_back(line.substr(at + 2, end - at - 2));
  }
  return cells;
}

TEST(WindowSemanticsPage, NamesAtLeastSixtyCasesAndOnlyTestsThatExist) {
  std::ifstream page(SourceFolder() + "/docs/book/window_semantics.md");
  ASSERT_TRUE(page.is_open());
  const std::set<std::string> tests = TestsOfThisBinary();
  std::set<std::string> cases;
  for (std::string line; std::getline(page, line);) {
    const std::vector<std::string> cells = Cells(line);
    if (cells.size() != 3 || !cells[1].starts_with("test")) continue;
    const std::string ours = cells[2].substr(1, cells[2].find('`', 1) - 1);
    EXPECT_TRUE(tests.contains(ours)) << "no such test: " << ours;
    EXPECT_TRUE(cases.insert(cells[0] + "." + cells[1]).second) << "named twice: " << line;
  }
  EXPECT_GE(cases.size(), 60u);
}

}  // namespace
}  // namespace thalweg::operators
