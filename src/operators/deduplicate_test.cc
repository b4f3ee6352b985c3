#include "operators/deduplicate.h"

#include "graph/rank_spec.h"
#include "operators/test_times.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::DeduplicateSpec;
using std::chrono::milliseconds;
using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kEvents = "k STRING, v INT, t TIMESTAMP(3)";

DeduplicateSpec OneOfEach(bool by_time, bool keep_last, bool generate_update_before, bool generate_insert) {
  DeduplicateSpec spec;
  spec.input = ParseSchema(kEvents);
  spec.keys = {0};
  spec.time_column = by_time ? 2 : -1;
  spec.keep_last = keep_last;
  spec.generate_update_before = generate_update_before;
  spec.generate_insert = generate_insert;
  return spec;
}

std::string Event(const std::string& kind, const std::string& key, int value, int millis) {
  return fmt::format("{}[{}, {}, {}]", kind, key, value, At(millis));
}

// ProcTimeDeduplicateKeepFirstRowFunctionTest.test
TEST(Deduplicate, FirstByArrivalIsSentOnce) {
  DeduplicateSpec spec = OneOfEach(false, false, true, true);
  spec.ttl_ms = 10;
  RowHarness(MakeDeduplicate, Encode(spec))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"+I[a, 1, null]", "+I[b, 2, null]", "+I[a, 3, null]"})
      .ExpectInOrder({"+I[a, 1, null]", "+I[b, 2, null]"})
      .ProcessingTime(milliseconds(10))
      .Rows({"+I[a, 4, null]", "+I[a, 5, null]"})
      .ExpectInOrder({"+I[a, 4, null]"});
}

// ProcTimeDeduplicateKeepLastRowFunctionTest.testWithGenerateUpdateBefore, testWithoutGenerateUpdateBefore and
// testWithoutGenerateUpdateBeforeAndInsert
TEST(Deduplicate, LastByArrivalUpdates) {
  const std::vector<std::string> rows = {"+I[book, 1, null]", "+I[book, 1, null]", "+I[book, 2, null]"};
  RowHarness(MakeDeduplicate, Encode(OneOfEach(false, true, true, true)))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows(rows)
      .ExpectInOrder({"+I[book, 1, null]", "-U[book, 1, null]", "+U[book, 2, null]"});
  RowHarness(MakeDeduplicate, Encode(OneOfEach(false, true, false, true)))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows(rows)
      .ExpectInOrder({"+I[book, 1, null]", "+U[book, 2, null]"});
  RowHarness(MakeDeduplicate, Encode(OneOfEach(false, true, false, false)))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows(rows)
      .ExpectInOrder({"+U[book, 1, null]", "+U[book, 1, null]", "+U[book, 2, null]"})
      .ExpectEntries(0);
}

TEST(Deduplicate, EqualRowsAreSentAgainWhereStateExpires) {
  DeduplicateSpec spec = OneOfEach(false, true, true, true);
  spec.ttl_ms = 10;
  RowHarness(MakeDeduplicate, Encode(spec))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"+I[a, 1, null]", "+I[a, 1, null]"})
      .ExpectInOrder({"+I[a, 1, null]", "-U[a, 1, null]", "+U[a, 1, null]"});
}

// RowTimeDeduplicateFunctionTest.testRowTimeDeduplicateKeepFirstRow
TEST(Deduplicate, FirstByTimeIsReplacedByAnEarlierOne) {
  DeduplicateSpec spec = OneOfEach(true, false, true, true);
  spec.ttl_ms = 10;
  RowHarness(MakeDeduplicate, Encode(spec))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"+I[key1, 13, 99]", "+I[key1, 13, 99]", "+I[key1, 12, 100]", "+I[key2, 11, 101]"})
      .ExpectInOrder({Event("+I", "key1", 13, 99), Event("+I", "key2", 11, 101)})
      .Rows({"+I[key1, 12, 300]", "+I[key2, 11, 301]", "+I[key3, 5, 299]"})
      .ExpectInOrder({Event("+I", "key3", 5, 299)})
      .Rows({"+I[key3, 6, 298]"})
      .ExpectInOrder({Event("-U", "key3", 5, 299), Event("+U", "key3", 6, 298)})
      .ProcessingTime(milliseconds(11))
      .Rows({"+I[key1, 12, 400]"})
      .ExpectInOrder({Event("+I", "key1", 12, 400)});
}

// RowTimeDeduplicateFunctionTest.testRowTimeDeduplicateKeepLastRow
TEST(Deduplicate, LastByTimeIsReplacedByOneThatIsNotEarlier) {
  for (bool generate_insert : {true, false}) {
    RowHarness(MakeDeduplicate, Encode(OneOfEach(true, true, true, generate_insert)))
        .Input(kEvents, {0})
        .Output(kEvents)
        .Rows({"+I[key1, 13, 99]", "+I[key1, 12, 100]", "+I[key1, 12, 98]", "+I[key2, 11, 101]", "+I[key2, 10, 101]"})
        .ExpectInOrder({Event("+I", "key1", 13, 99), Event("-U", "key1", 13, 99), Event("+U", "key1", 12, 100),
                        Event("+I", "key2", 11, 101), Event("-U", "key2", 11, 101), Event("+U", "key2", 10, 101)});
  }
  RowHarness(MakeDeduplicate, Encode(OneOfEach(true, true, false, true)))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"+I[key1, 13, 99]", "+I[key1, 12, 100]"})
      .ExpectInOrder({Event("+I", "key1", 13, 99), Event("+U", "key1", 12, 100)});
  RowHarness(MakeDeduplicate, Encode(OneOfEach(true, true, false, false)))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"+I[key1, 13, 99]", "+I[key1, 12, 98]", "+I[key1, 12, 100]"})
      .ExpectInOrder({Event("+U", "key1", 13, 99), Event("+U", "key1", 12, 100)});
}

