// EXPLAIN: plans and graphs as text for people.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/job_graph.h"
#include "sql/plan.h"
#include "sql/to_graph.h"

namespace thalweg::sql {

/// One line a node, with its inputs, how rows reach it, and what they may be: "3: GroupAggregate <- 2 keyed [0] (retract)".
std::string GraphText(const graph::JobGraph& graph);

/// A node and what lies below it as an indented tree; `note` gives what stands behind a node's line.
Result<std::string> ToText(const PlanPtr& plan, const std::function<Result<std::string>(const PlanPtr& node)>& note);

/// "changelogMode=[I,UB,UA,D], upsertKeys=[{page}]": what rows of the node may be, and the columns by which they may be updated.
std::string ChangelogNote(const Plan& plan, Changes changes, bool before);

/// "forgetsLeft=[ts + 9999 ms]": of the sides that a time bounds, until which watermark of the other side a row is kept.
std::string ForgetsNote(const JoinPlan& join, const TimeBounds& bounds);

/// A line for each node whose state grows as long as rows come: what it keeps. Windows, interval joins and the like forget, and are not
/// named.
std::vector<std::string> GrowingState(const Plan& plan, const std::function<TimeBounds(const JoinPlan&)>& bounds_of);

}  // namespace thalweg::sql
