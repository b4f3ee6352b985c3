#include "base/check.h"
#include "graph/changelog_spec.h"
#include "graph/constraint_spec.h"
#include "graph/join_spec.h"
#include "graph/match_spec.h"
#include "graph/rank_spec.h"
#include "graph/sorted_over_spec.h"
#include "graph/window_best_spec.h"
#include "testing/fuzz.h"

namespace thalweg::graph {
namespace {

/// Bytes that decode give a spec that encodes to bytes of the same spec.
template <typename T>
void CheckAgain(const Result<T>& spec, Result<T> (*decode)(std::string_view)) {
  if (!spec.ok()) return;
  const std::string bytes = Encode(*spec);
  const Result<T> again = decode(bytes);
  THALWEG_CHECK(again.ok(), "{}", again.status().ToString());
  THALWEG_CHECK(Encode(*again) == bytes);
}

types::Schema SampleInput() {
  return types::Schema({{"k", types::DataType(types::TypeId::kInt)}, {"t", types::DataType::Timestamp(3)}});
}

types::Schema SampleLog() {
  return types::Schema({{"k", types::DataType(types::TypeId::kInt)}, {"op", types::DataType(types::TypeId::kString)}});
}

JoinSides SampleSides() {
  JoinSides sides;
  sides.left = sides.right = SampleInput();
  sides.left_keys = sides.right_keys = {0};
  return sides;
}

MatchSpec SampleMatchOfKeys() {
  MatchSpec spec;
  spec.input = SampleInput();
  spec.partition = {0};
  spec.time_column = 1;
  spec.pattern = {{.name = "A", .max = -1, .greedy = true}, {.name = "B"}};
  spec.output = {{.variable = 0, .offset = 1, .column = 0}, {.kind = MatchRead::Kind::kTime}};
  return spec;
}

}  // namespace

// Any bytes give an error or a spec, of every kind.
FUZZ_TARGET(RelationSpecs, Encode(JoinSpec{SampleSides()}), Encode(IntervalJoinSpec{SampleSides(), 0, 1, 1, 1}),
            Encode(RankSpec{SampleInput(), {0}, {{.column = 1}}}), Encode(SortSpec{SampleInput(), {{.column = 0}}}),
            Encode(ChangelogNormalizeSpec{SampleInput(), {0}}),
            Encode(FromChangelogSpec{SampleLog(), {0}, 1, {{types::RowKind::kDelete, "d"}}}),
            Encode(ConstraintSpec{SampleInput(), ConstraintSpec::NotNull::kDrop}),
            Encode(WindowBestSpec{SampleInput(), 1, 0, true, 5, 1, true}), Encode(SampleMatchOfKeys()),
            Encode(SortedOverSpec{SampleInput(), {0}, {{.column = 1}}, true})) {
  CheckAgain(DecodeSortedOver(input), DecodeSortedOver);
  CheckAgain(DecodeMatch(input), DecodeMatch);
  CheckAgain(DecodeJoin(input), DecodeJoin);
  CheckAgain(DecodeIntervalJoin(input), DecodeIntervalJoin);
  CheckAgain(DecodeTemporalJoin(input), DecodeTemporalJoin);
  CheckAgain(DecodeSnapshotJoin(input), DecodeSnapshotJoin);
  CheckAgain(DecodeWindowJoin(input), DecodeWindowJoin);
  CheckAgain(DecodeRank(input), DecodeRank);
  CheckAgain(DecodeDeduplicate(input), DecodeDeduplicate);
  CheckAgain(DecodeWindowRank(input), DecodeWindowRank);
  CheckAgain(DecodeWindowDeduplicate(input), DecodeWindowDeduplicate);
  CheckAgain(DecodeSort(input), DecodeSort);
  CheckAgain(DecodeLimit(input), DecodeLimit);
  CheckAgain(DecodeChangelogNormalize(input), DecodeChangelogNormalize);
  CheckAgain(DecodeUpsertMaterialize(input), DecodeUpsertMaterialize);
  CheckAgain(DecodeDropUpdateBefore(input), DecodeDropUpdateBefore);
  CheckAgain(DecodeToChangelog(input), DecodeToChangelog);
  CheckAgain(DecodeFromChangelog(input), DecodeFromChangelog);
  CheckAgain(DecodeWindowBest(input), DecodeWindowBest);
  CheckAgain(DecodeConstraints(input), DecodeConstraints);
}

}  // namespace thalweg::graph
