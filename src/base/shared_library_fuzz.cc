#include "base/shared_library.h"

#include "base/check.h"
#include "base/shared_library_samples_test.h"
#include "testing/fuzz.h"

namespace thalweg {

// What holds all that its headers speak of still does with more behind it.
FUZZ_TARGET(ElfFile, SmallElf().Bytes()) {
  const std::vector<char> exact(input.begin(), input.end());  // without a byte behind the last
  const Status status = CheckElf({exact.data(), exact.size()});
  THALWEG_CHECK(status.ok() ? CheckElf(std::string(input) + "x").ok() : status.category() == ErrorCategory::kUser);
}

}  // namespace thalweg
