#include "operators/attached_windows.h"

#include "expr/functions.h"
#include "graph/join_spec.h"
#include "graph/rank_spec.h"
#include "operators/test_times.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::JoinType;
using graph::WindowDeduplicateSpec;
using graph::WindowJoinSpec;
using graph::WindowRankSpec;
using std::chrono::milliseconds;
using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kWindowed = "e TIMESTAMP(3), k STRING";

WindowJoinSpec JoinOfWindows(JoinType type) {
  WindowJoinSpec spec;
  spec.sides.left = spec.sides.right = ParseSchema(kWindowed);
  spec.sides.left_keys = spec.sides.right_keys = {1};
  spec.sides.type = type;
  spec.left_window_end = spec.right_window_end = 0;
  return spec;
}

/// What WindowJoinOperatorTest asks of each type of join, in its words: rows of windows 3 and 6 on the left, 3 and 9 on the right.
std::vector<std::string> Windowed(std::vector<std::pair<int, int>> pairs) {
  std::vector<std::string> rows;
  for (auto [left, right] : pairs) {
    const std::string left_text = left < 0 ? "null, null" : At(left) + ", k1";
    rows.push_back("+I[" + left_text + ", " + (right < 0 ? "null, null" : At(right) + ", k1") + "]");
  }
  return rows;
}

// WindowJoinOperatorTest.testInnerJoin, testLeftOuterJoin, testRightOuterJoin, testOuterJoin
TEST(WindowJoin, RowsOfAWindowMeetWhenItEnds) {
  const std::pair<JoinType, std::array<std::vector<std::string>, 3>> cases[] = {
      {JoinType::kInner, {Windowed({{3, 3}, {3, 3}}), {}, {}}},
      {JoinType::kLeft, {Windowed({{3, 3}, {3, 3}}), Windowed({{6, -1}}), {}}},
      {JoinType::kRight, {Windowed({{3, 3}, {3, 3}}), {}, Windowed({{-1, 9}})}},
      {JoinType::kFull, {Windowed({{3, 3}, {3, 3}}), Windowed({{6, -1}}), Windowed({{-1, 9}})}},
  };
  for (const auto& [type, windows] : cases) {
    RowHarness harness(MakeWindowJoin, Encode(JoinOfWindows(type)));
    harness.Input(kWindowed, {1})
        .Input(kWindowed, {1})
        .Output("e TIMESTAMP(3), k STRING, e2 TIMESTAMP(3), k2 STRING")
        .RowsOn(0, {"+I[3, k1]", "+I[3, k1]", "+I[6, k1]"})
        .RowsOn(1, {"+I[3, k1]", "+I[9, k1]"})
        .Watermark(milliseconds(1))
        .ExpectNothing()
        .Watermark(milliseconds(2))
        .Expect(windows[0])
        .RowsOn(0, {"+I[3, k1]"})  // late
        .Watermark(milliseconds(5))
        .Expect(windows[1])
        .Watermark(milliseconds(8))
        .Expect(windows[2])
        .ExpectEntries(0)
        .ExpectTimers(0);
  }
}

// WindowJoinOperatorTest.testSemiJoin, testAntiJoin
TEST(WindowJoin, SemiAndAntiSendLeftRows) {
  for (JoinType type : {JoinType::kSemi, JoinType::kAnti}) {
    const bool semi = type == JoinType::kSemi;
    RowHarness harness(MakeWindowJoin, Encode(JoinOfWindows(type)));
    harness.Input(kWindowed, {1})
        .Input(kWindowed, {1})
        .Output(kWindowed)
        .RowsOn(0, {"+I[3, k1]", "+I[6, k1]"})
        .RowsOn(1, {"+I[3, k1]", "+I[3, k1]"})
        .Watermark(milliseconds(2))
        .Expect(semi ? std::vector<std::string>{Timed("+I[{}, k1]", 3)} : std::vector<std::string>{})
        .Watermark(milliseconds(5))
        .Expect(semi ? std::vector<std::string>{} : std::vector<std::string>{Timed("+I[{}, k1]", 6)});
  }
}

