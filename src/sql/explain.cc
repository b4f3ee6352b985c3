#include "sql/explain.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/ranges.h>

#include "sql/plan.h"

namespace thalweg::sql {
namespace {

std::string_view ModeName(graph::ChangelogMode mode) {
  switch (mode) {
    case graph::ChangelogMode::kAppend: return "append";
    case graph::ChangelogMode::kUpsert: return "upsert";
    case graph::ChangelogMode::kRetract: return "retract";
  }
  return "";
}

std::string_view JoinName(JoinType type) {
  switch (type) {
    case JoinType::kInner: return "inner";
    case JoinType::kLeft: return "left";
    case JoinType::kRight: return "right";
    case JoinType::kFull: return "full";
    case JoinType::kSemi: return "semi";
    case JoinType::kAnti: return "anti";
  }
  return "";
}

std::string OrderText(const Plan& input, const std::vector<graph::SortKey>& order) {
  std::vector<std::string> keys;
  for (const graph::SortKey& key : order)
    keys.push_back(
        fmt::format("{} {}", input.columns[static_cast<size_t>(key.column)].name, key.descending ? "DESC" : "ASC"));
  return fmt::format("{}", fmt::join(keys, ", "));
}

std::string NamesText(const Plan& plan, const std::vector<int>& columns) {
  std::vector<std::string> names;
  for (int column : columns) names.push_back(plan.columns[static_cast<size_t>(column)].name);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// "a = b, c = d" of a join's keys.
template <typename Node>
std::string KeysText(const Node& join) {
  std::vector<std::string> keys;
  for (const JoinKey& key : join.keys)
    keys.push_back(fmt::format("{} = {}", join.left->columns[static_cast<size_t>(key.left)].name,
                               join.right->columns[static_cast<size_t>(key.right)].name));
  return fmt::format("{}", fmt::join(keys, ", "));
}

std::string FrameText(const Plan& input, const OverFrame& frame) {
  auto text = [&](const graph::FrameEdge& edge, std::string_view unbounded) -> std::string {
    if (edge.unbounded) return fmt::format("UNBOUNDED {}", unbounded);
    if (edge.column >= 0) return input.columns[static_cast<size_t>(edge.column)].name;
    if (edge.offset == 0) return "CURRENT ROW";
    const bool before = edge.offset < 0;
    return fmt::format("{}{} {}", before ? -edge.offset : edge.offset, frame.rows ? "" : " ms",
                       before ? "PRECEDING" : "FOLLOWING");
  };
  return fmt::format("{} BETWEEN {} AND {}", frame.rows ? "ROWS" : "RANGE", text(frame.start, "PRECEDING"),
                     text(frame.end, "FOLLOWING"));
}

std::string CallsText(const Plan& input, const std::vector<graph::AggregateCall>& calls) {
  std::vector<std::string> texts;
  for (const graph::AggregateCall& call : calls) {
    std::string text =
        fmt::format("{}({}{})", call.function, call.distinct ? "DISTINCT " : "",
                    call.arguments.empty() ? (call.function == "COUNT" ? "*" : "") : NamesText(input, call.arguments));
    if (call.filter >= 0) text += fmt::format(" FILTER {}", input.columns[static_cast<size_t>(call.filter)].name);
    texts.push_back(std::move(text));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string WindowText(const graph::WindowShape& shape) {
  constexpr std::string_view kNames[] = {"TUMBLE", "HOP", "CUMULATE", "SESSION"};
  std::string text = fmt::format("{}(size {} ms", kNames[static_cast<size_t>(shape.kind)], shape.size_ms);
  if (shape.slide_ms > 0) text += fmt::format(", slide {} ms", shape.slide_ms);
  if (shape.offset_ms != 0) text += fmt::format(", offset {} ms", shape.offset_ms);
  return text + (shape.processing_time ? ", processing time)" : ")");
}

std::string ReadText(const MatchPlan& match, const graph::MatchRead& read) {
  using Kind = graph::MatchRead::Kind;
  const std::string rows = read.variable < 0 ? "" : match.pattern[static_cast<size_t>(read.variable)].name + ".";
  const auto name = [&](int column) { return rows + match.input->columns[static_cast<size_t>(column)].name; };
  switch (read.kind) {
    case Kind::kLast: return fmt::format("LAST({}, {})", name(read.column), read.offset);
    case Kind::kFirst: return fmt::format("FIRST({}, {})", name(read.column), read.offset);
    case Kind::kTime: return "MATCH_ROWTIME()";
    case Kind::kAggregate: break;
  }
  std::vector<std::string> arguments;
  for (int argument : read.call.arguments) arguments.push_back(name(argument));
  if (arguments.empty()) arguments.push_back(rows + "*");
  return fmt::format("{}({})", read.call.function, fmt::join(arguments, ", "));
}

std::string ReadsText(const MatchPlan& match, const std::vector<graph::MatchRead>& reads) {
  std::vector<std::string> texts;
  for (const graph::MatchRead& read : reads) texts.push_back(ReadText(match, read));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string VariableText(const graph::MatchVariable& variable) {
  if (variable.min == 1 && variable.max == 1) return variable.name;
  return fmt::format(
      "{}{{{},{}}}{}", variable.name, variable.min, variable.max < 0 ? "" : std::to_string(variable.max),
      variable.greedy || variable.min == variable.max || (variable.min == 0 && variable.max == 1) ? "" : "?");
}

std::string DefinitionText(const MatchPlan& match, const graph::MatchVariable& variable) {
  if (variable.column >= 0)
    return fmt::format("{} AS {}", variable.name, match.input->columns[static_cast<size_t>(variable.column)].name);
  return fmt::format("{} AS {} of [{}]", variable.name, variable.condition->ToString(),
                     ReadsText(match, variable.reads));
}

struct PlanLine {
  const Plan& plan;

  std::string operator()(const ScanPlan& scan) const {
    return fmt::format("Scan(table={})", scan.table->path.ToString());
  }
  std::string operator()(const ValuesPlan& values) const { return fmt::format("Values(rows={})", values.rows.size()); }
  std::string operator()(const CalcPlan& calc) const {
    std::vector<std::string> columns;
    for (size_t i = 0; i < calc.columns.size(); ++i)
      columns.push_back(fmt::format("{} AS {}", calc.columns[i].ToString(), plan.columns[i].name));
    return fmt::format("Calc(select=[{}]{})", fmt::join(columns, ", "),
                       calc.condition ? fmt::format(", where=[{}]", calc.condition->ToString()) : "");
  }
  std::string operator()(const AggregatePlan& node) const {
    std::string text = fmt::format("{}(groupBy=[{}], select=[{}]", node.window ? "WindowAggregate" : "GroupAggregate",
                                   NamesText(*node.input, node.keys), CallsText(*node.input, node.calls));
    if (node.window) text += fmt::format(", window=[{}]", WindowText(*node.window));
    if (node.late) text += fmt::format(", late=[{}]", node.late->table->path.ToString());
    return text + ")";
  }
  std::string operator()(const WindowPlan& node) const {
    return fmt::format("WindowTableFunction({})", WindowText(node.shape));
  }
  std::string operator()(const JoinPlan& join) const {
    std::string text = fmt::format("{}Join(type=[{}], on=[{}]",
                                   join.interval   ? "Interval"
                                   : join.windowed ? "Window"
                                                   : "",
                                   JoinName(join.type), KeysText(join));
    if (join.interval) text += fmt::format(", within=[{} ms, {} ms]", join.interval->lower_ms, join.interval->upper_ms);
    if (join.condition) text += fmt::format(", where=[{}]", join.condition->ToString());
    return text + ")";
  }
  std::string operator()(const TemporalJoinPlan& join) const {
    std::string text = fmt::format("{}Join(type=[{}], on=[{}]", join.snapshot ? "Snapshot" : "Temporal",
                                   JoinName(join.outer ? JoinType::kLeft : JoinType::kInner), KeysText(join));
    if (!join.snapshot) text += fmt::format(", asOf=[{}]", NamesText(*join.left, {join.left_time}));
    if (join.condition) text += fmt::format(", where=[{}]", join.condition->ToString());
    return text + ")";
  }
  std::string operator()(const UnnestPlan& node) const {
    return fmt::format("Unnest({}{})", node.collection.ToString(),
                       node.condition ? ", " + node.condition->ToString() : "");
  }
  std::string operator()(const UnionPlan&) const { return "Union(all)"; }
  std::string operator()(const OverPlan& over) const {
    return fmt::format("OverAggregate(partitionBy=[{}], orderBy=[{}], window=[{}], select=[{}])",
                       NamesText(*over.input, over.partition), OrderText(*over.input, over.order),
                       FrameText(*over.input, over.frame), CallsText(*over.input, over.calls));
  }
  std::string operator()(const RankPlan& rank) const {
    return fmt::format("Rank(partitionBy=[{}], orderBy=[{}], from={}, to={})", NamesText(*rank.input, rank.partition),
                       OrderText(*rank.input, rank.order), rank.from, rank.to);
  }
  std::string operator()(const SortPlan& sort) const {
    return fmt::format("Sort(orderBy=[{}]{}{})", OrderText(*sort.input, sort.keys),
                       sort.offset > 0 ? fmt::format(", offset={}", sort.offset) : "",
                       sort.limit ? fmt::format(", limit={}", *sort.limit) : "");
  }
  std::string operator()(const ExpandPlan&) const { return "Expand"; }
  std::string operator()(const ToChangelogPlan& log) const {
    return fmt::format("ToChangelog(partitionBy=[{}], op=[{}])", NamesText(*log.input, log.partition),
                       plan.columns[log.partition.size()].name);
  }
  std::string operator()(const MatchPlan& match) const {
    std::vector<std::string> pattern, define;
    for (const graph::MatchVariable& variable : match.pattern) {
      pattern.push_back(VariableText(variable));
      if (variable.column >= 0 || variable.condition) define.push_back(DefinitionText(match, variable));
    }
    constexpr std::string_view kAfter[] = {"TO NEXT ROW", "PAST LAST ROW", "TO FIRST ", "TO LAST "};
    const std::string skip_to = match.skip_to < 0 ? "" : match.pattern[static_cast<size_t>(match.skip_to)].name;
    return fmt::format(
        "Match(partitionBy=[{}], orderBy=[{}], measures=[{}], after=[SKIP {}{}], pattern=[{}]{}, define=[{}])",
        NamesText(*match.input, match.partition), OrderText(*match.input, match.order), ReadsText(match, match.output),
        kAfter[static_cast<size_t>(match.after)], skip_to, fmt::join(pattern, " "),
        match.within_ms > 0 ? fmt::format(", within=[{} ms]", match.within_ms) : "", fmt::join(define, ", "));
  }
  std::string operator()(const FromChangelogPlan& log) const {
    return fmt::format("FromChangelog(partitionBy=[{}], op=[{}])", NamesText(*log.input, log.partition),
                       log.input->columns[static_cast<size_t>(log.op)].name);
  }
};

Status AppendNoted(const PlanPtr& plan, const std::function<Result<std::string>(const PlanPtr& node)>& note, int depth,
                   std::string& out) {
  if (depth > 0) out += std::string(static_cast<size_t>(depth - 1) * 3, ' ') + "+- ";
  out += std::visit(PlanLine{*plan}, plan->node);
  THALWEG_ASSIGN(std::string text, note(plan));
  if (!text.empty()) out += ", " + text;
  out += "\n";
  for (const PlanPtr& input : InputsOfPlan(*plan)) THALWEG_TRY(AppendNoted(input, note, depth + 1, out));
  return {};
}

/// What a node keeps for ever; empty: nothing, or no more than a bounded amount.
struct Keeps {
  const Plan& plan;
  const std::function<TimeBounds(const JoinPlan&)>& bounds_of;

  static std::string PerKey(const Plan& input, const std::vector<int>& keys) {
    return fmt::format("state for every value of {} that ever comes", NamesText(input, keys));
  }
  std::string operator()(const ScanPlan&) const { return {}; }
  std::string operator()(const AggregatePlan& node) const {
    if (node.window || node.ttl_ms.value_or(0) > 0) return {};
    if (!node.keys.empty()) return PerKey(*node.input, node.keys);
    const bool distinct =
        std::any_of(node.calls.begin(), node.calls.end(), [](const auto& call) { return call.distinct; });
    return distinct ? "every distinct value" : "";
  }
  std::string operator()(const JoinPlan& join) const {
    if (join.interval || join.windowed) return "";
    const TimeBounds bounds = bounds_of(join);
    if (bounds.left && bounds.right) return "";
    return bounds.left    ? "every row of the right input"
           : bounds.right ? "every row of the left input"
                          : "every row of both inputs";
  }
  std::string operator()(const TemporalJoinPlan&) const { return "the newest version of every key"; }
  std::string operator()(const OverPlan& over) const {
    return over.partition.empty() ? "" : PerKey(*over.input, over.partition);
  }
  std::string operator()(const RankPlan& rank) const {
    if (WindowAmong(*rank.input, rank.partition)) return {};
    return rank.partition.empty() ? "" : PerKey(*rank.input, rank.partition);
  }
  std::string operator()(const MatchPlan& match) const {
    if (match.within_ms > 0) return {};
    for (const graph::MatchVariable& variable : match.pattern)
      if (variable.max < 0)
        return fmt::format("all rows of matches that have begun: {} has no bound and there is no WITHIN",
                           variable.name);
    return {};
  }
  template <typename Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

void FindGrowing(const Plan& plan, const std::function<TimeBounds(const JoinPlan&)>& bounds_of,
                 std::vector<std::string>& found) {
  if (std::string keeps = std::visit(Keeps{plan, bounds_of}, plan.node); !keeps.empty()) {
    std::string line = fmt::format("{} keeps {}", std::visit(PlanLine{plan}, plan.node), keeps);
    if (std::find(found.begin(), found.end(), line) == found.end()) found.push_back(std::move(line));
  }
  for (const PlanPtr& input : InputsOfPlan(plan)) FindGrowing(*input, bounds_of, found);
}

void AppendPlan(const Plan& plan, int depth, std::string& out) {
  if (depth > 0) out += std::string(static_cast<size_t>(depth - 1) * 3, ' ') + "+- ";
  out += std::visit(PlanLine{plan}, plan.node) + "\n";
  for (const PlanPtr& input : InputsOfPlan(plan)) AppendPlan(*input, depth + 1, out);
}

}  // namespace

std::string ToText(const Plan& plan) {
  std::string text;
  AppendPlan(plan, 0, text);
  return text;
}

Result<std::string> ToText(const PlanPtr& plan, const std::function<Result<std::string>(const PlanPtr& node)>& note) {
  std::string text;
  THALWEG_TRY(AppendNoted(plan, note, 0, text));
  return text;
}

std::string ChangelogNote(const Plan& plan, Changes changes, bool before) {
  std::string text = "changelogMode=[I";
  if (changes.updates) text += before ? ",UB,UA" : ",UA";
  if (changes.deletes) text += ",D";
  text += "]";
  std::vector<std::string> keys;
  for (const std::vector<int>& key : plan.unique_keys) keys.push_back("{" + NamesText(plan, key) + "}");
  return keys.empty() ? text : fmt::format("{}, upsertKeys=[{}]", text, fmt::join(keys, ", "));
}

std::string ForgetsNote(const JoinPlan& join, const TimeBounds& bounds) {
  std::vector<std::string> notes;
  const auto add = [&](std::string_view side, const Plan& input, const std::optional<graph::TimeBound>& bound) {
    if (!bound) return;
    const std::string& name = input.columns[static_cast<size_t>(bound->time)].name;
    const int64_t reach = -bound->lower_ms - bound->ahead_ms;
    notes.push_back(fmt::format("forgets{}=[{} {} {} ms]", side, name, reach < 0 ? '-' : '+', std::abs(reach)));
  };
  add("Left", *join.left, bounds.left);
  add("Right", *join.right, bounds.right);
  return fmt::format("{}", fmt::join(notes, ", "));
}

std::vector<std::string> GrowingState(const Plan& plan, const std::function<TimeBounds(const JoinPlan&)>& bounds_of) {
  std::vector<std::string> found;
  FindGrowing(plan, bounds_of, found);
  return found;
}

std::string GraphText(const graph::JobGraph& graph) {
  std::string text;
  for (const graph::Node& node : graph.nodes) {
    text += fmt::format("{}: {}", node.id, node.name);
    bool first = true;
    for (const graph::Edge& edge : graph.edges) {
      if (edge.to != node.id) continue;
      text += fmt::format("{} {} {}", first ? " <-" : ",", edge.from, graph::PartitioningName(edge.partitioning));
      if (!edge.key_columns.empty()) text += fmt::format(" [{}]", fmt::join(edge.key_columns, ", "));
      text += fmt::format(" ({})", ModeName(edge.changelog));
      first = false;
    }
    text += "\n";
  }
  return text;
}

}  // namespace thalweg::sql
