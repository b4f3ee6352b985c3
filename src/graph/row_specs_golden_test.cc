// Each spec of docs/internals/row_specs.md against the bytes that tests/golden/row_specs.py makes of the document.
#include <fstream>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expr/functions.h"
#include "graph/aggregate_spec.h"
#include "graph/calc_spec.h"
#include "graph/changelog_spec.h"
#include "graph/constraint_spec.h"
#include "graph/join_spec.h"
#include "graph/match_spec.h"
#include "graph/rank_spec.h"
#include "graph/scan_spec.h"
#include "graph/sorted_over_spec.h"
#include "graph/unnest_spec.h"
#include "graph/values_spec.h"
#include "graph/window_best_spec.h"
#include "testing/golden_states.h"
#include "testing/source_folder.h"

namespace thalweg::graph {
namespace {

using expr::Expression;
using types::DataType;
using types::Schema;
using types::TypeId;

const DataType kInt(TypeId::kInt), kText(TypeId::kString), kTruth(TypeId::kBoolean);

Expression LessThan(int a, int b) {
  return expr::Resolve("<", {Expression::Input(a, kInt), Expression::Input(b, kInt)}).value();
}

Schema Events() { return Schema({{"k", kText}, {"v", kInt}, {"ok", kTruth}, {"t", DataType::Timestamp(3)}}); }
Schema Windowed() {
  return Schema(
      {{"k", kText}, {"v", kInt}, {"ok", kTruth}, {"start", DataType::Timestamp(3)}, {"end", DataType::Timestamp(3)}});
}
Schema KeyAndTime() { return Schema({{"k", kInt}, {"t", DataType::Timestamp(3)}}); }
Schema Log() { return Schema({{"op", kText}, {"k", kInt}}); }
Schema Lists() { return Schema({{"k", kInt}, {"list", DataType::Array(kInt)}}); }

AggregateCall Count() {
  return {.function = "COUNT", .type = DataType(TypeId::kBigInt).WithNullable(false), .name = "n"};
}

std::vector<AggregateCall> Calls() {
  AggregateCall texts{.function = "LISTAGG",
                      .arguments = {0},
                      .filter = 2,
                      .distinct = true,
                      .ignore_nulls = true,
                      .order_by = {{.column = 3, .descending = true, .nulls_last = true}, {.column = 1}},
                      .type = kText,
                      .name = "all"};
  return {texts, Count()};
}

JoinSides SidesOf(JoinType type) {
  JoinSides sides;
  sides.left = sides.right = KeyAndTime();
  sides.left_keys = sides.right_keys = {0};
  sides.null_equal = {1};
  sides.type = type;
  sides.condition = LessThan(0, 2);
  sides.zone = "Europe/Berlin";
  return sides;
}

/// Holds specs against their vectors.
class Vectors {
 public:
  template <typename T>
  void Expect(const std::string& name, const T& spec, Result<T> (*decode)(std::string_view)) {
    told_.insert(name);
    EXPECT_EQ(Hex(Encode(spec)), Hex(golden_[name])) << name;
    const Result<T> back = decode(golden_[name]);
    ASSERT_TRUE(back.ok()) << name << ": " << back.status().ToString();
    EXPECT_EQ(Hex(Encode(*back)), Hex(golden_[name])) << name;
  }
  void ExpectAllTold() const {
    for (const auto& [name, bytes] : golden_) EXPECT_TRUE(told_.contains(name)) << name;
  }

