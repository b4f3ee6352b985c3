#include "operators/match_recognize.h"

#include "expr/functions.h"
#include "graph/match_spec.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using expr::Expression;
using graph::MatchRead;
using graph::MatchSpec;
using std::chrono::milliseconds;
using testing::RowHarness;
using types::DataType;
using types::TypeId;

constexpr const char* kMatchInput = "k STRING, v INT, t TIMESTAMP(3)";
constexpr int kK = 0, kV = 1, kT = 2;

Expression ValueOf(int read) { return Expression::Input(read, DataType(TypeId::kInt)); }

/// A "down" row is less than the one before it, if there is one; an "up" row is more than the last of those.
MatchSpec DownsAndUp() {
  MatchSpec spec;
  spec.input = testing::ParseSchema(kMatchInput);
  spec.partition = {kK};
  spec.time_column = kT;
  graph::MatchVariable down{.name = "DOWN", .min = 1, .max = -1, .greedy = true};
  down.reads = {{.variable = 0, .column = kV}, {.variable = 0, .offset = 1, .column = kV}};
  down.condition = expr::Resolve("OR", {expr::Resolve("<", {ValueOf(0), ValueOf(1)}).value(),
                                        expr::Resolve("IS NULL", {ValueOf(1)}).value()})
                       .value();
  graph::MatchVariable up{.name = "UP"};
  up.reads = {{.variable = 1, .column = kV}, {.variable = 0, .column = kV}};
  up.condition = expr::Resolve(">", {ValueOf(0), ValueOf(1)}).value();
  spec.pattern = {down, up};
  spec.after = MatchSpec::After::kPastLastRow;
  spec.output = {{.kind = MatchRead::Kind::kFirst, .variable = 0, .column = kV},
                 {.variable = 0, .column = kV},
                 {.variable = -1, .column = kV}};
  return spec;
}

graph::AggregateCall SumOfV() {
  graph::AggregateCall sum;
  sum.function = "SUM";
  sum.arguments = {kV};
  sum.type = DataType(TypeId::kInt);
  sum.name = "s";
  return sum;
}

TEST(MatchRecognize, RowsAreTakenInTheOrderOfTheirTimes) {
  RowHarness(MakeMatchRecognize, Encode(DownsAndUp()))
      .Input(kMatchInput, {kK})
      .Output("k STRING, first INT, bottom INT, up INT")
      .Rows({"+I[a, 7, 4]", "+I[a, 9, 1]", "+I[b, 1, 1]", "+I[a, 8, 2]", "+I[a, 3, 3]"})
      .Watermark(milliseconds(3))
      .ExpectNothing()
      .Rows({"+I[a, 100, 3]", "+I[b, 2, 4]"})
      .Watermark(milliseconds(5))
      .Expect({"+I[a, 9, 3, 7]", "+I[b, 1, 1, 2]"})
      .ExpectEntries(0);
}

TEST(MatchRecognize, LateRowsAreDropped) {
  RowHarness(MakeMatchRecognize, Encode(DownsAndUp()))
      .Input(kMatchInput, {kK})
      .Output("k STRING, first INT, bottom INT, up INT")
      .Rows({"+I[a, 9, 10]"})
      .Watermark(milliseconds(20))
      .Rows({"+I[a, 1, 20]", "+I[a, 10, 21]"})
      .MaxWatermark()
      .Expect({"+I[a, 9, 9, 10]"});
}

TEST(MatchRecognize, RowsOfOneTimeAreTakenInTheOrderAskedForAndThenOfArrival) {
  MatchSpec spec = DownsAndUp();
  spec.order = {{.column = kV, .descending = true}};
  RowHarness(MakeMatchRecognize, Encode(spec))
      .Input(kMatchInput, {kK})
      .Output("k STRING, first INT, bottom INT, up INT")
      .Rows({"+I[a, 3, 1]", "+I[a, 5, 1]", "+I[a, 4, 1]", "+I[a, 9, 2]"})
      .MaxWatermark()
      .Expect({"+I[a, 5, 3, 9]"});
  spec.order.clear();
  RowHarness(MakeMatchRecognize, Encode(spec))
      .Input(kMatchInput, {kK})
      .Output("k STRING, first INT, bottom INT, up INT")
      .Rows({"+I[a, 3, 1]", "+I[a, 5, 1]", "+I[a, 4, 1]", "+I[a, 9, 2]"})
      .MaxWatermark()
      .ExpectInOrder({"+I[a, 3, 3, 5]", "+I[a, 4, 4, 9]"});
}

