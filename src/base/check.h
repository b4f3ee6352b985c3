// Programmer errors stop the process, in release too. Operating errors are values (base/status.h), never checks.
#pragma once

#include <string>

#include <fmt/format.h>

namespace thalweg {

/// Prints place, condition and message with a stack trace to stderr, then aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, const std::string& message);

inline std::string CheckMessage() { return {}; }
template <typename... Args>
std::string CheckMessage(fmt::format_string<Args...> format, Args&&... args) {
  return fmt::format(format, std::forward<Args>(args)...);
}

}  // namespace thalweg

/// THALWEG_CHECK(condition) or THALWEG_CHECK(condition, "format {}", value).
#define THALWEG_CHECK(condition, ...)                                                               \
  do {                                                                                              \
    if (!(condition)) [[unlikely]]                                                                  \
      ::thalweg::CheckFailed(__FILE__, __LINE__, #condition, ::thalweg::CheckMessage(__VA_ARGS__)); \
  } while (false)
