// Rows are words, and a stage takes those that contain its letter. Cases of Flink's AfterMatchSkipITCase are named where they come from.
#include "cep/matcher.h"

#include <string>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "testing/golden_states.h"

namespace thalweg::cep {
namespace {

/// The stages' letters in their order; '*': all rows.
struct Letters final : Conditions {
  std::string letters;
  std::string row;
  Result<bool> Holds(int stage, const Run*) override {
    const char letter = letters[static_cast<size_t>(stage)];
    return letter == '*' || row.find(letter) != std::string::npos;
  }
};

class Rows {
 public:
  Rows(std::string letters, Pattern pattern) : matcher_(std::move(pattern)) { letters_.letters = std::move(letters); }

  /// The matches that the rows give, "a1 a2|b1 ": rows of a stage together. Each row is a second later than the one before it.
  std::string Take(const std::vector<std::string>& rows) {
    std::string text;
    for (const std::string& row : rows) {
      words_.push_back(row);
      letters_.row = row;
      now_ms_ += 1000;
      Again();
      std::vector<Run> matches;
      EXPECT_TRUE(matcher_.AdvanceTime(now_ms_, runs_, matches).ok());
      const Status status = matcher_.Take(now_ms_, letters_, runs_, matches);
      for (const Run& match : matches) text += (text.empty() ? "" : ", ") + Text(match);
      if (!status.ok()) return status.message();
    }
    return text;
  }
  std::string Advance(int64_t time_ms) {
    std::vector<Run> matches;
    EXPECT_TRUE(matcher_.AdvanceTime(time_ms, runs_, matches).ok());
    std::string text;
    for (const Run& match : matches) text += (text.empty() ? "" : ", ") + Text(match);
    return text;
  }
  const Runs& runs() const { return runs_; }
  const Matcher& matcher() const { return matcher_; }

 private:
  /// What is kept survives as bytes.
  void Again() {
    ByteWriter out;
    types::Codec<Runs>::Encode(runs_, out);
    Runs again;
    ByteReader in(out.view());
    types::Codec<Runs>::Decode(in, again);
    EXPECT_TRUE(in.status().ok() && in.AtEnd());
    EXPECT_EQ(again, runs_);
  }
  std::string Text(const Run& run) const {
    std::string text;
    for (const Segment& segment : run.rows) {
      if (!text.empty()) text += "|";
      for (int64_t row = 0; row < segment.count; ++row)
        text += (row > 0 ? " " : "") + words_[static_cast<size_t>(segment.first + row)];
    }
    return text;
  }