 private:
  static std::string Hex(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
    return text;
  }
  std::map<std::string, std::string> golden_ = testing::GoldenVectors("row_specs.tsv");
  std::set<std::string> told_;
};

void ExpectRows(Vectors& vectors) {
  vectors.Expect("values", ValuesSpec{{"ab", "", "c"}}, DecodeValues);
  const Expression k = Expression::Input(0, kInt);
  const Expression less = expr::Resolve("+", {k, Expression::Literal(expr::Value::Int(-7))}).value();
  vectors.Expect("calc", CalcSpec{LessThan(0, 0), {k, less}, "Europe/Berlin", 17}, DecodeCalc);
  vectors.Expect("unnest", UnnestSpec{Lists(), Expression::Input(1, DataType::Array(kInt)), true, true, "UTC", {}},
                 DecodeUnnest);
  vectors.Expect("unnest with a condition",
                 UnnestSpec{Lists(), Expression::Input(1, DataType::Array(kInt)), true, false, "", LessThan(0, 2)},
                 DecodeUnnest);
  vectors.Expect("constraints",
                 ConstraintSpec{Lists(),
                                ConstraintSpec::NotNull::kDrop,
                                ConstraintSpec::Length::kError,
                                ConstraintSpec::Nested::kRowsAndCollections,
                                {{0}, {1, 0}}},
                 DecodeConstraints);
  const Expression time = Expression::Input(1, DataType::Timestamp(3));
  ScanSpec scan;
  scan.columns = {k, time};
  scan.watermark = time;
  scan.idle_timeout_ms = 250;
  scan.alignment_group = "near";
  scan.alignment_max_drift_ms = 2000;
  scan.zone = "UTC";
  scan.reads = {{0}, {2, 1}};
  vectors.Expect("scan", scan, DecodeScan);
  ScanSpec eager;
  eager.watermark = scan.watermark;
  eager.partition_columns = {0};
  eager.pace = ScanSpec::Pace::kLateRows;
  vectors.Expect("scan with watermarks that go with the rows", eager, DecodeScan);
  eager.pace = ScanSpec::Pace::kEachRise;
  vectors.Expect("scan with watermarks behind each row that raises them", eager, DecodeScan);
}

void ExpectAggregates(Vectors& vectors) {
  vectors.Expect("group-aggregate", GroupAggregateSpec{Events(), {0, 1}, Calls(), true, true, 1000},
                 DecodeGroupAggregate);
  const WindowShape hopping{.kind = WindowShape::Kind::kHop,
                            .size_ms = 5000,
                            .slide_ms = 1000,
                            .offset_ms = -5,
                            .time_column = 3,
                            .zone = "Europe/Berlin"};
  vectors.Expect("window-aggregate",
                 WindowAggregateSpec{Events(),
                                     {0},
                                     Calls(),
                                     hopping,
                                     {WindowProperty::kStart, WindowProperty::kTime, WindowProperty::kProcessingTime},
                                     true},
                 DecodeWindowAggregate);
  vectors.Expect("window-aggregate of attached windows",
                 WindowAggregateSpec{
                     Windowed(), {}, {Count()}, {.size_ms = 60'000, .start_column = 3, .end_column = 4}, {}, false},
                 DecodeWindowAggregate);
  const WindowShape sessions{
      .kind = WindowShape::Kind::kSession, .size_ms = 5000, .processing_time = true, .partition = {0, 1}};
  vectors.Expect("window-tvf", WindowTvfSpec{Events(), sessions}, DecodeWindowTvf);
  vectors.Expect("over-aggregate", OverAggregateSpec{Events(), {0}, 3, false, true, 2, Calls(), 7},
                 DecodeOverAggregate);
  vectors.Expect("over-aggregate of processing time", OverAggregateSpec{Events(), {}, -1, true, false, -1, {Count()}},
                 DecodeOverAggregate);
  vectors.Expect("sorted-over",
                 SortedOverSpec{Events(), {0}, {{.column = 1, .nulls_last = true}}, false, Calls(), true, 9},
                 DecodeSortedOver);
  vectors.Expect(
      "batch-over",
      SortedOverSpec{Events(), {}, {{.column = 0}}, true, {Count()}, false, 0, {.offset = -4}, {.offset = 2}},
      DecodeSortedOver);
  vectors.Expect(
      "batch-over of a range",
      SortedOverSpec{Events(), {}, {{.column = 0}}, false, {Count()}, false, 0, {.column = 0}, {.unbounded = true}},
      DecodeSortedOver);
}

void ExpectJoins(Vectors& vectors) {
  const JoinSides left = SidesOf(JoinType::kLeft), inner = SidesOf(JoinType::kInner);
  vectors.Expect("join", JoinSpec{left, {0}, {1, 0}, 5, 6, false, true}, DecodeJoin);
  JoinSpec bounded{inner, {}, {}, 0, 0, true, true};
  bounded.left_bound = TimeBound{.time = 1, .other_time = 1, .lower_ms = -7, .upper_ms = 0, .ahead_ms = 1};
  bounded.right_bound = TimeBound{.time = 1, .other_time = 1, .lower_ms = 8, .ahead_ms = -9};
  vectors.Expect("join of bounded sides", bounded, DecodeJoin);
  vectors.Expect("interval-join", IntervalJoinSpec{left, -7, 8, 1, 1, 6}, DecodeIntervalJoin);
  vectors.Expect("temporal-join", TemporalJoinSpec{left, 1, 1, 9}, DecodeTemporalJoin);
  vectors.Expect("snapshot-join", SnapshotJoinSpec{left, {1}, SnapshotJoinSpec::Load::kTime, 1'700'000'000'000, 9},
                 DecodeSnapshotJoin);
  vectors.Expect("window-join", WindowJoinSpec{inner, 1, 1, "UTC"}, DecodeWindowJoin);
}

void ExpectOrders(Vectors& vectors) {
  vectors.Expect(
      "rank",
      RankSpec{
          KeyAndTime(), {0}, {{.column = 1, .descending = true}}, 2, 3, true, RankSpec::Input::kUpsert, {0}, true, 4},
      DecodeRank);
  vectors.Expect("deduplicate", DeduplicateSpec{KeyAndTime(), {0}, 1, false, false, true, true, 3, true},
                 DecodeDeduplicate);
  vectors.Expect("deduplicate to the last", DeduplicateSpec{KeyAndTime(), {0}, -1, true, true, false},
                 DecodeDeduplicate);
  vectors.Expect("window-rank", WindowRankSpec{KeyAndTime(), {0}, {{.column = 0}}, 1, 9, true, 1, "UTC"},
                 DecodeWindowRank);
  vectors.Expect("window-deduplicate", WindowDeduplicateSpec{KeyAndTime(), {0}, 1, true, 1, "UTC"},
                 DecodeWindowDeduplicate);
  vectors.Expect("window-best", WindowBestSpec{KeyAndTime(), 1, 0, true, 10'000, -3, true}, DecodeWindowBest);
  const std::string one_and_null("\x01\x80\x00\x00\x01\x00", 6);
  vectors.Expect("sort", SortSpec{KeyAndTime(), {{.column = 0, .descending = true}}, -1, 3, 0, one_and_null},
                 DecodeSort);
  vectors.Expect("sort by time", SortSpec{KeyAndTime(), {{.column = 1}, {.column = 0}}, 1}, DecodeSort);
  vectors.Expect("limit", LimitSpec{KeyAndTime(), 4, 5}, DecodeLimit);
}

void ExpectMatches(Vectors& vectors) {
  MatchSpec match;
  match.input = Events();
  match.partition = {0};
  match.time_column = 3;
  match.order = {{.column = 1, .descending = true}};
  MatchVariable b{.name = "B", .min = 0, .max = 2};
  b.condition = LessThan(0, 0);
  b.reads = {{.kind = MatchRead::Kind::kFirst, .variable = 0, .offset = 1, .column = 1}};
  match.pattern = {{.name = "A", .max = -1, .greedy = true, .column = 2}, b};
  match.after = MatchSpec::After::kToLast;
  match.skip_to = 1;
  match.within_ms = 60'000;
  match.output = {{.column = 1},
                  {.kind = MatchRead::Kind::kAggregate, .variable = 1, .call = Count()},
                  {.kind = MatchRead::Kind::kTime, .column = 3}};
  match.zone = "Europe/Berlin";
  match.query_start_ms = 17;
  match.null_times_first = true;
  vectors.Expect("match-recognize", match, DecodeMatch);
  MatchSpec plain;
  plain.input = KeyAndTime();
  plain.pattern = {{.name = "A"}};
  plain.output = {{.variable = 0, .column = 0}};
  vectors.Expect("match-recognize by processing time", plain, DecodeMatch);
}

void ExpectChangelogs(Vectors& vectors) {
  vectors.Expect("changelog-normalize", ChangelogNormalizeSpec{KeyAndTime(), {0}, true, LessThan(0, 0), 3},
                 DecodeChangelogNormalize);
  vectors.Expect("upsert-materialize",
                 UpsertMaterializeSpec{KeyAndTime(), {0}, {1}, 3, UpsertMaterializeSpec::Conflict::kError},
                 DecodeUpsertMaterialize);
  vectors.Expect("drop-update-before", DropUpdateBeforeSpec{KeyAndTime()}, DecodeDropUpdateBefore);
  vectors.Expect(
      "to-changelog",
      ToChangelogSpec{KeyAndTime(), {1}, {{types::RowKind::kDelete, "d"}, {types::RowKind::kInsert, ""}}, true, {0}},
      DecodeToChangelog);
  vectors.Expect(
      "from-changelog",
      FromChangelogSpec{Log(), {1}, 0, {{types::RowKind::kUpdateAfter, "u"}, {types::RowKind::kDelete, "d"}}, true},
      DecodeFromChangelog);
}

TEST(RowSpecs, EachHasTheBytesThatTheDocumentSays) {
  Vectors vectors;
  ExpectRows(vectors);
  ExpectAggregates(vectors);
  ExpectJoins(vectors);
  ExpectOrders(vectors);
  ExpectMatches(vectors);
  ExpectChangelogs(vectors);
  vectors.ExpectAllTold();
}

/// The names in backquotes of a row's first cell.
std::vector<std::string> KindsOf(const std::string& row) {
  std::vector<std::string> kinds;
  const std::string cell = row.substr(0, row.find('|', 1));
  for (size_t open = cell.find('`'); open != std::string::npos;) {
    const size_t close = cell.find('`', open + 1);
    kinds.push_back(cell.substr(open + 1, close - open - 1));
    open = cell.find('`', close + 1);
  }
  return kinds;
}

// Kinds of one row have one spec.
TEST(RowSpecs, EachRowOfTheDocumentsTableHasAVector) {
  const auto vectors = testing::GoldenVectors("row_specs.tsv");
  std::ifstream page(SourceFolder() + "/docs/internals/row_specs.md");
  int rows = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    ++rows;
    bool told = line.find("those of `group-aggregate`") != std::string::npos;
    for (const std::string& kind : KindsOf(line)) told = told || vectors.contains(kind);
    EXPECT_TRUE(told) << line;
  }
  EXPECT_GE(rows, 25);
}

}  // namespace
}  // namespace thalweg::graph
