#include "expr/book.h"

#include "expr/functions.h"
#include "expr/refused.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "testing/source_folder.h"

namespace thalweg::expr {
namespace {

std::string Read(const std::string& path) {
  std::ifstream file(SourceFolder() + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(FunctionsPage, IsWhatTheRegistryHas) {
  const std::string page = RenderFunctions(Read("tests/corpus/flink_functions.tsv"));
  if (page == Read("docs/book/sql_functions.md")) return;
  const std::string path = ::testing::TempDir() + "sql_functions.md";
  std::ofstream(path) << page;
  ADD_FAILURE() << "docs/book/sql_functions.md is out of date: cp " << path << " docs/book/";
}

// A function of Flink's list works, or the page tells why not.
TEST(FunctionsPage, TellsWhyEachMissingOneIsRefused) {
  std::stringstream page(Read("docs/book/sql_functions.md"));
  int refused = 0;
  for (std::string line; std::getline(page, line);) {
    if (line.find("| rarer |") == std::string::npos && line.find("| common |") == std::string::npos) continue;
    ++refused;
    EXPECT_FALSE(line.ends_with("|  |")) << line;
  }
  EXPECT_GE(refused, 20);
}

TEST(TypesPage, HasTheCastsThatThereAre) {
  const std::string table = RenderCasts();
  if (Read("docs/book/sql_types.md").find("\n" + table + "\n") != std::string::npos) return;
  ADD_FAILURE() << "The table of casts in docs/book/sql_types.md is out of date: it is\n" << table;
}

TEST(RefusedFunctions, AreNotThereAndSayWhy) {
  for (const auto& [name, why] : RefusedFunctions()) {
    EXPECT_EQ(Registry::BuiltIn().Find(name), nullptr) << name;
    EXPECT_EQ(Registry::BuiltIn().Unknown(name).message(), fmt::format("Function {} is not supported: {}", name, why));
  }
}

}  // namespace
}  // namespace thalweg::expr
