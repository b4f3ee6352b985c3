#include "sql/changelog_mode.h"

#include <algorithm>

#include "sql/keys.h"

namespace thalweg::sql {

using graph::ChangelogMode;
using types::TypeId;

namespace {

const PlanColumn& FirstOrdered(const RankPlan& rank) {
  return rank.input->columns[static_cast<size_t>(rank.order[0].column)];
}

bool RanksByTime(const RankPlan& rank) { return rank.order.size() == 1 && FirstOrdered(rank).time != TimeRole::kNone; }

/// The name of a node that takes only +I; nullptr: it takes changes, or takes another way over them.
const char* NameOfInsertOnly(const Plan& plan, Changes below) {
  if (auto* join = plan.As<JoinPlan>()) {
    if (JoinsByInterval(*join, below)) return "IntervalJoin";
    return join->windowed ? "WindowJoin" : nullptr;
  }
  if (plan.As<MatchPlan>()) return "Match Recognize";
  auto* rank = plan.As<RankPlan>();
  if (!rank || !WindowedRank(*rank)) return nullptr;
  return Deduplicates(*rank, {}) && !ByProcessingTime(*rank) ? "WindowDeduplicate" : "WindowRank";
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

ChangelogMode ModeOf(Changes changes, bool before) {
  if (!changes.any()) return ChangelogMode::kAppend;
  return before ? ChangelogMode::kRetract : ChangelogMode::kUpsert;
}

bool JoinsByInterval(const JoinPlan& join, Changes below) {
  if (!join.interval || !below.any()) return join.interval.has_value();
  return std::ranges::none_of(join.keys, [&](const JoinKey& key) {
    return key.left == join.interval->left_time && key.right == join.interval->right_time;
  });
}

bool WindowedRank(const RankPlan& rank) { return WindowAmong(*rank.input, rank.partition) != nullptr; }

bool LastByTime(const RankPlan& rank) { return rank.order[0].descending; }

bool ByProcessingTime(const RankPlan& rank) { return FirstOrdered(rank).time == TimeRole::kProctime; }

bool Deduplicates(const RankPlan& rank, Changes below) {
  return rank.from == 1 && rank.to == 1 && !rank.number && !below.any() && RanksByTime(rank);
}

Result<Changes> ChangelogModes::ChangesOf(const Plan& plan) {
  if (batch_) return Changes{};
  if (auto found = known_.find(&plan); found != known_.end()) return found->second;
  Changes below;
  for (const PlanPtr& input : InputsOfPlan(plan)) {
    THALWEG_ASSIGN(Changes each, ChangesOf(*input));
    below.updates = below.updates || each.updates;
    below.deletes = below.deletes || each.deletes;
  }
  THALWEG_TRY(CheckTakes(plan, below));
  THALWEG_ASSIGN(Changes made, Produced(plan, below));
  known_[&plan] = made;
  return made;
}

Result<const Plan*> ChangelogModes::MakerOfChanges(const Plan& plan) {
  for (const PlanPtr& input : InputsOfPlan(plan)) {
    THALWEG_ASSIGN(const Changes changes, ChangesOf(*input));
    if (changes.any()) return MakerOfChanges(*input);
  }
  return &plan;
}

Status ChangelogModes::CheckTakes(const Plan& plan, Changes below) {
  const char* name = below.any() ? NameOfInsertOnly(plan, below) : nullptr;
  if (!name) return {};
  THALWEG_ASSIGN(const Plan* maker, MakerOfChanges(plan));
  return UserError("{} doesn't support consuming {} changes which is produced by node {}", name,
                   below.deletes && below.updates ? "update and delete"
                   : below.updates                ? "update"
                                                  : "delete",
                   FirstLine(ToText(*maker)));
}

Result<Changes> ChangelogModes::Produced(const Plan& plan, Changes below) {
  if (auto* scan = plan.As<ScanPlan>()) {
    THALWEG_ASSIGN(const graph::SourceTable* source, tables_.SourceOf(plan, *scan));
    const bool any = source->changelog != ChangelogMode::kAppend;
    return Changes{any, any};
  }
  if (auto* aggregate = plan.As<AggregatePlan>()) {
    if (aggregate->window) return Changes{};
    return Changes{true, below.any()};
  }
  if (auto* join = plan.As<JoinPlan>()) {
    if (JoinsByInterval(*join, below) || join->windowed) return Changes{};
    const bool outer = join->type != JoinType::kInner && join->type != JoinType::kSemi;
    return Changes{below.updates, below.deletes || outer || below.updates};
  }
  if (auto* temporal = plan.As<TemporalJoinPlan>()) return ChangesOf(*temporal->left);
  if (auto* over = plan.As<OverPlan>())
    return batch_ || OverByTime(*over, below) ? Changes{} : Changes{true, below.any()};
  if (plan.As<ToChangelogPlan>() || plan.As<MatchPlan>()) return Changes{};
  if (plan.As<FromChangelogPlan>()) return Changes{true, true};
  if (auto* rank = plan.As<RankPlan>()) {
    if (WindowedRank(*rank)) return Changes{};
    if (Deduplicates(*rank, below) && !LastByTime(*rank)) return Changes{};
    return Changes{true, true};
  }
  if (auto* sort = plan.As<SortPlan>()) {
    THALWEG_ASSIGN(const SortWay way, WayToSort(*sort, below));
    return way == SortWay::kRank ? Changes{true, true} : Changes{};
  }
  return below;
}

Result<bool> ChangelogModes::Bounded(const Plan& plan) {
  if (auto* scan = plan.As<ScanPlan>()) {
    THALWEG_ASSIGN(const graph::SourceTable* source, tables_.SourceOf(plan, *scan));
    return source->bounded;
  }
  for (const PlanPtr& input : InputsOfPlan(plan)) {
    THALWEG_ASSIGN(const bool bounded, Bounded(*input));
    if (!bounded) return false;
  }
  return true;
}

Result<SortWay> ChangelogModes::WayToSort(const SortPlan& sort, Changes below) {
  if (batch_) return sort.keys.empty() ? SortWay::kArrival : SortWay::kEnd;
  const bool all = !sort.limit && sort.offset == 0;
  const TimeRole time = sort.keys.empty() || sort.keys[0].descending
                            ? TimeRole::kNone
                            : sort.input->columns[static_cast<size_t>(sort.keys[0].column)].time;
  if (!below.any() && all && time == TimeRole::kRowtime) return SortWay::kTime;
  if (!below.any() && (sort.keys.empty() || (time == TimeRole::kProctime && sort.keys.size() == 1)))
    return SortWay::kArrival;
  if (sort.limit == 0) return SortWay::kEnd;
  THALWEG_ASSIGN(const bool bounded, Bounded(*sort.input));
  if (bounded && !sort.keys.empty()) return SortWay::kEnd;
  if (sort.limit) return SortWay::kRank;
  if (sort.offset > 0) return UserError("OFFSET without LIMIT is not supported over an input that has no end");
  return UserError(
      "Sort on a non-time-attribute field is not supported: an input that has no end is sorted by a time attribute "
      "first, "
      "ascending, and does not change, or ORDER BY has a LIMIT");
}

bool ChangelogModes::OverByTime(const OverPlan& over, Changes below) const {
  if (batch_ || below.any() || over.order.size() != 1 || over.order[0].descending) return false;
  return over.input->columns[static_cast<size_t>(over.order[0].column)].time != TimeRole::kNone;
}

}  // namespace thalweg::sql
