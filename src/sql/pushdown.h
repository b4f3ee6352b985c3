// Rules that bring conditions down: rows that a condition drops are neither kept in state nor sent to another task.
// Each: null where it does not apply to the root of `plan`.
#pragma once

#include "sql/plan.h"

namespace thalweg::sql {

/// Conditions above an outer, semi, anti, interval or window join, of a side that is not padded, belong below it.
PlanPtr PushFilterBelowJoin(const Plan& plan);
/// Conditions of the join itself on the side that they may drop rows of.
PlanPtr PushJoinCondition(const Plan& plan);
/// Conditions on groups' keys, on ranks' partitions, above a union.
PlanPtr PushFilterBelowGroups(const Plan& plan);

}  // namespace thalweg::sql
