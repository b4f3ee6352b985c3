#include "expr/book.h"

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

}  // namespace
}  // namespace thalweg::expr
