#include <gtest/gtest.h>

#include "expr/functions.h"
#include "graph/changelog_spec.h"
#include "graph/constraint_spec.h"
#include "graph/join_spec.h"
#include "graph/rank_spec.h"

namespace thalweg::graph {
namespace {

using types::DataType;
using types::TypeId;

types::Schema Two() { return types::Schema({{"k", DataType(TypeId::kInt)}, {"t", DataType::Timestamp(3)}}); }

expr::Expression Less(int a, int b) {
  const DataType type(TypeId::kInt);
  return expr::Resolve("<", {expr::Expression::Input(a, type), expr::Expression::Input(b, type)}).value();
}

JoinSides Sides() {
  JoinSides sides;
  sides.left = sides.right = Two();
  sides.left_keys = sides.right_keys = {0};
  sides.null_equal = {1};
  sides.type = JoinType::kLeft;
  sides.condition = Less(0, 2);
  sides.zone = "Europe/Berlin";
  return sides;
}

void ExpectSides(const JoinSides& back) {
  EXPECT_EQ(back.left, Two());
  EXPECT_EQ(back.right, Two());
  EXPECT_EQ(back.left_keys, std::vector<int>{0});
  EXPECT_EQ(back.right_keys, std::vector<int>{0});
  EXPECT_EQ(back.null_equal, std::vector<int>{1});
  EXPECT_EQ(back.type, JoinType::kLeft);
  EXPECT_EQ(*back.condition, Less(0, 2));
  EXPECT_EQ(back.zone, "Europe/Berlin");
}

TEST(RelationSpecs, JoinsSurviveTheirEncoding) {
  const JoinSpec join = DecodeJoin(Encode(JoinSpec{Sides(), {0}, {1, 0}, 5, 6, false, true})).value();
  ExpectSides(join.sides);
  EXPECT_EQ(join.left_unique_key, std::vector<int>{0});
  EXPECT_EQ(join.right_unique_key, (std::vector<int>{1, 0}));
  EXPECT_EQ(join.left_ttl_ms, 5);
  EXPECT_EQ(join.right_ttl_ms, 6);
  EXPECT_FALSE(join.left_append_only);
  EXPECT_TRUE(join.right_append_only);
  EXPECT_FALSE(join.left_bound || join.right_bound);
  const IntervalJoinSpec interval = DecodeIntervalJoin(Encode(IntervalJoinSpec{Sides(), -7, 8, 1, 1, 6})).value();
  ExpectSides(interval.sides);
  EXPECT_EQ(interval.lower_ms, -7);
  EXPECT_EQ(interval.upper_ms, 8);
  EXPECT_EQ(interval.left_time, 1);
  EXPECT_EQ(interval.right_time, 1);
  EXPECT_EQ(interval.min_cleanup_ms, 6);
  const TemporalJoinSpec temporal = DecodeTemporalJoin(Encode(TemporalJoinSpec{Sides(), 1, 1, 9})).value();
  ExpectSides(temporal.sides);
  EXPECT_EQ(temporal.left_time, 1);
  EXPECT_EQ(temporal.right_time, 1);
  EXPECT_EQ(temporal.ttl_ms, 9);
  const SnapshotJoinSpec snapshot =
      DecodeSnapshotJoin(Encode(SnapshotJoinSpec{Sides(), {1}, SnapshotJoinSpec::Load::kTime, 7, 9})).value();
  ExpectSides(snapshot.sides);
  EXPECT_EQ(snapshot.right_unique_key, std::vector<int>{1});
  EXPECT_EQ(snapshot.load, SnapshotJoinSpec::Load::kTime);
  EXPECT_EQ(snapshot.load_time_ms, 7);
  EXPECT_EQ(snapshot.ttl_ms, 9);
  const WindowJoinSpec window = DecodeWindowJoin(Encode(WindowJoinSpec{Sides(), 1, 1, "UTC"})).value();
  ExpectSides(window.sides);
  EXPECT_EQ(window.left_window_end, 1);
  EXPECT_EQ(window.right_window_end, 1);
  EXPECT_EQ(window.zone, "UTC");
}

/// An inner join of rows that only come.
JoinSpec BoundedJoin() {
  JoinSpec join{Sides(), {}, {}, 0, 0, true, true};
  join.sides.type = JoinType::kInner;
  join.left_bound = TimeBound{.time = 1, .other_time = 1, .lower_ms = -7, .upper_ms = 0, .ahead_ms = 1};
  return join;
}

TEST(RelationSpecs, TimeBoundsOfJoinsSurviveTheirEncoding) {
  JoinSpec join = BoundedJoin();
  join.right_bound = TimeBound{.time = 1, .other_time = 1, .lower_ms = 8, .ahead_ms = -9};
  const JoinSpec back = DecodeJoin(Encode(join)).value();
  EXPECT_EQ(Encode(back), Encode(join));
  ASSERT_TRUE(back.left_bound && back.right_bound);
  EXPECT_EQ(back.left_bound->time, 1);
  EXPECT_EQ(back.left_bound->other_time, 1);
  EXPECT_EQ(back.left_bound->lower_ms, -7);
  EXPECT_EQ(back.left_bound->upper_ms, 0);
  EXPECT_EQ(back.left_bound->ahead_ms, 1);
  EXPECT_EQ(back.right_bound->lower_ms, 8);
  EXPECT_FALSE(back.right_bound->upper_ms);
  EXPECT_EQ(back.right_bound->ahead_ms, -9);
}

TEST(RelationSpecs, RanksSurviveTheirEncoding) {
  const SortKey key{.column = 1, .descending = true};
  RankSpec rank{Two(), {0}, {key}, 2, 3, true, RankSpec::Input::kUpsert, {0}, false, 4};
  const RankSpec back = DecodeRank(Encode(rank)).value();
  EXPECT_EQ(Encode(back), Encode(rank));
  EXPECT_EQ(back.order, std::vector<SortKey>{key});
  EXPECT_EQ(back.from, 2);
  EXPECT_EQ(back.to, 3);
  EXPECT_TRUE(back.rank_number);
  EXPECT_EQ(back.kind, RankSpec::Input::kUpsert);
  EXPECT_FALSE(back.generate_update_before);
  EXPECT_EQ(back.ttl_ms, 4);
  rank.generate_update_before = true;
  EXPECT_TRUE(DecodeRank(Encode(rank))->generate_update_before);
  const DeduplicateSpec first{Two(), {0}, 1, false, false, true, true, 3};
  const DeduplicateSpec first_back = DecodeDeduplicate(Encode(first)).value();
  EXPECT_EQ(Encode(first_back), Encode(first));
  EXPECT_EQ(first_back.time_column, 1);
  EXPECT_FALSE(first_back.generate_update_before);
  EXPECT_TRUE(first_back.generate_insert);
  EXPECT_TRUE(first_back.on_watermark);
  const WindowRankSpec window{Two(), {0}, {key}, 1, 9, true, 1, "UTC"};
  EXPECT_EQ(Encode(DecodeWindowRank(Encode(window)).value()), Encode(window));
  const WindowDeduplicateSpec latest{Two(), {0}, 1, true, 1, "UTC"};
  EXPECT_EQ(Encode(DecodeWindowDeduplicate(Encode(latest)).value()), Encode(latest));
  const SortSpec sort{Two(), {key}, -1, 3, 0};
  const SortSpec sort_back = DecodeSort(Encode(sort)).value();
  EXPECT_EQ(sort_back.limit, 0);
  EXPECT_EQ(sort_back.offset, 3);
  EXPECT_EQ(sort_back.time_column, -1);
  EXPECT_EQ(DecodeSort(Encode(SortSpec{Two(), {key}}))->limit, -1);
  const LimitSpec limit{Two(), 4, 5};
  EXPECT_EQ(Encode(DecodeLimit(Encode(limit)).value()), Encode(limit));
}

TEST(RelationSpecs, ChangelogsSurviveTheirEncoding) {
  const ChangelogNormalizeSpec normalize{Two(), {0}, false, Less(0, 0), 3};
  const ChangelogNormalizeSpec back = DecodeChangelogNormalize(Encode(normalize)).value();
  EXPECT_EQ(Encode(back), Encode(normalize));
  EXPECT_EQ(*back.condition, Less(0, 0));
  const UpsertMaterializeSpec materialize{Two(), {0}, {1}, 3, UpsertMaterializeSpec::Conflict::kError};
  EXPECT_EQ(Encode(DecodeUpsertMaterialize(Encode(materialize)).value()), Encode(materialize));
  EXPECT_EQ(DecodeUpsertMaterialize(Encode(materialize))->conflict, UpsertMaterializeSpec::Conflict::kError);
  EXPECT_EQ(DecodeDropUpdateBefore(Encode(DropUpdateBeforeSpec{Two()}))->input, Two());
  const ToChangelogSpec log{Two(), {1}, {{types::RowKind::kDelete, "d"}, {types::RowKind::kInsert, ""}}, true, {0}};
  const ToChangelogSpec log_back = DecodeToChangelog(Encode(log)).value();
  EXPECT_EQ(Encode(log_back), Encode(log));
  EXPECT_EQ(log_back.codes, log.codes);
  EXPECT_EQ(log_back.kept, std::vector<int>{0});
  types::Schema text({{"op", DataType(TypeId::kString)}, {"k", DataType(TypeId::kInt)}});
  const FromChangelogSpec changes{text, {1}, 0, {{types::RowKind::kUpdateAfter, "u"}}, true};
  const FromChangelogSpec changes_back = DecodeFromChangelog(Encode(changes)).value();
  EXPECT_EQ(Encode(changes_back), Encode(changes));
  EXPECT_TRUE(changes_back.skip_unknown);
}

TEST(RelationSpecs, ConstraintsSurviveTheirEncoding) {
  const ConstraintSpec spec{Two(),
                            ConstraintSpec::NotNull::kDrop,
                            ConstraintSpec::Length::kError,
                            ConstraintSpec::Nested::kRowsAndCollections,
                            {{0}, {1, 2}}};
  EXPECT_EQ(DecodeConstraints(Encode(spec)).value(), spec);
  EXPECT_EQ(DecodeConstraints(Encode(ConstraintSpec{Two()})).value(), ConstraintSpec{Two()});
}

template <typename T>
std::string Fault(const Result<T>& result) {
  return result.ok() ? "none" : std::string(result.status().message());
}

TEST(RelationSpecs, AJoinThatCannotBeIsRefused) {
  JoinSpec join{Sides()};
  join.sides.right_keys = {1};
  EXPECT_EQ(Fault(DecodeJoin(Encode(join))), "Keys of a join have different types: INT and TIMESTAMP(3)");
  join.sides.right_keys = {2};
  EXPECT_EQ(Fault(DecodeJoin(Encode(join))), "Wrong key of a join's right side: column 2 of 2 columns");
  join.sides.right_keys = {};
  EXPECT_EQ(Fault(DecodeJoin(Encode(join))), "Keys of a join: 1 on the left, 0 on the right");
  join = {Sides()};
  join.sides.condition = Less(0, 3);
  EXPECT_EQ(Fault(DecodeJoin(Encode(join))), "Wrong condition of a join: column 3 is TIMESTAMP(3), not INT");
  join.sides.condition = Less(0, 4);
  EXPECT_EQ(Fault(DecodeJoin(Encode(join))), "Wrong condition of a join: column 4 of 4");
  IntervalJoinSpec interval{Sides(), 2, 1, 1, 1};
  EXPECT_EQ(Fault(DecodeIntervalJoin(Encode(interval))), "Wrong interval of a join: from 2 to 1 ms");
  interval.left_time = 0;
  EXPECT_EQ(Fault(DecodeIntervalJoin(Encode(interval))),
            "Wrong time of a join's left side: column k is INT, not a TIMESTAMP of up to 3 digits");
  interval = {Sides(), 1, 2, 1, 1};
  interval.sides.type = JoinType::kAnti;
  EXPECT_EQ(Fault(DecodeIntervalJoin(Encode(interval))), "An interval join is inner, left, right or full");
  TemporalJoinSpec temporal{Sides(), 1, 1};
  temporal.sides.type = JoinType::kFull;
  EXPECT_EQ(Fault(DecodeTemporalJoin(Encode(temporal))), "A temporal join is inner or left");
}

TEST(RelationSpecs, ATimeBoundThatForgetsWhatMayBeAskedForIsRefused) {
  constexpr const char* kWhere = "Times bound the sides of an inner join of rows that only come, without a TTL";
  JoinSpec join = BoundedJoin();
  join.sides.type = JoinType::kLeft;
  EXPECT_EQ(Fault(DecodeJoin(Encode(join))), kWhere);
  join = BoundedJoin();
  join.right_append_only = false;
  EXPECT_EQ(Fault(DecodeJoin(Encode(join))), kWhere);
  join = BoundedJoin();
  join.left_ttl_ms = 1;
  EXPECT_EQ(Fault(DecodeJoin(Encode(join))), kWhere);
  join = BoundedJoin();
  join.left_bound->other_time = 0;
  EXPECT_EQ(Fault(DecodeJoin(Encode(join))),
            "Wrong time that bounds the other side of a join: column k is INT, not a TIMESTAMP of up to 3 digits");
  join = BoundedJoin();
  join.left_bound->lower_ms = INT64_MIN;
  EXPECT_EQ(Fault(DecodeJoin(Encode(join))), "Wrong time bound of a join: -9223372036854775808 ms, 1 ms ahead");
}

TEST(RelationSpecs, ARankThatCannotBeIsRefused) {
  RankSpec rank{Two(), {0}, {{.column = 1}}, 0, 3};
  EXPECT_EQ(Fault(DecodeRank(Encode(rank))), "Wrong range of row numbers: 0 to 3");
  rank.from = 1;
  rank.kind = RankSpec::Input::kUpsert;
  EXPECT_EQ(Fault(DecodeRank(Encode(rank))), "A rank of an upsert stream needs its unique key");
  rank.input = types::Schema({{"m", DataType::Map(DataType(TypeId::kInt), DataType(TypeId::kInt))}});
  rank.partition = {};
  rank.order = {{.column = 0}};
  EXPECT_EQ(Fault(DecodeRank(Encode(rank))), "Rows cannot be ordered by m, a MAP<INT, INT>");
  SortSpec sort{Two(), {{.column = 0}}, 1};
  EXPECT_EQ(Fault(DecodeSort(Encode(sort))), "A sort of a stream begins with its time, ascending");
  DeduplicateSpec once{Two(), {0}, 1, true, true, true, true};
  EXPECT_EQ(Fault(DecodeDeduplicate(Encode(once))), "Only the first row of a key can be sent once");
}

}  // namespace
}  // namespace thalweg::graph
