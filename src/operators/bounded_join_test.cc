// Regular joins with a side that a time bounds: graph/join_spec.h, operators/timed_rows.h.
#include "expr/functions.h"
#include "graph/join_spec.h"
#include "operators/join.h"
#include "operators/test_times.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using expr::Expression;
using graph::JoinSpec;
using graph::TimeBound;
using std::chrono::milliseconds;
using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kBids = "price INT, who STRING, t TIMESTAMP(3)";
constexpr const char* kTops = "price INT, e TIMESTAMP(3)";
constexpr const char* kBidsAndTops = "price INT, who STRING, t TIMESTAMP(3), top INT, e TIMESTAMP(3)";
constexpr int64_t kTenSeconds = 10'000;

Expression Compared(std::string_view op, Expression a, Expression b) {
  return expr::Resolve(op, {std::move(a), std::move(b)}).value();
}

/// Bids that were made in the ten seconds up to `e`, the end of a window.
JoinSpec BidsOfTops() {
  JoinSpec spec;
  spec.sides.left = ParseSchema(kBids);
  spec.sides.right = ParseSchema(kTops);
  spec.sides.left_keys = spec.sides.right_keys = {0};
  const Expression bid = Expression::Input(2, types::DataType::Timestamp(3));
  const Expression end = Expression::Input(4, types::DataType::Timestamp(3));
  const Expression begin = Compared("-", end, Expression::Literal(expr::Value::IntervalMillis(kTenSeconds)));
  spec.sides.condition = Compared("AND", Compared(">=", bid, begin), Compared("<=", bid, end));
  spec.left_append_only = spec.right_append_only = true;
  spec.left_bound = TimeBound{.time = 2, .other_time = 1, .lower_ms = -kTenSeconds, .upper_ms = 0, .ahead_ms = 1};
  return spec;
}

RowHarness& BidsAndTops(RowHarness& harness) {
  return harness.Input(kBids, {0}).Input(kTops, {0}).Output(kBidsAndTops);
}

std::string Bid(int price, const char* who, int time) {
  return "+I[" + std::to_string(price) + ", " + who + ", " + At(time) + "]";
}
std::string Top(int price, int end) { return "+I[" + std::to_string(price) + ", " + At(end) + "]"; }
std::string BidOfTop(int price, const std::string& who, int time, int end) {
  return "+I[" + std::to_string(price) + ", " + who + ", " + At(time) + ", " + std::to_string(price) + ", " + At(end) +
         "]";
}

