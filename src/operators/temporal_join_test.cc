#include "operators/temporal_join.h"

#include "expr/functions.h"
#include "graph/join_spec.h"
#include "operators/test_times.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::JoinType;
using graph::TemporalJoinSpec;
using std::chrono::milliseconds;
using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kVersioned = "t TIMESTAMP(3), k STRING, v STRING";
constexpr const char* kJoinedVersions = "t TIMESTAMP(3), k STRING, v STRING, t2 TIMESTAMP(3), k2 STRING, v2 STRING";

TemporalJoinSpec AsOf(JoinType type) {
  TemporalJoinSpec spec;
  spec.sides.left = spec.sides.right = ParseSchema(kVersioned);
  spec.sides.left_keys = spec.sides.right_keys = {1};
  spec.sides.type = type;
  spec.left_time = spec.right_time = 0;
  return spec;
}

RowHarness& VersionInputs(RowHarness& harness) {
  return harness.Input(kVersioned, {1}).Input(kVersioned, {1}).Output(kJoinedVersions);
}

/// Rows that only a left join has.
std::vector<std::string> IfLeft(JoinType type, std::vector<std::string> rows) {
  return type == JoinType::kLeft ? rows : std::vector<std::string>{};
}

// TemporalRowTimeJoinOperatorTest.testRowTimeTemporalJoin and testRowTimeLeftTemporalJoin
TEST(TemporalJoin, ALeftRowJoinsTheVersionOfItsTime) {
  for (JoinType type : {JoinType::kInner, JoinType::kLeft}) {
    RowHarness harness(MakeTemporalJoin, Encode(AsOf(type)));
    VersionInputs(harness)
        .Watermark(milliseconds(1))
        .RowsOn(0, {"+I[1, k1, 1a1]"})
        .RowsOn(1, {"+I[2, k1, 1a2]"})
        .Watermark(milliseconds(2))
        .Expect(IfLeft(type, {Timed("+I[{}, k1, 1a1, null, null, null]", 1)}))
        .RowsOn(0, {"+I[1, k1, 1a1]", "+I[3, k1, 1a3]"})
        .RowsOn(1, {"+I[4, k2, 2a4]"})
        .Watermark(milliseconds(5));
    std::vector<std::string> at_5 = IfLeft(type, {Timed("+I[{}, k1, 1a1, null, null, null]", 1)});
    at_5.push_back(Timed("+I[{}, k1, 1a3, {}, k1, 1a2]", 3, 2));
    harness.Expect(at_5)
        .RowsOn(0, {"+I[6, k2, 2a3]"})
        .RowsOn(1, {"-U[7, k2, 2a4]", "+U[7, k2, 2a5]"})
        .Watermark(milliseconds(8))
        .Expect({Timed("+I[{}, k2, 2a3, {}, k2, 2a4]", 6, 4)})
        .RowsOn(0, {"+I[9, k2, 5a11]", "+I[11, k2, 5a12]"})
        .RowsOn(1, {"-D[9, k2, 2a5]", "+I[10, k2, 2a6]"})
        .Watermark(milliseconds(13));
    std::vector<std::string> at_13 = IfLeft(type, {Timed("+I[{}, k2, 5a11, null, null, null]", 9)});
    at_13.push_back(Timed("+I[{}, k2, 5a12, {}, k2, 2a6]", 11, 10));
    harness.Expect(at_13);
  }
}

TEST(TemporalJoin, AtATimeThatIsNullThereIsNoVersionAndOneWithoutATimeStandsFromTheBegin) {
  for (JoinType type : {JoinType::kInner, JoinType::kLeft}) {
    RowHarness harness(MakeTemporalJoin, Encode(AsOf(type)));
    VersionInputs(harness)
        .RowsOn(1, {"+I[null, k, m]", "+I[5, k, n]"})
        .RowsOn(0, {"+I[null, k, a]"})
        .Expect(IfLeft(type, {"+I[null, k, a, null, null, null]"}))
        .RowsOn(0, {"+I[2, k, b]", "+I[6, k, c]"})
        .Watermark(milliseconds(6))
        .Expect({Timed("+I[{}, k, b, null, k, m]", 2), Timed("+I[{}, k, c, {}, k, n]", 6, 5)});
  }
}