TEST(MatchRecognize, ByProcessingTimeARowIsTakenAtOnce) {
  MatchSpec spec = DownsAndUp();
  spec.time_column = -1;
  spec.partition.clear();
  RowHarness(MakeMatchRecognize, Encode(spec))
      .Input(kMatchInput)
      .Global()
      .Output("first INT, bottom INT, up INT")
      .Rows({"+I[a, 3, null]", "+I[b, 2, null]", "+I[c, 1, null]"})
      .ExpectEntries(4)  // the rows, and the partial matches
      .Rows({"+I[d, 4, null]"})
      .Expect({"+I[3, 1, 4]"})
      .ExpectEntries(0);
}

TEST(MatchRecognize, ByProcessingTimeWithMoreToOrderByAMillisecondIsTakenTogether) {
  MatchSpec spec = DownsAndUp();
  spec.time_column = -1;
  spec.order = {{.column = kV}};
  RowHarness(MakeMatchRecognize, Encode(spec))
      .Input(kMatchInput, {kK})
      .Output("k STRING, first INT, bottom INT, up INT")
      .StartAt(milliseconds(100))
      .Rows({"+I[a, 9, null]", "+I[a, 1, null]"})
      .ExpectNothing()
      .ProcessingTime(milliseconds(101))
      .Expect({"+I[a, 1, 1, 9]"});
}

TEST(MatchRecognize, RowsThatNoPartialMatchNeedsAreForgotten) {
  MatchSpec spec = DownsAndUp();
  spec.pattern[0].max = 2;
  spec.after = MatchSpec::After::kToNextRow;
  RowHarness(MakeMatchRecognize, Encode(spec))
      .Input(kMatchInput, {kK})
      .Output("k STRING, first INT, bottom INT, up INT")
      .Rows({"+I[a, 9, 1]", "+I[a, 8, 2]", "+I[a, 7, 3]", "+I[a, 6, 4]", "+I[a, 5, 5]"})
      .Watermark(milliseconds(5))
      .ExpectEntries(3)  // two rows, and the matches that began with them
      .ExpectNothing();
}

TEST(MatchRecognize, PartialMatchesGoWhenTheirTimeIsOver) {
  MatchSpec spec = DownsAndUp();
  spec.within_ms = 10;
  RowHarness(MakeMatchRecognize, Encode(spec))
      .Input(kMatchInput, {kK})
      .Output("k STRING, first INT, bottom INT, up INT")
      .Rows({"+I[a, 9, 1]", "+I[a, 8, 5]", "+I[b, 9, 1]"})
      .Watermark(milliseconds(10))
      .ExpectEntries(5)
      .Watermark(milliseconds(11))
      .ExpectEntries(2)  // the match that began with a's second row
      .Rows({"+I[a, 20, 14]", "+I[b, 20, 12]"})
      .MaxWatermark()
      .Expect({"+I[a, 8, 8, 20]"})
      .ExpectEntries(0);
}

TEST(MatchRecognize, ByProcessingTimeTheClockEndsPartialMatches) {
  MatchSpec spec = DownsAndUp();
  spec.time_column = -1;
  spec.within_ms = 10;
  RowHarness(MakeMatchRecognize, Encode(spec))
      .Input(kMatchInput, {kK})
      .Output("k STRING, first INT, bottom INT, up INT")
      .StartAt(milliseconds(100))
      .Rows({"+I[a, 9, null]"})
      .ExpectEntries(2)
      .ProcessingTime(milliseconds(110))
      .ExpectEntries(0)
      .ExpectTimers(0)
      .Rows({"+I[a, 20, null]"})
      .ExpectNothing();
}

