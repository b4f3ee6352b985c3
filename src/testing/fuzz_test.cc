#include "testing/fuzz.h"

#include <gmock/gmock.h>

#include <csignal>
#include <stdexcept>

#include "base/check.h"

// g++ has a macro for it, clang a question.
#if defined(__SANITIZE_ADDRESS__)
#define THALWEG_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define THALWEG_ADDRESS_SANITIZER 1
#endif
#endif

namespace thalweg::testing {

namespace {

using ::testing::HasSubstr;

std::vector<std::string> inputs_seen;

const FuzzTarget kRecorder{"Recorder", [](std::string_view input) { inputs_seen.emplace_back(input); },
                           [] { return FuzzSeeds("seed one", std::vector<std::string>{"two", "three"}); }};

std::vector<std::string> InputsOfARun() {
  inputs_seen.clear();
  RunSeeded(kRecorder, [] { return false; });
  return inputs_seen;
}

TEST(RunSeeded, RunsEverySeedUnchangedThenTheEmptyInput) {
  const std::vector<std::string> inputs = InputsOfARun();
  ASSERT_GT(inputs.size(), 4u);
  EXPECT_EQ(std::vector(inputs.begin(), inputs.begin() + 4),
            (std::vector<std::string>{"seed one", "two", "three", ""}));
}

TEST(RunSeeded, RepeatsItself) { EXPECT_EQ(InputsOfARun(), InputsOfARun()); }

TEST(RunSeeded, StopsAtTheFirstFailureAndPrintsTheInput) {
  inputs_seen.clear();
  ::testing::internal::CaptureStderr();
  RunSeeded(kRecorder, [] { return inputs_seen.size() == 2; });
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "Fuzz target Recorder failed on input (hex): 74776f\n");
  EXPECT_EQ(inputs_seen.size(), 2u);
}

TEST(RunSeeded, PrintsTheInputThatThrew) {
  const FuzzTarget thrower{"Thrower", [](std::string_view) { throw std::runtime_error("bad"); },
                           [] { return FuzzSeeds("\x01"); }};
  ::testing::internal::CaptureStderr();
  EXPECT_THROW(RunSeeded(thrower, [] { return false; }), std::runtime_error);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "Fuzz target Thrower failed on input (hex): 01\n");
}

TEST(RunSeededDeathTest, PrintsTheInputThatKilledTheProcess) {
  const FuzzTarget killer{"Killer", [](std::string_view input) { THALWEG_CHECK(input != "die"); },
                          [] { return FuzzSeeds("live", "die"); }};
  EXPECT_DEATH(RunSeeded(killer, [] { return false; }), HasSubstr("Fuzz target Killer failed on input (hex): 646965"));
}

TEST(RunSeededDeathTest, PrintsTheInputThatHangsAndKillsTheProcess) {
  const FuzzTarget hanger{"Hanger",
                          [](std::string_view input) {
                            volatile bool hangs = input == "for ever";
                            while (hangs) continue;
                          },
                          [] { return FuzzSeeds("a moment", "for ever"); }};
  EXPECT_EXIT(RunSeeded(
                  hanger, [] { return false; }, 1),
              ::testing::KilledBySignal(SIGALRM),
              HasSubstr("Fuzz target Hanger hangs on input (hex): 666f722065766572"));
}

#if THALWEG_ADDRESS_SANITIZER
TEST(RunSeededDeathTest, FindsAReadOneBytePastTheEndInSanitizerBuilds) {
  const FuzzTarget reader{"Reader",
                          [](std::string_view input) {
                            volatile char last = input.data()[input.size()];
                            (void)last;
                          },
                          [] { return FuzzSeeds("abc"); }};
  EXPECT_DEATH(RunSeeded(reader, [] { return false; }), HasSubstr("Fuzz target Reader failed on input (hex): 616263"));
}
#endif

void Record(std::string_view input) { inputs_seen.emplace_back(input); }

TEST(RunGrammar, CountsSeedsUpAndPassesOverTextsThatWereRun) {
  inputs_seen.clear();
  ::testing::internal::CaptureStdout();
  EXPECT_TRUE(
      RunGrammar({"Halves", &Record, [](uint64_t seed) { return std::to_string(seed / 2); }, 3}, [] { return false; }));
  EXPECT_EQ(inputs_seen, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(::testing::internal::GetCapturedStdout(),
            "Fuzz grammar Halves: ran 3 distinct inputs, made from 5 seeds\n");
}

TEST(RunGrammar, StopsAtTheFirstFailureAndPrintsTheText) {
  inputs_seen.clear();
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(RunGrammar({"Numbers", &Record, [](uint64_t seed) { return std::to_string(seed); }, 9},
                         [] { return inputs_seen.size() == 2; }));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "Fuzz target Numbers failed on input (hex): 31\n");
  EXPECT_EQ(inputs_seen.size(), 2u);
}

TEST(RunGrammar, FailsIfTheGrammarHasNotSoManyTexts) {
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(
      RunGrammar({"Bits", &Record, [](uint64_t seed) { return std::to_string(seed % 2); }, 3}, [] { return false; }));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "Fuzz grammar Bits makes no more than 2 texts\n");
}

TEST(Mutate, NeverExceedsTheLongestInput) {
  const std::vector<std::string> seeds{std::string(3 * kMaxFuzzInput, 'x')};
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    std::string input = seeds[0];
    Mutate(input, seeds, random);
    ASSERT_LE(input.size(), kMaxFuzzInput);
  }
}

}  // namespace

}  // namespace thalweg::testing