// TemporalRowTimeJoinOperatorTest.testRowTimeTemporalJoinOnUpsertSource
TEST(TemporalJoin, TheKindIsTheLeftRows) {
  RowHarness harness(MakeTemporalJoin, Encode(AsOf(JoinType::kInner)));
  VersionInputs(harness)
      .RowsOn(1, {"+I[2, k1, 1a2]"})
      .RowsOn(0, {"+U[3, k1, 1a3]", "-U[3, k1, 1a3]", "-D[3, k1, 1a4]"})
      .Watermark(milliseconds(5))
      .ExpectInOrder({Timed("+U[{}, k1, 1a3, {}, k1, 1a2]", 3, 2), Timed("-U[{}, k1, 1a3, {}, k1, 1a2]", 3, 2),
                      Timed("-D[{}, k1, 1a4, {}, k1, 1a2]", 3, 2)});
}

TEST(TemporalJoin, ARowIsSentAtItsTimeThoughALaterOneCameFirst) {
  RowHarness harness(MakeTemporalJoin, Encode(AsOf(JoinType::kInner)));
  VersionInputs(harness)
      .RowsOn(1, {"+I[9, k, b]", "+I[1, k, a]"})
      .RowsOn(0, {"+I[6, k, y]", "+I[3, k, x]"})
      .ExpectTimers(1)
      .Watermark(milliseconds(5))
      .Expect({Timed("+I[{}, k, x, {}, k, a]", 3, 1)})
      .Watermark(milliseconds(6))
      .Expect({Timed("+I[{}, k, y, {}, k, a]", 6, 1)});
}

TEST(TemporalJoin, VersionsThatNoRowCanAskForGo) {
  RowHarness harness(MakeTemporalJoin, Encode(AsOf(JoinType::kInner)));
  VersionInputs(harness)
      .RowsOn(1, {"+I[2, k, a]", "+U[3, k, b]", "+U[4, k, c]", "+U[9, k, d]"})
      .ExpectEntries(5)  // and the time of the timer
      .ExpectTimers(1)
      .Watermark(milliseconds(5))
      .ExpectEntries(2)
      .RowsOn(0, {"+I[6, k, x]"})
      .Watermark(milliseconds(6))
      .Expect({Timed("+I[{}, k, x, {}, k, c]", 6, 4)});
}

// TemporalRowTimeJoinOperatorTest.testRowTimeTemporalJoinWithStateRetention
TEST(TemporalJoin, AKeyOfWhichNothingIsHeardIsForgotten) {
  TemporalJoinSpec spec = AsOf(JoinType::kLeft);
  spec.ttl_ms = 4;
  RowHarness harness(MakeTemporalJoin, Encode(spec));
  VersionInputs(harness)
      .StartAt(milliseconds(3))
      .RowsOn(1, {"+I[3, k1, 0a3]"})
      .ProcessingTime(milliseconds(6))
      .RowsOn(0, {"+I[6, k1, 0a6]"})
      .Watermark(milliseconds(7))
      .Expect({Timed("+I[{}, k1, 0a6, {}, k1, 0a3]", 6, 3)})
      .RowsOn(1, {"-U[3, k1, 0a3]", "+U[3, k1, 0a5]"})
      .ProcessingTime(milliseconds(9))
      .RowsOn(0, {"+I[9, k1, 7a9]"})
      .Watermark(milliseconds(13))
      .Expect({Timed("+I[{}, k1, 7a9, {}, k1, 0a5]", 9, 3)})
      .ProcessingTime(milliseconds(15))
      .RowsOn(0, {"+I[15, k1, 13a15]"})
      .Watermark(milliseconds(15))
      .Expect({Timed("+I[{}, k1, 13a15, null, null, null]", 15)});
}

TEST(TemporalJoin, NullKeysAndConditionsThatFailArePadded) {
  TemporalJoinSpec spec = AsOf(JoinType::kLeft);
  const types::DataType text(types::TypeId::kString);
  spec.sides.condition =
      expr::Resolve("<", {expr::Expression::Input(2, text), expr::Expression::Input(5, text)}).value();
  RowHarness harness(MakeTemporalJoin, Encode(spec));
  VersionInputs(harness)
      .RowsOn(1, {"+I[1, k, m]", "+I[1, null, z]"})
      .RowsOn(0, {"+I[2, k, a]", "+I[2, k, n]", "+I[2, null, a]"})
      .Watermark(milliseconds(2))
      .Expect({Timed("+I[{}, k, a, {}, k, m]", 2, 1), Timed("+I[{}, k, n, null, null, null]", 2),
               Timed("+I[{}, null, a, null, null, null]", 2)});
}