TEST(WindowJoin, AConditionIsAskedPairByPair) {
  WindowJoinSpec spec = JoinOfWindows(JoinType::kFull);
  spec.sides.left_keys = spec.sides.right_keys = {};
  const types::DataType text(types::TypeId::kString);
  spec.sides.condition =
      expr::Resolve("<", {expr::Expression::Input(1, text), expr::Expression::Input(3, text)}).value();
  RowHarness(MakeWindowJoin, Encode(spec))
      .Global()
      .Input(kWindowed)
      .Input(kWindowed)
      .Output("e TIMESTAMP(3), k STRING, e2 TIMESTAMP(3), k2 STRING")
      .RowsOn(0, {"+I[3, b]", "+I[3, z]"})
      .RowsOn(1, {"+I[3, a]", "+I[3, c]"})
      .Watermark(milliseconds(2))
      .Expect({Timed("+I[{}, b, {}, c]", 3, 3), Timed("+I[{}, z, null, null]", 3), Timed("+I[null, null, {}, a]", 3)});
}

// A window that gives more than the output takes is sent row by row of its left side; what has joined is known through restarts.
TEST(WindowJoin, AWindowIsSentAsTheOutputTakesIt) {
  WindowJoinSpec spec = JoinOfWindows(JoinType::kFull);
  spec.sides.left_keys = spec.sides.right_keys = {};
  const types::DataType text(types::TypeId::kString);
  spec.sides.condition =
      expr::Resolve("<", {expr::Expression::Input(1, text), expr::Expression::Input(3, text)}).value();
  RowHarness(MakeWindowJoin, Encode(spec))
      .Global()
      .Input(kWindowed)
      .Input(kWindowed)
      .Output("e TIMESTAMP(3), k STRING, e2 TIMESTAMP(3), k2 STRING")
      .RowsOn(0, {"+I[3, c]", "+I[3, b]", "+I[3, z]", "+I[3, c]"})
      .RowsOn(1, {"+I[3, c]", "+I[3, d]", "+I[3, a]"})
      .Watermark(milliseconds(2))
      .ExpectInOrder({Timed("+I[{}, c, {}, d]", 3, 3), Timed("+I[{}, b, {}, c]", 3, 3), Timed("+I[{}, b, {}, d]", 3, 3),
                      Timed("+I[{}, z, null, null]", 3), Timed("+I[{}, c, {}, d]", 3, 3),
                      Timed("+I[null, null, {}, a]", 3)})
      .ExpectEntries(0)
      .ExpectTimers(0);
}

