#include "operators/row_operators.h"

#include "operators/attached_windows.h"
#include "operators/bundle_aggregate.h"
#include "operators/calc.h"
#include "operators/changelog.h"
#include "operators/constraints.h"
#include "operators/deduplicate.h"
#include "operators/group_aggregate.h"
#include "operators/interval_join.h"
#include "operators/join.h"
#include "operators/match_recognize.h"
#include "operators/op_column.h"
#include "operators/over_aggregate.h"
#include "operators/rank.h"
#include "operators/snapshot_join.h"
#include "operators/sort.h"
#include "operators/sorted_over.h"
#include "operators/temporal_join.h"
#include "operators/unnest.h"
#include "operators/window_aggregate.h"
#include "operators/window_best.h"
#include "operators/window_tvf.h"
#include "operators/within_partition.h"

namespace thalweg::operators {

void AddRowOperators(flow::Registry& registry) {
  registry.AddOperator("calc", MakeCalc);
  registry.AddOperator("group-aggregate", MakeGroupAggregate);
  registry.AddOperator("local-group-aggregate", MakeLocalGroupAggregate);
  registry.AddOperator("global-group-aggregate", MakeGlobalGroupAggregate);
  registry.AddOperator("unnest", MakeUnnest);
  registry.AddOperator("join", MakeJoin);
  registry.AddOperator("window-best", MakeWindowBest);
  registry.AddOperator("interval-join", MakeIntervalJoin);
  registry.AddOperator("temporal-join", MakeTemporalJoin);
  registry.AddOperator("snapshot-join", MakeSnapshotJoin);
  registry.AddOperator("window-join", MakeWindowJoin);
  registry.AddOperator("rank", MakeRank);
  registry.AddOperator("deduplicate", MakeDeduplicate);
  registry.AddOperator("window-rank", MakeWindowRank);
  registry.AddOperator("window-deduplicate", MakeWindowDeduplicate);
  registry.AddOperator("sort", MakeSort);
  registry.AddOperator("limit", MakeLimit);
  registry.AddOperator("match-recognize", MakeMatchRecognize);
  registry.AddOperator("changelog-normalize", MakeChangelogNormalize);
  registry.AddOperator("upsert-materialize", MakeUpsertMaterialize);
  registry.AddOperator("drop-update-before", MakeDropUpdateBefore);
  registry.AddOperator("to-changelog", MakeToChangelog);
  registry.AddOperator("from-changelog", MakeFromChangelog);
  registry.AddOperator("constraints", MakeConstraints);
  registry.AddOperator("over-aggregate", MakeOverAggregate);
  registry.AddOperator("sorted-over", MakeSortedOver);
  registry.AddOperator("batch-over", MakeBatchOver);
  registry.AddOperator("window-aggregate", MakeWindowAggregate);
  registry.AddOperator("window-tvf", MakeWindowTvf);
}

}  // namespace thalweg::operators