// TemporalProcessTimeJoinOperatorTest.testProcTimeTemporalJoin and testLeftProcTimeTemporalJoin
TEST(TemporalJoin, InProcessingTimeTheVersionOfNowIsJoined) {
  for (JoinType type : {JoinType::kInner, JoinType::kLeft}) {
    TemporalJoinSpec spec = AsOf(type);
    spec.left_time = spec.right_time = -1;
    RowHarness harness(MakeTemporalJoin, Encode(spec));
    VersionInputs(harness)
        .RowsOn(0, {"+I[1, k1, 1a1]"})
        .Expect(IfLeft(type, {Timed("+I[{}, k1, 1a1, null, null, null]", 1)}))
        .RowsOn(1, {"+I[2, k1, 1a2]"})
        .RowsOn(0, {"+U[3, k1, 1a3]"})
        .Expect({Timed("+U[{}, k1, 1a3, {}, k1, 1a2]", 3, 2)})
        .RowsOn(1, {"+U[4, k1, 1a4]"})
        .RowsOn(0, {"+I[3, k1, 1a3]"})
        .Expect({Timed("+I[{}, k1, 1a3, {}, k1, 1a4]", 3, 4)})
        .RowsOn(1, {"-D[4, k1, 1a4]"})
        .RowsOn(0, {"+I[5, k1, 1a5]"})
        .Expect(IfLeft(type, {Timed("+I[{}, k1, 1a5, null, null, null]", 5)}));
  }
}

// TemporalProcessTimeJoinOperatorTest.testProcTimeTemporalJoinWithStateRetention
TEST(TemporalJoin, InProcessingTimeAVersionExpires) {
  TemporalJoinSpec spec = AsOf(JoinType::kLeft);
  spec.left_time = spec.right_time = -1;
  spec.ttl_ms = 10;
  RowHarness harness(MakeTemporalJoin, Encode(spec));
  VersionInputs(harness)
      .RowsOn(1, {"+I[1, k, a]"})
      .ProcessingTime(milliseconds(14))
      .RowsOn(0, {"+I[2, k, x]"})  // puts it off until 29
      .Expect({Timed("+I[{}, k, x, {}, k, a]", 2, 1)})
      .ProcessingTime(milliseconds(28))
      .ExpectEntries(2)
      .ProcessingTime(milliseconds(29))
      .ExpectEntries(0)
      .RowsOn(0, {"+I[2, k, y]"})
      .Expect({Timed("+I[{}, k, y, null, null, null]", 2)});
}

TEST(TemporalJoin, StateIsThatOfTheGoldenFile) {
  TemporalJoinSpec spec = AsOf(JoinType::kLeft);
  spec.ttl_ms = 100;
  testing::KeptState(MakeTemporalJoin, Encode(spec))
      .Input(kVersioned, {1})
      .Input(kVersioned, {1})
      .RowsOn(0, {"+I[2, a, l]", "+U[4, a, m]"})
      .RowsOn(1, {"+I[-1, a, v]", "-D[3, a, v]"})
      .ExpectGolden({{"left", "versioned-row/2", "temporal-join-left"},
                     {"right", "versioned-row/2", "temporal-join-right"},
                     {"next-index", "i64", "temporal-join-next-index"},
                     {"timer", "i64", "temporal-join-timer"},
                     {"cleanup", "i64", "temporal-join-cleanup"}})
      .Watermark(5)
      .Expect({Timed("+I[{}, a, l, 1969-12-31T23:59:59.999, a, v]", 2), Timed("+U[{}, a, m, null, null, null]", 4)});
  spec.left_time = spec.right_time = -1;
  testing::KeptState(MakeTemporalJoin, Encode(spec))
      .Input(kVersioned, {1})
      .Input(kVersioned, {1})
      .RowsOn(1, {"+I[1, a, v]"})
      .ExpectGolden({{"right", "row/2", "temporal-join-now"}, {"cleanup", "i64", "temporal-join-cleanup"}})
      .RowsOn(0, {"+I[2, a, l]"})
      .Expect({Timed("+I[{}, a, l, {}, a, v]", 2, 1)});
}

}  // namespace
}  // namespace thalweg::operators
