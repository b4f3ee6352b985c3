// Rules: a plan becomes one that means the same and runs better, or in the only way a stream can. docs/internals/sql.md lists them.
#pragma once

#include "sql/plan.h"

namespace thalweg::sql {

/// All rules, from the leaves up, until none applies; then columns that nobody reads go (prune.h).
PlanPtr Optimize(const PlanPtr& plan);

// One rule each: null where it does not apply to the root of `plan`.
/// Two calcs, one above the other, are one.
PlanPtr MergeCalcs(const Plan& plan);
/// An outer join whose padded rows no condition lets pass is an inner one (sql/outer_joins.cc).
PlanPtr SimplifyOuterJoin(const Plan& plan);
/// Conditions above an inner join belong to it, or below it where they speak of one side.
PlanPtr PushConditionsIntoJoin(const Plan& plan);
/// ROW_NUMBER() OVER (...) with a condition on the number keeps only those rows.
PlanPtr RecogniseRank(const Plan& plan);
/// A rank whose number nobody reads need not be told each time that it moves.
PlanPtr DropRankNumber(const Plan& plan);
/// Groups by window_start and window_end are a window's.
PlanPtr RecogniseWindowAggregate(const Plan& plan);
/// A join whose condition bounds the distance of two times can forget rows.
PlanPtr RecogniseIntervalJoin(const Plan& plan);
/// A join on both window bounds waits for the window's end only.
PlanPtr RecogniseWindowJoin(const Plan& plan);

}  // namespace thalweg::sql
