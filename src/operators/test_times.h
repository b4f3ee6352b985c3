// Times in the rows of tests, as they are printed. Include from tests only.
#pragma once

#include <string>

#include <fmt/format.h>

namespace thalweg::operators {

/// Milliseconds of the first minute as a TIMESTAMP(3); 0 is printed otherwise.
inline std::string At(int millis) {
  if (millis % 1000 == 0) return fmt::format("1970-01-01T00:00:{:02}", millis / 1000);
  return fmt::format("1970-01-01T00:00:{:02}.{:03}", millis / 1000, millis % 1000);
}

/// "+I[a, {}, {}]" with each {} a time.
template <typename... Times>
std::string Timed(const char* row, Times... times) {
  return fmt::format(fmt::runtime(row), At(times)...);
}

}  // namespace thalweg::operators