/// Rows of window 3 with the numbers from `first` to before `end`, as texts of equal length.
std::vector<std::string> Numbered(int first, int end) {
  std::vector<std::string> rows;
  for (int i = first; i < end; ++i) rows.push_back("+I[3, k" + std::to_string(10'000 + i) + "]");
  return rows;
}

// Inner joins ask by blocks of 1024 pairs: several left rows a block, or of one left row some of the right ones.
TEST(WindowJoin, AnInnerJoinAsksItsConditionOfAllPairs) {
  WindowJoinSpec spec = JoinOfWindows(JoinType::kInner);
  spec.sides.left_keys = spec.sides.right_keys = {};
  const types::DataType text(types::TypeId::kString);
  spec.sides.condition =
      expr::Resolve("=", {expr::Expression::Input(1, text), expr::Expression::Input(3, text)}).value();
  for (const auto& [lefts, rights] : {std::pair(70, 30), std::pair(3, 1030), std::pair(1030, 2)}) {
    std::vector<std::string> pairs;
    for (int i = std::max(0, rights - lefts); i < rights; ++i) {
      const std::string number = "k" + std::to_string(10'000 + i);
      pairs.push_back(Timed(("+I[{}, " + number + ", {}, " + number + "]").c_str(), 3, 3));
    }
    RowHarness(MakeWindowJoin, Encode(spec))
        .Global()
        .Input(kWindowed)
        .Input(kWindowed)
        .Output("e TIMESTAMP(3), k STRING, e2 TIMESTAMP(3), k2 STRING")
        .RowsOn(0, Numbered(rights - lefts, rights))
        .RowsOn(1, Numbered(0, rights))
        .Watermark(milliseconds(2))
        .ExpectInOrder(pairs)
        .ExpectEntries(0)
        .ExpectTimers(0);
  }
}

TEST(WindowJoin, WindowsOfLocalTimeEndByTheirZone) {
  WindowJoinSpec spec = JoinOfWindows(JoinType::kLeft);
  spec.zone = "-01:00";
  constexpr int kHour = 3'600'000;
  RowHarness harness(MakeWindowJoin, Encode(spec));
  harness.Input(kWindowed, {1})
      .Input(kWindowed, {1})
      .Output("e TIMESTAMP(3), k STRING, e2 TIMESTAMP(3), k2 STRING")
      .RowsOn(0, {"+I[3, k1]"})
      .Watermark(milliseconds(kHour + 1))
      .ExpectNothing()
      .Watermark(milliseconds(kHour + 2))
      .Expect({Timed("+I[{}, k1, null, null]", 3)});
}

constexpr const char* kScores = "k STRING, v INT, e TIMESTAMP(3)";

// WindowRankOperatorTest.testTop2Windows and ...WithOffset
TEST(WindowRank, TheTopOfEachWindowIsSentWhenItEnds) {
  WindowRankSpec spec;
  spec.input = ParseSchema(kScores);
  spec.partition = {0};
  spec.order = {{.column = 1}};
  spec.to = 2;
  spec.rank_number = true;
  spec.window_end = 2;
  RowHarness(MakeWindowRank, Encode(spec))
      .Input(kScores, {0})
      .Output("k STRING, v INT, e TIMESTAMP(3), n BIGINT")
      .Rows({"+I[a, 5, 10]", "+I[a, 3, 10]", "+I[a, 4, 10]", "+I[a, 1, 20]", "+I[b, 7, 10]"})
      .Watermark(milliseconds(9))
      .Expect({Timed("+I[a, 3, {}, 1]", 10), Timed("+I[a, 4, {}, 2]", 10), Timed("+I[b, 7, {}, 1]", 10)})
      .Rows({"+I[a, 0, 10]", "+I[a, 2, 20]"})
      .Watermark(milliseconds(19))
      .Expect({Timed("+I[a, 1, {}, 1]", 20), Timed("+I[a, 2, {}, 2]", 20)})
      .ExpectEntries(0);
  spec.from = 2;
  spec.rank_number = false;
  RowHarness(MakeWindowRank, Encode(spec))
      .Input(kScores, {0})
      .Output(kScores)
      .Rows({"+I[a, 5, 10]", "+I[a, 3, 10]", "+I[a, 4, 10]"})
      .Watermark(milliseconds(9))
      .Expect({Timed("+I[a, 4, {}]", 10)});
}

constexpr const char* kMoments = "k STRING, v INT, t TIMESTAMP(3), e TIMESTAMP(3)";

// RowTimeWindowDeduplicateOperatorTest.testRowTimeWindowDeduplicateKeepFirstRow, ...KeepLastRow
TEST(WindowDeduplicate, OneRowOfEachKeyAndWindow) {
  WindowDeduplicateSpec spec;
  spec.input = ParseSchema(kMoments);
  spec.keys = {0};
  spec.time_column = 2;
  spec.window_end = 3;
  const std::vector<std::string> rows = {"+I[a, 1, 5, 10]", "+I[a, 2, 3, 10]", "+I[a, 3, 3, 10]",
                                         "+I[a, 4, 5, 10]", "+I[a, 5, 4, 10]", "+I[a, 6, 11, 20]"};
  RowHarness(MakeWindowDeduplicate, Encode(spec))
      .Input(kMoments, {0})
      .Output(kMoments)
      .Rows(rows)
      .Watermark(milliseconds(9))
      .Expect({Timed("+I[a, 2, {}, {}]", 3, 10)})
      .Watermark(milliseconds(19))
      .Expect({Timed("+I[a, 6, {}, {}]", 11, 20)});
  spec.keep_last = true;
  RowHarness(MakeWindowDeduplicate, Encode(spec))
      .Input(kMoments, {0})
      .Output(kMoments)
      .Rows(rows)
      .Watermark(milliseconds(19))
      .Expect({Timed("+I[a, 4, {}, {}]", 5, 10), Timed("+I[a, 6, {}, {}]", 11, 20)})
      .ExpectEntries(0);
}

constexpr const char* kWindowedValues = "e TIMESTAMP(3), k STRING, v INT";

/// Rows of one value meet.
WindowJoinSpec JoinOfValues(JoinType type) {
  WindowJoinSpec spec = JoinOfWindows(type);
  spec.sides.left = spec.sides.right = ParseSchema(kWindowedValues);
  const types::DataType integer(types::TypeId::kInt);
  spec.sides.condition =
      expr::Resolve("=", {expr::Expression::Input(2, integer), expr::Expression::Input(5, integer)}).value();
  return spec;
}

TEST(WindowJoin, RecordsAreThoseOfTheGoldenFile) {
  testing::KeptState(MakeWindowJoin, Encode(JoinOfValues(JoinType::kFull)))
      .Input(kWindowedValues, {1})
      .Input(kWindowedValues, {1})
      .RowsOn(0, {"+I[3, a, 1]", "+I[3, a, 2]"})
      .RowsOn(1, {"+I[3, a, 1]", "+I[3, a, 9]"})
      .BeginWatermark(2)
      .Expect({Timed("+I[{}, a, 1, {}, a, 1]", 3, 3)})
      .ExpectGolden({{"left-records", "windowed-rows/2", "window-join-left"},
                     {"right-records", "windowed-rows/2", "window-join-right"}})
      .Watermark(2)
      .Expect({Timed("+I[{}, a, 2, null, null, null]", 3), Timed("+I[null, null, null, {}, a, 9]", 3)});
  testing::KeptState(MakeWindowJoin, Encode(JoinOfValues(JoinType::kLeft)))
      .Input(kWindowedValues, {1})
      .Input(kWindowedValues, {1})
      .RowsOn(0, {"+I[3, null, 1]"})
      .ExpectGolden({{"left-records", "windowed-rows/2", "window-join-alone"}})
      .Watermark(2)
      .Expect({Timed("+I[{}, null, 1, null, null, null]", 3)});
}

TEST(WindowRank, RowsAreThoseOfTheGoldenFile) {
  WindowRankSpec spec;
  spec.input = ParseSchema(kWindowedValues);
  spec.partition = {1};
  spec.order = {{.column = 2, .descending = true}};
  spec.to = 2;
  spec.window_end = 0;
  testing::KeptState(MakeWindowRank, Encode(spec))
      .Input(kWindowedValues, {1})
      .Rows({"+I[3, a, 1]", "+I[3, a, 0]", "+I[3, a, 9]"})
      .ExpectGolden({{"window-rank", "[keyed-row/2]", "window-rank"}})
      .Watermark(2)
      .Expect({Timed("+I[{}, a, 9]", 3), Timed("+I[{}, a, 1]", 3)});
}

TEST(WindowDeduplicate, TheRowIsThatOfTheGoldenFile) {
  constexpr const char* columns = "e TIMESTAMP(3), k STRING, t TIMESTAMP(3)";
  WindowDeduplicateSpec spec;
  spec.input = ParseSchema(columns);
  spec.keys = {1};
  spec.time_column = 2;
  spec.keep_last = true;
  spec.window_end = 0;
  testing::KeptState(MakeWindowDeduplicate, Encode(spec))
      .Input(columns, {1})
      .Rows({"+I[3, a, 1]", "+I[3, a, 2]", "+I[3, a, 0]"})
      .ExpectGolden({{"window-deduplicate", "keyed-row/2", "window-deduplicate"}})
      .Watermark(2)
      .Expect({Timed("+I[{}, a, {}]", 3, 2)});
}

}  // namespace
}  // namespace thalweg::operators
