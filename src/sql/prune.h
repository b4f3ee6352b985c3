// Columns that nobody above reads are left out where they would be kept in state or sent to another task.
// Rule: what a plan gives does not change, neither its columns nor their order, only what its parts give each other.
#pragma once

#include "sql/plan.h"

namespace thalweg::sql {

PlanPtr PruneColumns(const PlanPtr& plan);

}  // namespace thalweg::sql
