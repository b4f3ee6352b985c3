#include "bin/sql_tests.h"

#include "bin/registry.h"
#include "bin/sql_runner.h"
#include "testing/sql_test.h"

namespace thalweg::bin {
namespace {

/// "FILE:12: why" for "line 12: why".
std::string PlaceOfLine(const std::string& message, const std::string& file) {
  unsigned line = 0;
  int used = 0;
  if (std::sscanf(message.c_str(), "line %u: %n", &line, &used) == 1 && used > 0)
    return fmt::format("{}:{}: {}", file, line, message.substr(static_cast<size_t>(used)));
  return fmt::format("{}: {}", file, message);
}

}  // namespace

Result<bool> RunSqlTestFiles(const std::vector<std::string>& files, std::FILE* out) {
  flow::Registry registry;
  FillRegistry(registry);
  int cases = 0, failed = 0;
  for (const std::string& file : files) {
    THALWEG_ASSIGN(SqlScript script, ReadSqlScript(file));
    auto tests = testing::ParseSqlTests(script.text);
    if (!tests.ok()) return UserError("{}", PlaceOfLine(tests.status().message(), file));
    for (const testing::SqlTestCase& test : *tests) {
      ++cases;
      const Status status = testing::RunSqlTest(test, registry);
      if (status.ok()) continue;
      ++failed;
      fmt::print(out, "FAILED {}\n{}\n\n", test.name, PlaceOfLine(status.message(), file));
    }
  }
  fmt::print(out, "{} case{}, {} failed\n", cases, cases == 1 ? "" : "s", failed);
  return failed == 0;
}

}  // namespace thalweg::bin
