// Which changes may come out of a plan's nodes, and the ways of sorting, ranking and OVER that depend on it.
// Rule: known from the sources up. What is asked for from the sinks down is update_before.h's.
#pragma once

#include <cstdint>
#include <map>

#include "graph/table_connector.h"
#include "sql/plan.h"

namespace thalweg::sql {

/// What a plan's rows may be besides +I.
struct Changes {
  bool updates = false;  // +U, and -U if it is asked for
  bool deletes = false;  // -D
  bool any() const { return updates || deletes; }
};

/// What an edge carries; `before`: with -U.
graph::ChangelogMode ModeOf(Changes changes, bool before);

enum class SortWay : uint8_t {
  kTime,     // as the watermark passes
  kArrival,  // as rows come
  kRank,     // the first rows at any time, as a changelog
  kEnd,      // when the input has ended
};

/// Whether a join forgets rows by an interval. Its rows only come: where its keys say by themselves that times are equal, others are joined without.
bool JoinsByInterval(const JoinPlan& join, Changes below);
/// The partition has the window that the rows carry.
bool WindowedRank(const RankPlan& rank);
/// The last row by time, not the first.
bool LastByTime(const RankPlan& rank);
bool ByProcessingTime(const RankPlan& rank);
/// The first or last row by time of an append-only input.
bool Deduplicates(const RankPlan& rank, Changes below);

/// What connectors say of the tables that a plan reads.
class ScannedTables {
 public:
  virtual ~ScannedTables() = default;
  virtual Result<const graph::SourceTable*> SourceOf(const Plan& plan, const ScanPlan& scan) = 0;
};

/// Fails only if a table's connector is unknown or refuses it, a sort has no way,
/// or a node takes no changes and its input has some. Plans are known by their addresses and must stay.
class ChangelogModes {
 public:
  ChangelogModes(ScannedTables& tables, bool batch) : tables_(tables), batch_(batch) {}

  /// In batch mode each node's rows are settled before they go on: none.
  Result<Changes> ChangesOf(const Plan& plan);
  /// What a node makes of inputs with the changes `below`, before it is settled.
  Result<Changes> Produced(const Plan& plan, Changes below);
  /// Whether all tables below have an end.
  Result<bool> Bounded(const Plan& plan);
  Result<SortWay> WayToSort(const SortPlan& sort, Changes below);
  /// Ascending by a time attribute of rows that only come: results are final. Not in batch mode.
  bool OverByTime(const OverPlan& over, Changes below) const;

 private:
  /// Refuses changes for the nodes that take rows that only come, in Flink's words.
  Status CheckTakes(const Plan& plan, Changes below);
  /// The lowest node of `plan`, whose rows change, that makes them do so.
  Result<const Plan*> MakerOfChanges(const Plan& plan);

  ScannedTables& tables_;
  const bool batch_;
  std::map<const Plan*, Changes> known_;
};

}  // namespace thalweg::sql
