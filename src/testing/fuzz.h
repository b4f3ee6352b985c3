// Fuzz targets: one body, two drivers. Rule: what fails is repeatable, by the seed here and by the input file there.
//
//   FUZZ_TARGET(GraphCodec, Encode(SmallGraph()), "{}") {   // name, then seeds: well-formed inputs to mutate
//     Result<Graph> graph = Decode(input);                  // `input` is a std::string_view
//     if (graph.ok()) THALWEG_CHECK(Decode(Encode(*graph)).ok());
//   }
//
// In `<folder>_test` the target is the test Fuzz.<Name>: the seeds, then THALWEG_FUZZ_INPUTS (default 6,000) mutations of
// them from a fixed seed. In a -DTHALWEG_FUZZ=ON build each x_fuzz.cc is a libFuzzer program of its own, which runs every
// input through all targets of the file and first writes their seeds to the corpus folder named on its command line.
// A property that must hold is a THALWEG_CHECK or an EXPECT; a crash, a sanitizer report and an exception fail too. In each
// of these cases the input is printed as hex: keep it as a seed.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace thalweg::testing {

/// Longest mutated input, in bytes: long enough for two-byte varint lengths, short enough for many inputs in a second.
constexpr size_t kMaxFuzzInput = 4096;

struct FuzzTarget {
  const char* name;
  void (*run)(std::string_view input);
  std::vector<std::string> (*seeds)();
};

/// Runs the seeds, then mutations of them. Stops at the first input after which `failed()` holds or which throws (rethrown),
/// and prints it; prints it also if the process dies of it. One target at a time, on one thread.
void RunSeeded(const FuzzTarget& target, bool (*failed)());

/// One to eight random edits of `input`; `seeds` (not empty) give material to splice in. At most kMaxFuzzInput bytes after it.
void Mutate(std::string& input, const std::vector<std::string>& seeds, Random& random);

/// For -DTHALWEG_FUZZ=ON: the targets of this program, run by libFuzzer's entry points below.
bool RegisterFuzzTarget(const FuzzTarget& target);
void RunRegisteredTargets(std::string_view input);
void WriteRegisteredSeeds(std::string_view folder);

inline void AddFuzzSeed(std::vector<std::string>& seeds, std::string_view seed) { seeds.emplace_back(seed); }
inline void AddFuzzSeed(std::vector<std::string>& seeds, const std::vector<std::string>& more) {
  seeds.insert(seeds.end(), more.begin(), more.end());
}
/// Strings and vectors of strings, in one list.
template <typename... Seeds>
std::vector<std::string> FuzzSeeds(const Seeds&... seeds) {
  std::vector<std::string> all;
  (AddFuzzSeed(all, seeds), ...);
  return all;
}

}  // namespace thalweg::testing

#ifdef THALWEG_FUZZ
#define THALWEG_FUZZ_DRIVER_(Name) \
  [[maybe_unused]] static const bool Name##Registered = ::thalweg::testing::RegisterFuzzTarget(Name##Target);

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  GTEST_FLAG_SET(break_on_failure, true);  // an EXPECT that fails is a crash, which is what libFuzzer looks for
  for (int i = 1; i < *argc; ++i) {
    if ((*argv)[i][0] != '-') {
      ::thalweg::testing::WriteRegisteredSeeds((*argv)[i]);
      break;
    }
  }
  return 0;
}
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  ::thalweg::testing::RunRegisteredTargets({reinterpret_cast<const char*>(data), size});
  return 0;
}
#else
#define THALWEG_FUZZ_DRIVER_(Name) \
  TEST(Fuzz, Name) { ::thalweg::testing::RunSeeded(Name##Target, &::testing::Test::HasFailure); }
#endif

/// FUZZ_TARGET(Name, seeds...) { body that reads `input` }
#define FUZZ_TARGET(Name, ...)                                                                             \
  static void Name##FuzzBody(std::string_view input);                                                      \
  static std::vector<std::string> Name##FuzzSeeds() { return ::thalweg::testing::FuzzSeeds(__VA_ARGS__); } \
  static const ::thalweg::testing::FuzzTarget Name##Target{#Name, &Name##FuzzBody, &Name##FuzzSeeds};      \
  THALWEG_FUZZ_DRIVER_(Name)                                                                               \
  static void Name##FuzzBody([[maybe_unused]] std::string_view input)
