// What a plan's keys allow: which key tells rows in state apart, and who must see -U.
// Rule: the choices are Flink's, for the kinds of rows that come out depend on them.
#pragma once

#include <vector>

#include "sql/plan.h"

namespace thalweg::sql {

/// The columns of a join's keys on one side.
std::vector<int> Sides(const std::vector<JoinKey>& keys, bool left);

bool HoldsAll(const std::vector<int>& all, const std::vector<int>& part);

/// The one of a side's upsert keys (sql/upsert_keys.h) by which a join keeps its rows: one that the join's key contains, else the one of fewest
/// columns.
std::vector<int> StateKey(const std::vector<std::vector<int>>& upsert_keys, const std::vector<int>& join_key);

/// The calc's filter reads what an update may change: it must see the row as it was, too.
bool FiltersWhatChanges(const CalcPlan& calc);

}  // namespace thalweg::sql
