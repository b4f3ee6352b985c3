#include "base/check.h"

#include <execinfo.h>

#include <cstdio>
#include <cstdlib>

namespace thalweg {

void CheckFailed(const char* file, int line, const char* condition, const std::string& message) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s %s\n", file, line, condition, message.c_str());
  void* frames[48];
  backtrace_symbols_fd(frames, backtrace(frames, 48), 2);
  std::fflush(stderr);
  std::abort();
}

}  // namespace thalweg