TEST(MatchRecognize, AggregatesAndTheTimeOfTheMatchAreRead) {
  MatchSpec spec = DownsAndUp();
  // A takes rows as long as their sum is less than 10.
  graph::MatchVariable a{.name = "A", .min = 1, .max = -1, .greedy = true};
  a.reads = {{.kind = MatchRead::Kind::kAggregate, .variable = 0, .call = SumOfV()}};
  a.condition = expr::Resolve("<", {ValueOf(0), Expression::Literal(expr::Value::Int(10))}).value();
  spec.pattern = {a, {.name = "B"}, {.name = "C", .min = 0, .max = 1}};
  spec.output = {{.kind = MatchRead::Kind::kAggregate, .variable = 0, .call = SumOfV()},
                 {.kind = MatchRead::Kind::kAggregate, .variable = -1, .call = SumOfV()},
                 {.kind = MatchRead::Kind::kAggregate, .variable = 2, .call = SumOfV()},
                 {.kind = MatchRead::Kind::kTime, .column = kT},
                 {.kind = MatchRead::Kind::kTime}};
  RowHarness(MakeMatchRecognize, Encode(spec))
      .Input(kMatchInput, {kK})
      .Output("k STRING, a INT, whole INT, c INT, t TIMESTAMP(3), u TIMESTAMP(3)")
      .Rows({"+I[k, 4, 1]", "+I[k, 5, 2]", "+I[k, 6, 3]"})
      .MaxWatermark()
      .Expect({"+I[k, 9, 15, null, 1970-01-01T00:00:00.003, 1970-01-01T00:00:00.003]"});
}

TEST(MatchRecognize, AConditionMayBeAColumn) {
  MatchSpec spec;
  spec.input = testing::ParseSchema("v INT, is_a BOOLEAN");
  spec.pattern = {{.name = "A", .column = 1}, {.name = "B"}};
  spec.output = {{.variable = 0, .column = 0}, {.variable = 1, .column = 0}, {.variable = 1, .offset = 1, .column = 0}};
  RowHarness(MakeMatchRecognize, Encode(spec))
      .Input("v INT, is_a BOOLEAN")
      .Global()
      .Output("a INT, b INT, nothing INT")
      .Rows({"+I[1, false]", "+I[2, true]", "+I[3, null]", "+I[4, true]"})
      .Expect({"+I[2, 3, null]"});
}

TEST(MatchRecognize, SkippingToTheFirstRowOfTheMatchIsAnError) {
  MatchSpec spec = DownsAndUp();
  spec.after = MatchSpec::After::kToFirst;
  spec.skip_to = 0;
  RowHarness(MakeMatchRecognize, Encode(spec))
      .Input(kMatchInput, {kK})
      .Output("k STRING, first INT, bottom INT, up INT")
      .Rows({"+I[a, 1, 1]", "+I[a, 2, 2]"})
      .MaxWatermark()
      .ExpectError("Could not skip to first element of a match");
}

TEST(MatchRecognize, ChangesAreRefused) {
  RowHarness(MakeMatchRecognize, Encode(DownsAndUp()))
      .Input(kMatchInput, {kK})
      .Output("k STRING, first INT, bottom INT, up INT")
      .Rows({"-D[a, 1, 1]"})
      .ExpectError("An input of MATCH_RECOGNIZE holds more than +I");
}

TEST(MatchRecognize, StateIsThatOfTheGoldenFile) {
  testing::KeptState(MakeMatchRecognize, Encode(DownsAndUp()))
      .Input(kMatchInput, {kK})
      .Rows({"+I[a, 9, 1]", "+I[a, 8, 2]"})
      .Watermark(2)
      .Rows({"+I[a, 1, 6]", "+I[a, 7, 5]", "+I[a, 6, 5]"})
      .ExpectGolden({{"match-rows", "str", "match-rows"},
                     {"match-runs", "pattern-runs/1", "match-runs"},
                     {"match-waiting", "{i64:[str]}", "match-waiting"}})
      .Rows({"+I[a, 5, 7]"})
      .Watermark(7)
      .Expect({"+I[a, 9, 1, 5]"});
}

}  // namespace
}  // namespace thalweg::operators
