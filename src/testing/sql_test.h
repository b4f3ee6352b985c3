// Tests of SQL as text: statements, what comes in, what is expected. docs/book/sql_tests.md has the format.
// Rule: a case runs on virtual time in one thread, once as it stands and again with rows one by one and with restarts; all must agree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "flow/program.h"

namespace thalweg::testing {

/// "--- input clicks" and the lines below it.
struct SqlTestStep {
  enum class Kind : uint8_t { kInput, kWatermark, kEnd, kTime, kRestart, kExpect, kExpectOrdered, kTable, kError };
  struct Line {
    int number = 0;
    std::string text;
    bool operator==(const Line&) const = default;
  };
  Kind kind = Kind::kInput;
  int line = 0;
  std::string table;        // "": the query
  int64_t time_ms = 0;      // kWatermark; kTime
  bool relative = false;    // kTime: from now on
  std::vector<Line> lines;  // rows; of kError what the message contains
};

struct SqlTestCase {
  std::string name;
  int line = 0;
  int sql_line = 0;  // of the first line of `sql`
  std::string sql;
  std::vector<SqlTestStep> steps;
};

/// UserErrors begin with "line N: ".
Result<std::vector<SqlTestCase>> ParseSqlTests(std::string_view text);

/// Runs the case under all variations. `registry`: kinds of operators and sources. A UserError begins with "line N: " and says what was
/// expected, what came, and under which variation.
Status RunSqlTest(const SqlTestCase& test, const flow::Registry& registry);

}  // namespace thalweg::testing