  Matcher matcher_;
  Letters letters_;
  Runs runs_;
  std::vector<std::string> words_;
  int64_t now_ms_ = 0;
};

constexpr Stage kOne, kTwice{2, 2}, kSome{1, kUnbounded, true}, kAny{0, kUnbounded, true},
    kSomeReluctant{1, kUnbounded}, kAnyReluctant{0, kUnbounded}, kOptional{0, 1};

Pattern PatternOf(std::vector<Stage> stages, AfterMatch after = {}, int64_t within_ms = 0) {
  return {std::move(stages), after, within_ms};
}

// testNoSkip's rows, where each match is the first one of its first row.
TEST(Matcher, EachRowBeginsAMatchWhereMatchingGoesOnAtTheNextRow) {
  EXPECT_EQ(Rows("a", PatternOf({{3, 3}})).Take({"a1", "a2", "a3", "a4", "a5", "a6"}),
            "a1 a2 a3, a2 a3 a4, a3 a4 a5, a4 a5 a6");
}

// testSkipPastLast
TEST(Matcher, MatchesDoNotOverlapWhereMatchingGoesOnPastTheLastRow) {
  EXPECT_EQ(Rows("a", PatternOf({{3, 3}}, {Skip::kPastLastRow})).Take({"a1", "a2", "a3", "a4", "a5", "a6"}),
            "a1 a2 a3, a4 a5 a6");
}

// testSkipToFirst, testSkipToLast
TEST(Matcher, MatchingGoesOnAtTheFirstOrTheLastRowOfAStage) {
  EXPECT_EQ(
      Rows("ab", PatternOf({kTwice, kTwice}, {Skip::kToFirst, 1})).Take({"ab1", "ab2", "ab3", "ab4", "ab5", "ab6"}),
      "ab1 ab2|ab3 ab4, ab3 ab4|ab5 ab6");
  EXPECT_EQ(Rows("ab", PatternOf({kTwice, kTwice}, {Skip::kToLast, 1}))
                .Take({"ab1", "ab2", "ab3", "ab4", "ab5", "ab6", "ab7"}),
            "ab1 ab2|ab3 ab4, ab4 ab5|ab6 ab7");
}

// testSkipPastLast3
TEST(Matcher, ARowThatNoStageTakesEndsTheRun) {
  EXPECT_EQ(Rows("ab", PatternOf({kOne, kOne}, {Skip::kPastLastRow})).Take({"a1", "c", "a2", "b2"}), "a2|b2");
}

// testSkipToFirstWithOptionalMatch; where it may fail, as in SQL, skipping to the first row is an error.
TEST(Matcher, ALoopMayBeLeftOutAtTheBegin) {
  EXPECT_EQ(Rows("xbc", PatternOf({kAnyReluctant, kOne, kOne})).Take({"ab1", "c1", "ab2", "c2"}), "ab1|c1, ab2|c2");
}

// testSkipToFirstElementOfMatch, testSkipToFirstNonExistentPosition, testSkipToLastNonExistentPosition
TEST(Matcher, MatchingCannotGoOnWhereTheMatchBegins) {
  EXPECT_EQ(Rows("a", PatternOf({kOne}, {Skip::kToFirst, 0})).Take({"a1"}),
            "Could not skip to first element of a match: matching would begin with the same row again");
  for (const Skip skip : {Skip::kToFirst, Skip::kToLast})
    EXPECT_EQ(Rows("abc", PatternOf({kOne, kAnyReluctant, kOne}, {skip, 1})).Take({"a", "c"}),
              "Could not skip to a variable of the pattern: the match has no row of it");
}

// testSkipToFirstWithOneOrMore, testSkipToLastWithOneOrMore
TEST(Matcher, AReluctantLoopAtTheEndIsCompleteWithItsFirstRow) {
  for (const Skip skip : {Skip::kToFirst, Skip::kToLast})
    EXPECT_EQ(Rows("ab", PatternOf({kOne, kSomeReluctant}, {skip, 1})).Take({"a1", "b1", "a2", "b2", "b3", "a3", "b4"}),
              "a1|b1, a2|b2, a3|b4");
}

// testSkipToNextWithQuantifierAtTheEnd
TEST(Matcher, OfMatchesThatBeginWithOneRowTheFirstOneCounts) {
  EXPECT_EQ(Rows("ab", PatternOf({kOne, kSomeReluctant})).Take({"a1", "b1", "b2", "b3"}), "a1|b1");
}

// testSkipPastLastWithOneOrMoreAtBeginning, testNoSkipWithOneOrMoreAtBeginning
TEST(Matcher, AGreedyLoopAtTheBeginTakesAllItCan) {
  EXPECT_EQ(Rows("ab", PatternOf({kSome, kOne}, {Skip::kPastLastRow})).Take({"a1", "a2", "a3", "b1"}), "a1 a2 a3|b1");
  EXPECT_EQ(Rows("ab", PatternOf({kSome, kOne})).Take({"a1", "a2", "a3", "b1"}), "a1 a2 a3|b1, a2 a3|b1, a3|b1");
}

// NFACompiler's updateWithGreedyCondition: nothing is tried again.
TEST(Matcher, AGreedyLoopLeavesTheNextStageNoRowThatItWouldTake) {
  EXPECT_EQ(Rows("ab", PatternOf({kSome, kOne})).Take({"a1", "ab", "ab"}), "");
  EXPECT_EQ(Rows("ab", PatternOf({kSome, kOne}, {Skip::kPastLastRow})).Take({"a1", "ab", "ab", "b"}), "a1 ab ab|b");
  EXPECT_EQ(Rows("ab", PatternOf({{1, 2, true}, kOne}, {Skip::kPastLastRow})).Take({"a1", "a2", "ab", "b"}), "a2 ab|b");
}

TEST(Matcher, AReluctantLoopGivesTheShortestMatch) {
  EXPECT_EQ(Rows("ab", PatternOf({kSomeReluctant, kOne}, {Skip::kPastLastRow})).Take({"a1", "ab", "ab", "b"}),
            "a1|ab, ab|b");
}

// MatchRecognizeITCase.testAggregates: D? is left out where that gives a match first.
TEST(Matcher, OfAnOptionalStageBothWaysAreTried) {
  EXPECT_EQ(Rows("a*b", PatternOf({kOne, kOptional, kOne})).Take({"a", "b"}), "a|b");
  EXPECT_EQ(Rows("a*b", PatternOf({kOne, kOptional, kOne})).Take({"a", "x", "b"}), "a|x|b");
}

TEST(Matcher, LoopsFollowEachOther) {
  EXPECT_EQ(Rows("abc", PatternOf({kAny, kAny, kOne}, {Skip::kPastLastRow})).Take({"a", "a", "b", "c", "b", "c", "c"}),
            "a a|b|c, b|c, c");
}

TEST(Matcher, QuantifiersCount) {
  EXPECT_EQ(Rows("ab", PatternOf({{2, 3, true}, kOne}, {Skip::kPastLastRow})).Take({"a1", "b1", "a2", "a3", "b2"}),
            "a2 a3|b2");
  EXPECT_EQ(Rows("ab", PatternOf({{2, 3, true}, kOne}, {Skip::kPastLastRow})).Take({"a1", "a2", "a3", "a4", "b"}),
            "a2 a3 a4|b");
  EXPECT_EQ(Rows("ab", PatternOf({{2, kUnbounded, true}, kOne}, {Skip::kPastLastRow})).Take({"a1", "a2", "a3", "b"}),
            "a1 a2 a3|b");
  EXPECT_EQ(Rows("ab", PatternOf({{0, 2, true}, kOne}, {Skip::kPastLastRow})).Take({"b", "a1", "b"}), "b, a1|b");
}

// NFA.processMatchesAccordingToSkipStrategy
TEST(Matcher, ALongMatchTakesAlongThoseThatBeganInIt) {
  Rows rows("axb", PatternOf({kOne, kAnyReluctant, kOne}, {Skip::kPastLastRow}));
  EXPECT_EQ(rows.Take({"ax", "ax1", "x"}), "");
  EXPECT_EQ(rows.Take({"b"}), "ax|ax1 x|b");
  EXPECT_TRUE(rows.runs().empty());
}

TEST(Matcher, AMatchIsCompleteLessThanItsTimeAfterItsFirstRow) {
  EXPECT_EQ(Rows("ab", PatternOf({kSome, kOne}, {Skip::kPastLastRow}, 3000)).Take({"a1", "a2", "b"}), "a1 a2|b");
  EXPECT_EQ(Rows("ab", PatternOf({kSome, kOne}, {Skip::kPastLastRow}, 2000)).Take({"a1", "a2", "b"}), "a2|b");
}

TEST(Matcher, TimeThatPassesTakesPartialMatchesAndFreesThoseThatWaited) {
  // Of the rows ax1, a2, b the second begins a match that is complete, and the first one still waits for its y.
  struct TwoWays final : Conditions {
    std::string row;
    Result<bool> Holds(int stage, const cep::Run* run) override {
      if (stage == 0) return row[0] == 'a';
      if (stage == 1) return run->start() == 0;  // only the first run goes on so
      return row[0] == 'b' && run->start() != 0;
    }
  } ways;
  const Matcher matcher(PatternOf({kOne, kAnyReluctant, kOne}, {Skip::kPastLastRow}, 5000));
  Runs runs;
  std::vector<cep::Run> matches;
  int64_t now_ms = 0;
  for (const char* row : {"a1", "a2", "b"}) {
    ways.row = row;
    ASSERT_TRUE(matcher.Take(now_ms += 1000, ways, runs, matches).ok());
  }
  EXPECT_TRUE(matches.empty());
  EXPECT_EQ(runs.completed.size(), 1u);
  EXPECT_EQ(runs.FirstRow(), 0);
  EXPECT_EQ(matcher.Deadline(runs), 6000);
  ASSERT_TRUE(matcher.AdvanceTime(5999, runs, matches).ok());
  EXPECT_TRUE(matches.empty());
  ASSERT_TRUE(matcher.AdvanceTime(6000, runs, matches).ok());
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(matches[0].start(), 1);
  EXPECT_TRUE(runs.empty());
  EXPECT_EQ(runs.FirstRow(), 3);
}

TEST(Matcher, RowsThatNoRunNeedsAreToldByTheirNumbers) {
  Rows rows("ab", PatternOf({kSome, kOne}, {Skip::kPastLastRow}));
  rows.Take({"x", "a1", "a2"});
  EXPECT_EQ(rows.runs().FirstRow(), 1);
  rows.Take({"x"});
  EXPECT_EQ(rows.runs().FirstRow(), 4);
  EXPECT_EQ(rows.matcher().Deadline(rows.runs()), INT64_MAX);
}

TEST(Matcher, ConditionsThatFailAreTheirErrors) {
  struct Failing final : Conditions {
    Result<bool> Holds(int, const cep::Run*) override { return UserError("Division by zero"); }
  } failing;
  Runs runs;
  std::vector<cep::Run> matches;
  EXPECT_EQ(Matcher(PatternOf({kOne})).Take(0, failing, runs, matches).message(), "Division by zero");
}

/// The runs are the vector's, and come out of it.
void ExpectGolden(const std::string& vector, const Runs& runs) {
  const std::string golden = testing::GoldenState(vector);
  ByteWriter out;
  types::Codec<Runs>::Encode(runs, out);
  EXPECT_EQ(out.view(), golden) << vector;
  ByteReader in(golden);
  Runs read;
  types::Codec<Runs>::Decode(in, read);
  EXPECT_TRUE(in.status().ok() && in.AtEnd()) << vector;
  EXPECT_EQ(read, runs) << vector;
}

TEST(Runs, BytesAreThoseOfTheGoldenFile) {
  EXPECT_EQ(types::Codec<Runs>::Name(), "pattern-runs/1");
  ExpectGolden("pattern-runs", {.next_row = 300,
                                .partial = {{.state = 2, .start_ms = -5, .rows = {{0, 10, 289}, {1, 299, 1}}},
                                            {.state = 4, .start_ms = 1'700'000'000'000, .rows = {{0, 299, 1}}}},
                                .completed = {{.state = 0, .start_ms = 7, .rows = {{0, 200, 3}, {2, 203, 1}}}}});
}

TEST(Runs, StatesAreNumberedFromTheLastRowOfThePatternToTheFirst) {
  Rows rows("abc", PatternOf({{2, 3}, kOptional, kOne}));
  EXPECT_EQ(rows.Take({"a1", "a2", "a3"}), "");
  ExpectGolden("pattern-runs-of-rows", rows.runs());
}

}  // namespace
}  // namespace thalweg::cep
