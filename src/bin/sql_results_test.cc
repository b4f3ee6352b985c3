// The scripts of tests/sql/results print what stands there.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "bin/sql_runner.h"
#include "io/temporary_folder.h"
#include "testing/source_folder.h"

namespace thalweg::bin {
namespace {

constexpr std::string_view kCase = "--- ";
constexpr std::string_view kPrints = "--- prints";

struct ScriptCase {
  std::string name;
  std::string script;
  std::string prints;
};

std::vector<ScriptCase> ReadCases(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<ScriptCase> cases;
  bool prints = false;
  for (std::string line; std::getline(file, line);) {
    if (line == kPrints) {
      prints = true;
    } else if (line.starts_with(kCase)) {
      cases.push_back({.name = line.substr(kCase.size())});
      prints = false;
    } else if (!cases.empty()) {
      (prints ? cases.back().prints : cases.back().script) += line + "\n";
    }
  }
  return cases;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

TEST(SqlResults, EachScriptPrintsWhatStandsInItsFile) {
  const std::vector<ScriptCase> cases = ReadCases(SourceFolder() + "/tests/sql/results/queries.txt");
  ASSERT_GE(cases.size(), 19u);
  for (const ScriptCase& each : cases) {
    SCOPED_TRACE(each.name);
    io::TemporaryFolder folder;
    std::FILE* file = std::tmpfile();
    const SqlScript script{.text = Replaced(each.script, "{folder}", folder.path()),
                           .file = "script.sql",
                           .output = cli::OutputFormat::kCsv};
    const Status status = RunSql(script, {}, {}, file);
    EXPECT_TRUE(status.ok()) << status.ToString();
    std::rewind(file);
    std::string out;
    char buffer[4096];
    for (size_t n; (n = std::fread(buffer, 1, sizeof(buffer), file)) > 0;) out.append(buffer, n);
    std::fclose(file);
    EXPECT_EQ(out, each.prints);
  }
}

}  // namespace
}  // namespace thalweg::bin
