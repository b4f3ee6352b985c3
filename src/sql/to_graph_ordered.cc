// Graphs of plans: what goes by the order of rows, OVER, MATCH_RECOGNIZE, ranks, sorts.
#include <algorithm>

#include "expr/aggregates.h"
#include "graph/aggregate_spec.h"
#include "graph/match_spec.h"
#include "graph/rank_spec.h"
#include "graph/sorted_over_spec.h"
#include "sql/to_graph_state.h"

namespace thalweg::sql {

using graph::Partitioning;

Result<GraphMaker::State::Stream> GraphMaker::State::SortedOver(const Plan& plan, const OverPlan& over, Changes below,
                                                                bool before) {
  if (over.order.empty()) return UserError("OVER needs ORDER BY in streaming mode");
  if (!over.frame.start.unbounded)
    return UserError(
        "OVER with a bounded frame must be ordered by a time attribute, ascending, of an input that does not change");
  // Functions that number rows or look back have no peers.
  const auto numbered = std::count_if(over.calls.begin(), over.calls.end(), [](const graph::AggregateCall& call) {
    return expr::FindAggregate(call.function)->over_only;
  });
  if (numbered > 0 && numbered < static_cast<long>(over.calls.size()) && !over.frame.rows)
    return UserError(
        "{} and aggregates over one RANGE are not supported: write ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
        over.calls[0].function);
  THALWEG_ASSIGN(Stream input, Build(over.input, true));
  graph::SortedOverSpec spec;
  spec.input = SchemaOf(over.input->columns);
  spec.partition = over.partition;
  spec.order = over.order;
  spec.rows = over.frame.rows || numbered > 0;
  spec.calls = over.calls;
  spec.generate_update_before = before;
  spec.ttl_ms = options.state_ttl_ms;
  graph::Node node = NewNode("sorted-over", "OverAggregate", Encode(spec), SchemaOf(plan.columns));
  node.keyed = true;
  Input edge = Keyed(input, over.partition);
  edge.changelog = ModeOf(below, true);
  return AddShared(std::move(node), {{edge}}, ParallelismOf(over.partition));
}

Result<GraphMaker::State::Stream> GraphMaker::State::BatchOver(const Plan& plan, const OverPlan& over) {
  if (over.order.empty())
    for (const graph::AggregateCall& call : over.calls)
      if (expr::FindAggregate(call.function)->over_only && call.function != "ROW_NUMBER")
        return UserError("{} needs ORDER BY in its OVER", call.function);
  THALWEG_ASSIGN(Stream input, Build(over.input, true));
  graph::SortedOverSpec spec;
  spec.input = SchemaOf(over.input->columns);
  spec.partition = over.partition;
  spec.order = over.order;
  spec.rows = over.frame.rows;
  spec.start = over.frame.start;
  spec.end = over.frame.end;
  spec.calls = over.calls;
  graph::Node node = NewNode("batch-over", "OverAggregate", Encode(spec), SchemaOf(plan.columns));
  node.keyed = true;
  return AddShared(std::move(node), {{Keyed(input, over.partition)}}, ParallelismOf(over.partition));
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const OverPlan& over, bool before) {
  THALWEG_ASSIGN(Changes below, modes.ChangesOf(*over.input));
  if (options.batch) return BatchOver(plan, over);
  if (!modes.OverByTime(over, below)) return SortedOver(plan, over, below, before);
  THALWEG_ASSIGN(Stream input, Build(over.input, true));
  graph::OverAggregateSpec spec;
  spec.input = SchemaOf(over.input->columns);
  spec.partition = over.partition;
  spec.rows = over.frame.rows;
  spec.preceding = over.frame.start.unbounded ? -1 : -over.frame.start.offset;
  spec.time_column = over.order[0].column;
  spec.processing_time = over.input->columns[static_cast<size_t>(spec.time_column)].time == TimeRole::kProctime;
  spec.calls = over.calls;
  spec.ttl_ms = options.state_ttl_ms;
  graph::Node node = NewNode("over-aggregate", "OverAggregate", Encode(spec), SchemaOf(plan.columns));
  node.keyed = true;
  return AddShared(std::move(node), {{Keyed(input, over.partition)}}, ParallelismOf(over.partition));
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const MatchPlan& match, bool) {
  THALWEG_ASSIGN(Stream input, Build(match.input, true));
  graph::MatchSpec spec;
  spec.input = SchemaOf(match.input->columns);
  spec.partition = match.partition;
  const graph::SortKey& time = match.order[0];
  if (match.input->columns[static_cast<size_t>(time.column)].time != TimeRole::kProctime)
    spec.time_column = time.column;
  spec.order.assign(match.order.begin() + 1, match.order.end());
  spec.pattern = match.pattern;
  spec.after = match.after;
  spec.skip_to = match.skip_to;
  spec.within_ms = match.within_ms;
  spec.output = match.output;
  spec.zone = options.zone == "UTC" ? "" : options.zone;
  spec.query_start_ms = options.query_start_ms;
  spec.null_times_first = options.batch;
  graph::Node node = NewNode("match-recognize", "Match", Encode(spec), SchemaOf(plan.columns));
  node.keyed = true;
  return AddShared(std::move(node), {{Keyed(input, match.partition)}}, ParallelismOf(match.partition));
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const RankPlan& rank, bool before) {
  THALWEG_ASSIGN(Changes below, modes.ChangesOf(*rank.input));
  THALWEG_ASSIGN(const std::vector<int> upsert_key, update_before.KeyOfRisingRows(rank));
  THALWEG_ASSIGN(Stream input, Build(rank.input, upsert_key.empty()));
  Input edge = Keyed(input, rank.partition);
  edge.changelog = ModeOf(below, upsert_key.empty());
  const int32_t parallelism = ParallelismOf(rank.partition);
  const types::Schema in = SchemaOf(rank.input->columns), out = SchemaOf(plan.columns);
  auto add = [&](std::string kind, std::string name, std::string payload) -> Stream {
    graph::Node node = NewNode(std::move(kind), std::move(name), std::move(payload), out);
    node.keyed = true;
    return AddShared(std::move(node), {{edge}}, parallelism);
  };
  const WindowColumns* window = WindowAmong(*rank.input, rank.partition);
  if (window && Deduplicates(rank, below) && !ByProcessingTime(rank)) {
    graph::WindowDeduplicateSpec spec;
    spec.input = in;
    spec.keys = rank.partition;
    spec.time_column = rank.order[0].column;
    spec.keep_last = LastByTime(rank);
    spec.window_end = window->end;
    spec.zone = window->shape.zone;
    return add("window-deduplicate", "WindowDeduplicate", Encode(spec));
  }
  if (window) {
    graph::WindowRankSpec spec{in,      rank.partition, rank.order,  rank.from,
                               rank.to, rank.number,    window->end, window->shape.zone};
    return add("window-rank", "WindowRank", Encode(spec));
  }
  if (Deduplicates(rank, below)) {
    graph::DeduplicateSpec spec;
    spec.input = in;
    spec.keys = rank.partition;
    spec.time_column = ByProcessingTime(rank) ? -1 : rank.order[0].column;
    spec.keep_last = LastByTime(rank);
    spec.on_watermark = !spec.keep_last && spec.time_column >= 0;
    spec.null_times_first = spec.on_watermark && options.batch;
    spec.generate_update_before = before;
    spec.ttl_ms = options.state_ttl_ms;
    return add("deduplicate", "Deduplicate", Encode(spec));
  }
  graph::RankSpec spec;
  spec.input = in;
  spec.partition = rank.partition;
  spec.order = rank.order;
  spec.from = rank.from;
  spec.to = rank.to;
  spec.rank_number = rank.number;
  spec.kind = below.any() ? graph::RankSpec::Input::kRetract : graph::RankSpec::Input::kAppend;
  if (!upsert_key.empty()) spec.kind = graph::RankSpec::Input::kUpsert;
  spec.unique_key = upsert_key;
  spec.generate_update_before = before;
  spec.ttl_ms = options.state_ttl_ms;
  return add("rank", "Rank", Encode(spec));
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan&, const SortPlan& sort, bool before) {
  THALWEG_ASSIGN(Changes below, modes.ChangesOf(*sort.input));
  THALWEG_ASSIGN(const SortWay way, modes.WayToSort(sort, below));
  const types::Schema in = SchemaOf(sort.input->columns);
  THALWEG_ASSIGN(Stream input, Build(sort.input, true));
  const Input edge{input, Partitioning::kGlobal, {}, ModeOf(below, true)};
  auto add = [&](std::string kind, std::string name, std::string payload) -> Stream {
    graph::Node node = NewNode(std::move(kind), std::move(name), std::move(payload), in);
    node.keyed = true;
    return AddShared(std::move(node), {{edge}}, 1);
  };
  if (way == SortWay::kArrival)
    return add("limit", "Limit", Encode(graph::LimitSpec{in, sort.offset, sort.limit.value_or(-1)}));
  if (way == SortWay::kRank) {
    graph::RankSpec spec;
    spec.input = in;
    spec.order = sort.keys;
    spec.from = sort.offset + 1;
    spec.to = sort.offset + *sort.limit;
    spec.kind = below.any() ? graph::RankSpec::Input::kRetract : graph::RankSpec::Input::kAppend;
    spec.generate_update_before = before;
    spec.ttl_ms = options.state_ttl_ms;
    return add("rank", sort.keys.empty() ? "Limit" : "SortLimit", Encode(spec));
  }
  graph::SortSpec spec;
  spec.input = in;
  spec.order = sort.keys;
  spec.offset = sort.offset;
  spec.limit = sort.limit.value_or(-1);
  if (way == SortWay::kTime) spec.time_column = sort.keys[0].column;
  return add("sort", "Sort", Encode(spec));
}

}  // namespace thalweg::sql