// RowTimeDeduplicateKeepFirstRowFunctionTest
TEST(Deduplicate, FirstByTimeOnTheWatermarkIsSentOnceAndForAll) {
  DeduplicateSpec spec = OneOfEach(true, false, true, true);
  spec.on_watermark = true;
  RowHarness(MakeDeduplicate, Encode(spec))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"+I[key1, 13, 99]", "+I[key1, 12, 97]", "+I[key1, 11, 98]", "+I[key2, 11, 103]"})
      .ExpectNothing()
      .ExpectTimers(2)
      .Watermark(milliseconds(102))
      .ExpectInOrder({Event("+I", "key1", 12, 97)})
      .Rows({"+I[key1, 9, 102]", "+I[key3, 1, 101]", "+I[key2, 7, 102]"})
      .Watermark(milliseconds(103))
      .ExpectInOrder({Event("+I", "key2", 7, 102)});
}

TEST(Deduplicate, OnlyInsertionsAreTaken) {
  RowHarness(MakeDeduplicate, Encode(OneOfEach(false, true, true, true)))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"-D[a, 1, null]"})
      .ExpectError("An input of a deduplication holds more than +I: -D");
}

TEST(Deduplicate, ARowWithoutATimeIsBeforeAllOthersButNotSentByTheWatermark) {
  RowHarness(MakeDeduplicate, Encode(OneOfEach(true, false, true, true)))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"+I[a, 1, 5]", "+I[a, 2, null]", "+I[a, 3, 4]"})
      .ExpectInOrder({Event("+I", "a", 1, 5), Event("-U", "a", 1, 5), "+U[a, 2, null]"});
  RowHarness(MakeDeduplicate, Encode(OneOfEach(true, true, true, true)))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"+I[a, 1, null]", "+I[a, 2, 5]", "+I[a, 3, null]"})
      .ExpectInOrder({"+I[a, 1, null]", "-U[a, 1, null]", Event("+U", "a", 2, 5)});
  DeduplicateSpec once = OneOfEach(true, false, true, true);
  once.on_watermark = true;
  RowHarness(MakeDeduplicate, Encode(once))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"+I[a, 1, 5]", "+I[a, 2, null]"})
      .Watermark(milliseconds(3))
      .ExpectNothing()
      .Watermark(milliseconds(5))
      .ExpectInOrder({Event("+I", "a", 1, 5)});
  once.null_times_first = true;
  RowHarness(MakeDeduplicate, Encode(once))
      .Input(kEvents, {0})
      .Output(kEvents)
      .Rows({"+I[a, 1, 5]", "+I[a, 2, null]"})
      .MaxWatermark()
      .ExpectInOrder({"+I[a, 2, null]"});
}

TEST(Deduplicate, StateIsThatOfTheGoldenFile) {
  testing::KeptState(MakeDeduplicate, Encode(OneOfEach(true, true, true, true)))
      .Input(kEvents, {0})
      .Rows({"+I[a, 1, -7]"})
      .Expect({"+I[a, 1, 1969-12-31T23:59:59.993]"})
      .ExpectGolden({{"deduplicate", "kept-row/2", "deduplicate"}})
      .Rows({"+I[a, 2, -8]", "+I[a, 3, 1]"})
      .Expect({"-U[a, 1, 1969-12-31T23:59:59.993]", Event("+U", "a", 3, 1)});
  testing::KeptState(MakeDeduplicate, Encode(OneOfEach(false, false, true, true)))
      .Input(kEvents, {0})
      .Rows({"+I[a, 1, 1]"})
      .Expect({Event("+I", "a", 1, 1)})
      .ExpectGolden({{"deduplicate", "kept-row/2", "deduplicate-seen"}})
      .Rows({"+I[a, 2, 1]"})
      .Expect({});
  DeduplicateSpec once = OneOfEach(true, false, true, true);
  once.on_watermark = true;
  testing::KeptState(MakeDeduplicate, Encode(once))
      .Input(kEvents, {0})
      .Rows({"+I[a, 1, 10]", "+I[a, 2, 9]"})
      .ExpectGolden({{"deduplicate-waiting", "kept-row/2", "deduplicate-waiting"}})
      .Watermark(9)
      .Expect({Event("+I", "a", 2, 9)})
      .ExpectGolden({{"deduplicate-sent", "kept-row/2", "deduplicate-seen"}})
      .Rows({"+I[a, 3, 20]"})
      .Watermark(20)
      .Expect({});
}

}  // namespace
}  // namespace thalweg::operators
