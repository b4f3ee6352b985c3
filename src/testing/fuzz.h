// Fuzz targets: one body, two drivers. Rule: what fails is repeatable, by the seed here and by the input file there.
//
//   FUZZ_TARGET(GraphCodec, Encode(SmallGraph()), "{}") {   // name, then seeds: well-formed inputs to mutate
//     Result<Graph> graph = Decode(input);                  // `input` is a std::string_view
//     if (graph.ok()) THALWEG_CHECK(Decode(Encode(*graph)).ok());
//   }
//
//   FUZZ_GRAMMAR(Queries, 6000, Maker(seed).Query()) {    // name, how many, a text made from the uint64_t `seed`
//     THALWEG_CHECK(Parse(input).ok());
//   }
//
// In `<folder>_test` the target is the test Fuzz.<Name>: the seeds, then THALWEG_FUZZ_INPUTS (default 6,000) mutations of
// them from a fixed seed; of a grammar so many distinct texts, from the seeds 0, 1, 2, ... In a -DTHALWEG_FUZZ=ON build each
// x_fuzz.cc is a libFuzzer program of its own, which runs every input through all targets of the file (a grammar's seed is
// the input's hash) and first writes their seeds to the corpus folder named on its command line.
// A property that must hold is a THALWEG_CHECK or an EXPECT; a crash, a sanitizer report, an exception and an input that
// takes longer than kFuzzInputSeconds fail too. In each of these cases the input is printed as hex: keep it as a seed.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/random.h"

namespace thalweg::testing {

/// Longest mutated input, in bytes: long enough for two-byte varint lengths, short enough for many inputs in a second.
constexpr size_t kMaxFuzzInput = 4096;

/// An input that takes so long hangs: others take milliseconds, tens of them under sanitizers.
constexpr unsigned kFuzzInputSeconds = 60;

struct FuzzTarget {
  const char* name;
  void (*run)(std::string_view input);
  std::vector<std::string> (*seeds)();
};

struct FuzzGrammar {
  const char* name;
  void (*run)(std::string_view input);
  std::string (*make)(uint64_t seed);
  uint64_t inputs;  // unless THALWEG_FUZZ_INPUTS says how many
};

/// Runs the seeds, then mutations of them. Stops at the first input after which `failed()` holds or which throws (rethrown),
/// and prints it; prints it also if the process dies of it, and kills it if it hangs. One target at a time, on one thread.
void RunSeeded(const FuzzTarget& target, bool (*failed)(), unsigned input_seconds = kFuzzInputSeconds);

/// The same for the texts of seeds 0, 1, 2, ...; one that was run before is passed over and not counted. Prints how many ran.
/// False if the grammar has not so many; true also if it stopped at a failure.
[[nodiscard]] bool RunGrammar(const FuzzGrammar& grammar, bool (*failed)(), unsigned input_seconds = kFuzzInputSeconds);

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
#define THALWEG_GRAMMAR_DRIVER_(Name)                                                                               \
  static void Name##FuzzBytes(std::string_view bytes) { Name##FuzzBody(Name##FuzzMake(::thalweg::Hash64(bytes))); } \
  [[maybe_unused]] static const bool Name##Registered =                                                             \
      ::thalweg::testing::RegisterFuzzTarget({#Name, &Name##FuzzBytes, [] { return std::vector<std::string>(); }});

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
#define THALWEG_GRAMMAR_DRIVER_(Name)                                                                       \
  TEST(Fuzz, Name) {                                                                                        \
    EXPECT_TRUE(::thalweg::testing::RunGrammar({#Name, &Name##FuzzBody, &Name##FuzzMake, Name##FuzzInputs}, \
                                               &Test::HasFailure));                                         \
  }
#endif

/// FUZZ_TARGET(Name, seeds...) { body that reads `input` }
#define FUZZ_TARGET(Name, ...)                                                                             \
  static void Name##FuzzBody(std::string_view input);                                                      \
  static std::vector<std::string> Name##FuzzSeeds() { return ::thalweg::testing::FuzzSeeds(__VA_ARGS__); } \
  static const ::thalweg::testing::FuzzTarget Name##Target{#Name, &Name##FuzzBody, &Name##FuzzSeeds};      \
  THALWEG_FUZZ_DRIVER_(Name)                                                                               \
  static void Name##FuzzBody([[maybe_unused]] std::string_view input)

/// FUZZ_GRAMMAR(Name, how many inputs, std::string made from `seed`) { body that reads `input`, the text }
#define FUZZ_GRAMMAR(Name, Inputs, ...)                                    \
  static void Name##FuzzBody(std::string_view input);                      \
  static std::string Name##FuzzMake(uint64_t seed) { return __VA_ARGS__; } \
  [[maybe_unused]] constexpr uint64_t Name##FuzzInputs = Inputs;           \
  THALWEG_GRAMMAR_DRIVER_(Name)                                            \
  static void Name##FuzzBody([[maybe_unused]] std::string_view input)