// Behind watermark 12000 windows end at 12002 at the soonest.
TEST(BoundedJoin, ARowThatNoWindowToComeReachesIsNotKept) {
  RowHarness harness(MakeJoin, Encode(BidsOfTops()));
  BidsAndTops(harness)
      .InputWatermark(1, milliseconds(12'000))
      .RowsOn(0, {Bid(1, "a", 2001)})
      .ExpectEntries(0)
      .RowsOn(0, {Bid(2, "b", 2002)})
      .ExpectEntries(1)
      .RowsOn(1, {Top(2, 12'002)})
      .Expect({BidOfTop(2, "b", 2002, 12'002)});
}

// Stretches are a quarter of the ten seconds: the first ends with 2499, which a window that ends at 12499 joins.
TEST(BoundedJoin, AStretchGoesWhenItsLastMillisecondIsOutOfReach) {
  RowHarness harness(MakeJoin, Encode(BidsOfTops()));
  BidsAndTops(harness)
      .RowsOn(0, {Bid(1, "a", 2499), Bid(1, "b", 2500), Bid(2, "c", 0)})
      .InputWatermark(1, milliseconds(12'497))
      .Watermark(milliseconds(1))
      .ExpectEntries(3)
      .RowsOn(1, {Top(1, 12'499)})
      .Expect({BidOfTop(1, "a", 2499, 12'499), BidOfTop(1, "b", 2500, 12'499)})
      .InputWatermark(1, milliseconds(12'498))
      .Watermark(milliseconds(2))
      .ExpectEntries(2)  // the second bid and the top
      .RowsOn(1, {Top(1, 12'500)})
      .Expect({BidOfTop(1, "b", 2500, 12'500)});
}

// The merged watermark says nothing of the right side, which may be idle.
TEST(BoundedJoin, OnlyTheWatermarkOfTheOtherSideForgets) {
  RowHarness harness(MakeJoin, Encode(BidsOfTops()));
  BidsAndTops(harness)
      .RowsOn(0, {Bid(1, "a", 2)})
      .InputWatermark(0, milliseconds(50'000))
      .Watermark(milliseconds(50'000))
      .RowsOn(0, {Bid(1, "b", 1)})
      .RowsOn(1, {Top(1, 10'000)})
      .Expect({BidOfTop(1, "a", 2, 10'000), BidOfTop(1, "b", 1, 10'000)});
}

TEST(BoundedJoin, ALateRowJoinsTheWindowsThatAreThere) {
  RowHarness harness(MakeJoin, Encode(BidsOfTops()));
  BidsAndTops(harness)
      .RowsOn(1, {Top(1, 10'000), Top(1, 20'000)})
      .InputWatermark(1, milliseconds(19'999))
      .RowsOn(0, {Bid(1, "late", 3), Bid(1, "both", 10'000), Bid(2, "none", 5)})
      .Expect(
          {BidOfTop(1, "late", 3, 10'000), BidOfTop(1, "both", 10'000, 10'000), BidOfTop(1, "both", 10'000, 20'000)})
      .InputWatermark(1, milliseconds(59'999))
      .Watermark(milliseconds(59'999))
      .ExpectEntries(1)  // the tops, in one part
      .RowsOn(0, {Bid(1, "later", 20'000)})
      .Expect({BidOfTop(1, "later", 20'000, 20'000)})
      .ExpectEntries(1);
}

TEST(BoundedJoin, BoundsAreWithinAndBothEndsCount) {
  RowHarness harness(MakeJoin, Encode(BidsOfTops()));
  BidsAndTops(harness)
      .RowsOn(0, {Bid(1, "before", 1999), Bid(1, "first", 2000), Bid(1, "last", 12'000), Bid(1, "behind", 12'001)})
      .RowsOn(1, {Top(1, 12'000)})
      .Expect({BidOfTop(1, "first", 2000, 12'000), BidOfTop(1, "last", 12'000, 12'000)});
}

TEST(BoundedJoin, WhatIsNullIsNeitherJoinedNorKept) {
  RowHarness harness(MakeJoin, Encode(BidsOfTops()));
  BidsAndTops(harness)
      .RowsOn(0, {"+I[null, a, " + At(1) + "]", "+I[1, b, null]"})
      .ExpectEntries(0)
      .RowsOn(0, {Bid(1, "c", 1)})
      .RowsOn(1, {"+I[null, " + At(10'000) + "]", "+I[1, null]", Top(1, 10'000)})
      .Expect({BidOfTop(1, "c", 1, 10'000)});
}

TEST(BoundedJoin, WhenTheOtherSideHasEndedNothingIsKept) {
  RowHarness harness(MakeJoin, Encode(BidsOfTops()));
  BidsAndTops(harness)
      .RowsOn(0, {Bid(1, "a", 1), Bid(2, "b", 59'000)})
      .InputWatermark(1, milliseconds(INT64_MAX))
      .Watermark(milliseconds(1))
      .ExpectEntries(0)
      .RowsOn(0, {Bid(1, "c", 1)})
      .ExpectEntries(0);
}

TEST(BoundedJoin, ARowIsNotTakenBack) {
  RowHarness harness(MakeJoin, Encode(BidsOfTops()));
  BidsAndTops(harness)
      .RowsOn(0, {"-D[1, a, " + At(1) + "]"})
      .ExpectError("An input of a join of rows that only come holds more than +I: -D");
}

// Bids that are windows' results, too.
TEST(BoundedJoin, BothSidesMayBeBounded) {
  JoinSpec spec = BidsOfTops();
  spec.right_bound = TimeBound{.time = 1, .other_time = 2, .lower_ms = 0, .upper_ms = kTenSeconds, .ahead_ms = 1};
  RowHarness harness(MakeJoin, Encode(spec));
  BidsAndTops(harness)
      .RowsOn(0, {Bid(1, "a", 5000)})
      .RowsOn(1, {Top(1, 7000)})
      .Expect({BidOfTop(1, "a", 5000, 7000)})
      .RowsOn(0, {Bid(1, "b", 6000)})
      .Expect({BidOfTop(1, "b", 6000, 7000)})
      .InputWatermark(0, milliseconds(7497))
      .Watermark(milliseconds(1))
      .ExpectEntries(2)  // a bid of 7499 may come, and a top of its stretch may have it as its end
      .InputWatermark(0, milliseconds(7498))
      .Watermark(milliseconds(2))
      .ExpectEntries(1)
      .RowsOn(1, {Top(1, 14'000)})
      .Expect({BidOfTop(1, "a", 5000, 14'000), BidOfTop(1, "b", 6000, 14'000)});
}

/// So many long bids of a price that they fill parts, from one millisecond on.
std::vector<std::string> LongBids(int price, int first, int count) {
  std::vector<std::string> rows;
  for (int i = first; i < first + count; ++i) rows.push_back(Bid(price, std::string(1000, 'x').c_str(), i));
  return rows;
}
void ExpectLongBids(RowHarness& harness, int count, int end) {
  std::vector<std::string> rows;
  for (int i = 1; i <= count; ++i) rows.push_back(BidOfTop(7, std::string(1000, 'x'), i, end));
  harness.Expect(std::move(rows));
}

// The ninth time that a stretch is asked, its full parts get an index, which grows with them.
TEST(BoundedJoin, WhatIsAskedOftenIsFoundByItsIndexAndBehindIt) {
  RowHarness harness(MakeJoin, Encode(BidsOfTops()));
  BidsAndTops(harness);
  std::vector<std::string> others;
  for (int price = 100; price < 160; ++price) others.push_back(Bid(price, "another", price));
  harness.RowsOn(0, others).RowsOn(0, LongBids(7, 1, 8));
  for (int end = 3000; end < 3012; ++end) {
    harness.RowsOn(1, {Top(7, end)});
    ExpectLongBids(harness, 8, end);
  }
  harness.RowsOn(0, LongBids(7, 9, 8)).Expect([] {
    std::vector<std::string> joined;
    for (int end = 3000; end < 3012; ++end)
      for (int i = 9; i <= 16; ++i) joined.push_back(BidOfTop(7, std::string(1000, 'x'), i, end));
    return joined;
  }());
  for (int end = 4000; end < 4003; ++end) {
    harness.RowsOn(1, {Top(7, end)});
    ExpectLongBids(harness, 16, end);
  }
  harness.RowsOn(1, {Top(125, 4000), Top(9, 4000)}).Expect({BidOfTop(125, "another", 125, 4000)});
}

TEST(BoundedJoin, RecordsAreThoseOfTheGoldenFile) {
  testing::KeptState(MakeJoin, Encode(BidsOfTops()))
      .Input(kBids, {0})
      .Input(kTops, {0})
      .RowsOn(0, {"+I[-1, b, 2001]", "+I[-1, a, -1]", "+I[-1, null, 2499]"})
      .ExpectGolden({{"left-records-timed", "join-part/2", "join-timed"}})
      .RowsOn(1, {Top(-1, 12'001)})
      .Expect({BidOfTop(-1, "b", 2001, 12'001), BidOfTop(-1, "null", 2499, 12'001)});
}

}  // namespace
}  // namespace thalweg::operators
