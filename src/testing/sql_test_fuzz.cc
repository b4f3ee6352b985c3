#include "testing/fuzz.h"
#include "testing/sql_test.h"

namespace thalweg::testing {

// Any text is cases or an error with a line.
FUZZ_TARGET(SqlTestText,
            "=== a\nSELECT 1;\n--- input t\n[1]\n--- time 10 s\n--- expect ordered t\n+I[1]\n--- error\nx\n") {
  auto tests = ParseSqlTests(input);
  if (!tests.ok()) THALWEG_CHECK(tests.status().message().starts_with("line "), "{}", tests.status().message());
}

}  // namespace thalweg::testing
