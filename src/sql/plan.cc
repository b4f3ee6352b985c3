#include "sql/plan.h"

#include <algorithm>
#include <numeric>

#include <fmt/ranges.h>

#include "expr/functions.h"
#include "sql/keys.h"

namespace thalweg::sql {
namespace {

using expr::Expression;
using types::DataType;
using types::TypeId;

/// A set of columns where each is kept under another number, or none if one is lost.
std::optional<std::vector<int>> MapKey(const std::vector<int>& key, const std::vector<int>& place) {
  std::vector<int> mapped;
  for (int column : key) {
    const int to = place[static_cast<size_t>(column)];
    if (to < 0) return std::nullopt;
    mapped.push_back(to);
  }
  std::sort(mapped.begin(), mapped.end());
  return mapped;
}

void AddKey(std::vector<std::vector<int>>& keys, std::vector<int> key) {
  std::sort(key.begin(), key.end());
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
}

int PlaceOf(const std::vector<int>& place, int column) { return column < 0 ? -1 : place[static_cast<size_t>(column)]; }

DataType WithNull(const DataType& type, bool nullable) { return nullable ? type.WithNullable(true) : type; }

PlanPtr Finish(Plan plan) { return std::make_shared<const Plan>(std::move(plan)); }

}  // namespace

Expression InputOf(const Plan& plan, int index) {
  return Expression::Input(index, plan.columns[static_cast<size_t>(index)].type);
}

std::vector<Expression> InputsOfAll(const Plan& plan) {
  std::vector<Expression> all;
  for (size_t i = 0; i < plan.columns.size(); ++i) all.push_back(InputOf(plan, static_cast<int>(i)));
  return all;
}

PlanPtr MakeScan(TablePtr table, std::map<std::string, std::string> hints) {
  Plan plan;
  for (const TableColumn& column : table->columns) plan.columns.push_back({column.name, column.type, column.time});
  if (!table->primary_key.empty()) AddKey(plan.unique_keys, table->primary_key);
  plan.node = ScanPlan{std::move(table), std::move(hints)};
  return Finish(std::move(plan));
}

PlanPtr MakeValues(PlanColumns columns, std::vector<std::vector<expr::Value>> rows) {
  Plan plan;
  plan.columns = std::move(columns);
  if (rows.size() <= 1) plan.unique_keys = {{}};
  plan.node = ValuesPlan{std::move(rows)};
  return Finish(std::move(plan));
}

PlanPtr MakeOneRow() {
  const DataType type(types::TypeId::kBoolean);
  return MakeValues({{"$row", type}}, {{expr::Value::Null(type)}});
}

namespace {

std::vector<WindowColumns> WindowsOf(const Plan& plan) {
  std::vector<WindowColumns> windows = plan.twins;
  if (plan.window) windows.insert(windows.begin(), *plan.window);
  return windows;
}

/// The first that has its end among the columns is the plan's window, the others are its twins.
void AddWindow(Plan& plan, WindowColumns window) {
  if (!plan.window) {
    plan.window = std::move(window);
    return;
  }
  if (plan.window->end < 0 && window.end >= 0) std::swap(*plan.window, window);
  if (window.start >= 0 && window.end >= 0) plan.twins.push_back(std::move(window));
}

/// `from`: where the columns of `input` begin.
void CopyWindows(const Plan& input, Plan& plan, int from = 0) {
  for (WindowColumns window : WindowsOf(input)) {
    for (int* column : {&window.start, &window.end, &window.time})
      if (*column >= 0) *column += from;
    AddWindow(plan, std::move(window));
  }
}

}  // namespace

PlanPtr MakeCalc(PlanPtr input, std::optional<Expression> condition, std::vector<Expression> columns,
                 std::vector<std::string> names) {
  Plan plan;
  std::vector<int> place(input->columns.size(), -1);
  for (size_t i = 0; i < columns.size(); ++i) {
    PlanColumn column{std::move(names[i]), columns[i].type()};
    if (columns[i].kind() == Expression::Kind::kInput) {
      const auto from = static_cast<size_t>(columns[i].input());
      column.time = input->columns[from].time;
      if (place[from] < 0) place[from] = static_cast<int>(i);
    } else if (columns[i].kind() == Expression::Kind::kCall && columns[i].function().name == "PROCTIME") {
      column.time = TimeRole::kProctime;
    }
    plan.columns.push_back(std::move(column));
  }
  for (WindowColumns window : WindowsOf(*input)) {
    window.start = PlaceOf(place, window.start);
    window.end = PlaceOf(place, window.end);
    window.time = PlaceOf(place, window.time);
    AddWindow(plan, std::move(window));
  }
  for (const std::vector<int>& key : input->unique_keys)
    if (auto mapped = MapKey(key, place)) plan.unique_keys.push_back(*std::move(mapped));
  plan.node = CalcPlan{std::move(input), std::move(condition), std::move(columns)};
  return Finish(std::move(plan));
}

PlanPtr MakeFilter(PlanPtr input, Expression condition) {
  std::vector<Expression> columns = InputsOfAll(*input);
  std::vector<std::string> names;
  for (const PlanColumn& column : input->columns) names.push_back(column.name);
  return MakeCalc(std::move(input), std::move(condition), std::move(columns), std::move(names));
}

PlanPtr MakeAggregate(AggregatePlan node) {
  Plan plan;
  std::vector<int> key(node.keys.size());
  std::iota(key.begin(), key.end(), 0);
  for (int column : node.keys) {
    // Groups come out when they are complete, behind the times of their rows: only a window's own time is one then.
    plan.columns.push_back(node.input->columns[static_cast<size_t>(column)]);
    plan.columns.back().time = TimeRole::kNone;
  }
  for (const graph::AggregateCall& call : node.calls) plan.columns.push_back({call.name, call.type});
  if (node.window) {
    const int time = node.window->time_column;
    const bool ltz = time >= 0 && node.input->columns[static_cast<size_t>(time)].type.id() == TypeId::kTimestampLtz;
    WindowColumns window{.shape = *node.window};
    for (WindowProperty property : node.properties) {
      const int at = static_cast<int>(plan.columns.size());
      switch (property) {
        case WindowProperty::kStart:
          window.start = at;
          plan.columns.push_back({"window_start", DataType::Timestamp(3, false)});
          break;
        case WindowProperty::kEnd:
          window.end = at;
          plan.columns.push_back({"window_end", DataType::Timestamp(3, false)});
          break;
        case WindowProperty::kTime:
          window.time = at;
          plan.columns.push_back({"window_time", ltz ? DataType::TimestampLtz(3, false) : DataType::Timestamp(3, false),
                                  node.window->processing_time ? TimeRole::kProctime : TimeRole::kRowtime});
          break;
        case WindowProperty::kProcessingTime:
          plan.columns.push_back({"window_proctime", DataType::TimestampLtz(3, false), TimeRole::kProctime});
          break;
      }
    }
    const int unique = window.end >= 0 ? window.end : window.start >= 0 ? window.start : window.time;
    plan.window = window;
    if (unique >= 0) {
      key.push_back(unique);
      AddKey(plan.unique_keys, key);
    }
  } else {
    AddKey(plan.unique_keys, key);
  }
  plan.node = std::move(node);
  return Finish(std::move(plan));
}

const WindowColumns* WindowAmong(const Plan& plan, const std::vector<int>& columns) {
  auto holds = [&](const WindowColumns& window) {
    return window.start >= 0 && window.end >= 0 && HoldsAll(columns, {window.start, window.end});
  };
  if (!plan.window) return nullptr;
  if (holds(*plan.window)) return &*plan.window;
  const auto twin = std::find_if(plan.twins.begin(), plan.twins.end(), holds);
  return twin == plan.twins.end() ? nullptr : &*twin;
}

namespace {

// Which columns the time and what sessions are per are, is a matter of each input: pruning moves them. A zone is that of a TIMESTAMP_LTZ.
bool SameFunction(const graph::WindowShape& a, const graph::WindowShape& b) {
  return a.kind == b.kind && a.size_ms == b.size_ms && a.slide_ms == b.slide_ms && a.offset_ms == b.offset_ms &&
         a.processing_time == b.processing_time && a.zone == b.zone;
}

}  // namespace

std::optional<JoinedWindows> WindowsOfJoin(const JoinPlan& join) {
  std::vector<int> left, right;
  for (const JoinKey& key : join.keys) {
    left.push_back(key.left);
    right.push_back(key.right);
  }
  const WindowColumns *a = WindowAmong(*join.left, left), *b = WindowAmong(*join.right, right);
  if (!a || !b || !SameFunction(a->shape, b->shape)) return std::nullopt;
  auto joins = [&](int of_left, int of_right) {
    return std::any_of(join.keys.begin(), join.keys.end(),
                       [&](const JoinKey& key) { return key.left == of_left && key.right == of_right; });
  };
  if (!joins(a->start, b->start) || !joins(a->end, b->end)) return std::nullopt;
  return JoinedWindows{a, b};
}

PlanPtr MakeWindow(PlanPtr input, graph::WindowShape shape) {
  Plan plan;
  plan.columns = input->columns;
  const int count = static_cast<int>(plan.columns.size());
  const bool ltz = input->columns[static_cast<size_t>(shape.time_column)].type.id() == TypeId::kTimestampLtz;
  plan.columns.push_back({"window_start", DataType::Timestamp(3, false)});
  plan.columns.push_back({"window_end", DataType::Timestamp(3, false)});
  plan.columns.push_back({"window_time", ltz ? DataType::TimestampLtz(3, false) : DataType::Timestamp(3, false),
                          shape.processing_time ? TimeRole::kProctime : TimeRole::kRowtime});
  plan.window = WindowColumns{shape, count, count + 1, count + 2};
  if (shape.kind == graph::WindowShape::Kind::kTumble)
    plan.unique_keys = input->unique_keys;
  else
    for (std::vector<int> key : input->unique_keys) {
      key.push_back(count + 1);
      AddKey(plan.unique_keys, std::move(key));
    }
  plan.node = WindowPlan{std::move(input), std::move(shape)};
  return Finish(std::move(plan));
}

namespace {

// Of the left side: it stays unique if each of its rows meets at most one of the right; and so on.
void JoinUniqueKeys(const JoinPlan& node, Plan& plan) {
  auto contains = [](const std::vector<int>& key, const std::vector<JoinKey>& keys, bool left) {
    return std::all_of(key.begin(), key.end(), [&](int column) {
      return std::any_of(keys.begin(), keys.end(),
                         [&](const JoinKey& each) { return (left ? each.left : each.right) == column; });
    });
  };
  auto unique = [&](const Plan& side, bool left) {
    return std::any_of(side.unique_keys.begin(), side.unique_keys.end(),
                       [&](const std::vector<int>& key) { return contains(key, node.keys, left); });
  };
  const int offset = static_cast<int>(node.left->columns.size());
  auto moved = [offset](std::vector<int> key) {
    for (int& column : key) column += offset;
    return key;
  };
  const bool keeps_left = node.type == JoinType::kInner || node.type == JoinType::kLeft;
  const bool keeps_right = node.type == JoinType::kInner || node.type == JoinType::kRight;
  if (unique(*node.right, false) && keeps_left)
    for (const std::vector<int>& key : node.left->unique_keys) AddKey(plan.unique_keys, key);
  if (unique(*node.left, true) && keeps_right)
    for (const std::vector<int>& key : node.right->unique_keys) AddKey(plan.unique_keys, moved(key));
  if (node.type != JoinType::kInner && node.type != JoinType::kLeft && node.type != JoinType::kRight) return;
  for (const std::vector<int>& left : node.left->unique_keys)
    for (const std::vector<int>& right : node.right->unique_keys) {
      std::vector<int> both = left;
      for (int column : moved(right)) both.push_back(column);
      AddKey(plan.unique_keys, std::move(both));
    }
}

}  // namespace

PlanPtr MakeJoin(JoinPlan node) {
  Plan plan;
  const bool right_null = node.type == JoinType::kLeft || node.type == JoinType::kFull;
  const bool left_null = node.type == JoinType::kRight || node.type == JoinType::kFull;
  // A regular join holds rows back: what comes out of it is not in the order of time any more.
  const bool keeps_time = node.interval.has_value() || node.windowed;
  for (PlanColumn column : node.left->columns) {
    column.type = WithNull(column.type, left_null);
    if (!keeps_time && column.time == TimeRole::kRowtime) column.time = TimeRole::kNone;
    plan.columns.push_back(std::move(column));
  }
  if (node.type == JoinType::kSemi || node.type == JoinType::kAnti) {
    plan.unique_keys = node.left->unique_keys;
    if (node.windowed) CopyWindows(*node.left, plan);
  } else {
    for (PlanColumn column : node.right->columns) {
      column.type = WithNull(column.type, right_null);
      if (!keeps_time && column.time == TimeRole::kRowtime) column.time = TimeRole::kNone;
      plan.columns.push_back(std::move(column));
    }
    JoinUniqueKeys(node, plan);
    // A side that may be padded has NULLs for windows. Without a window join, rows of a window come when they come.
    if (node.windowed && !left_null) CopyWindows(*node.left, plan);
    if (node.windowed && !right_null) CopyWindows(*node.right, plan, static_cast<int>(node.left->columns.size()));
  }
  plan.node = std::move(node);
  return Finish(std::move(plan));
}

PlanPtr MakeTemporalJoin(TemporalJoinPlan node) {
  Plan plan;
  plan.columns = node.left->columns;
  for (PlanColumn column : node.right->columns) {
    column.type = WithNull(column.type, node.outer);
    column.time = TimeRole::kNone;
    plan.columns.push_back(std::move(column));
  }
  plan.unique_keys = node.left->unique_keys;
  CopyWindows(*node.left, plan);
  plan.node = std::move(node);
  return Finish(std::move(plan));
}

PlanPtr MakeUnnest(UnnestPlan node, std::vector<PlanColumn> appended) {
  Plan plan;
  plan.columns = node.input->columns;
  CopyWindows(*node.input, plan);
  for (PlanColumn& column : appended) plan.columns.push_back(std::move(column));
  plan.node = std::move(node);
  return Finish(std::move(plan));
}

PlanPtr MakeUnion(std::vector<PlanPtr> inputs) {
  Plan plan;
  plan.columns = inputs[0]->columns;
  // Rows of one window function keep their windows.
  const auto& window = inputs[0]->window;
  if (window && std::all_of(inputs.begin(), inputs.end(), [&](const PlanPtr& input) {
        return input->window && SameFunction(input->window->shape, window->shape) &&
               input->window->start == window->start && input->window->end == window->end &&
               input->window->time == window->time;
      }))
    plan.window = window;
  for (const PlanPtr& input : inputs)
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      plan.columns[i].type = WithNull(plan.columns[i].type, input->columns[i].type.nullable());
      if (input->columns[i].time != plan.columns[i].time) plan.columns[i].time = TimeRole::kNone;
    }
  plan.node = UnionPlan{std::move(inputs)};
  return Finish(std::move(plan));
}

PlanPtr MakeOver(OverPlan node) {
  Plan plan;
  plan.columns = node.input->columns;
  plan.unique_keys = node.input->unique_keys;
  for (const graph::AggregateCall& call : node.calls) plan.columns.push_back({call.name, call.type});
  plan.node = std::move(node);
  return Finish(std::move(plan));
}

PlanPtr MakeRank(RankPlan node, std::string number_name) {
  Plan plan;
  plan.columns = node.input->columns;
  // A rank within windows gives a window's rows when it ends; one across them takes rows back later.
  if (WindowAmong(*node.input, node.partition)) CopyWindows(*node.input, plan);
  if (node.number) {
    std::vector<int> key = node.partition;
    key.push_back(static_cast<int>(plan.columns.size()));
    AddKey(plan.unique_keys, std::move(key));
    plan.columns.push_back({std::move(number_name), DataType(TypeId::kBigInt, false)});
  }
  if (node.from == node.to) AddKey(plan.unique_keys, node.partition);
  for (const std::vector<int>& key : node.input->unique_keys) AddKey(plan.unique_keys, key);
  plan.node = std::move(node);
  return Finish(std::move(plan));
}

PlanPtr MakeSort(SortPlan node) {
  Plan plan;
  plan.columns = node.input->columns;
  plan.unique_keys = node.input->unique_keys;
  plan.node = std::move(node);
  return Finish(std::move(plan));
}

namespace {

/// Columns of the input that neither are in the partition nor hold the codes.
std::vector<int> OthersOf(const Plan& input, const std::vector<int>& partition, int op) {
  std::vector<int> others;
  for (int i = 0; i < static_cast<int>(input.columns.size()); ++i)
    if (i != op && std::find(partition.begin(), partition.end(), i) == partition.end()) others.push_back(i);
  return others;
}

}  // namespace

PlanPtr MakeToChangelog(ToChangelogPlan node, std::string op_name) {
  Plan plan;
  const PlanColumns& input = node.input->columns;
  for (int column : node.partition) plan.columns.push_back(input[static_cast<size_t>(column)]);
  plan.columns.push_back({std::move(op_name), DataType(TypeId::kString)});
  const bool partial = node.full_deletes && !*node.full_deletes;
  for (int column : OthersOf(*node.input, node.partition, -1)) {
    plan.columns.push_back(input[static_cast<size_t>(column)]);
    plan.columns.back().type = WithNull(plan.columns.back().type, partial);
  }
  plan.node = std::move(node);
  return Finish(std::move(plan));
}

PlanPtr MakeFromChangelog(FromChangelogPlan node) {
  Plan plan;
  for (int column : node.partition) plan.columns.push_back(node.input->columns[static_cast<size_t>(column)]);
  if (node.upsert) {
    std::vector<int> key(node.partition.size());
    std::iota(key.begin(), key.end(), 0);
    AddKey(plan.unique_keys, std::move(key));
  }
  for (int column : OthersOf(*node.input, node.partition, node.op))
    plan.columns.push_back(node.input->columns[static_cast<size_t>(column)]);
  plan.node = std::move(node);
  return Finish(std::move(plan));
}

PlanPtr MakeMatch(MatchPlan node) {
  Plan plan;
  std::vector<types::Field> fields;
  for (const PlanColumn& column : node.input->columns) fields.push_back({column.name, column.type});
  const types::Schema input(std::move(fields));
  // Matches come when they are complete, which MATCH_ROWTIME says alone.
  for (int column : node.partition) {
    plan.columns.push_back(node.input->columns[static_cast<size_t>(column)]);
    plan.columns.back().time = TimeRole::kNone;
  }
  for (const graph::MatchRead& read : node.output) {
    const bool time = read.kind == graph::MatchRead::Kind::kTime;
    plan.columns.push_back({fmt::format("$m{}", plan.columns.size()), graph::TypeOf(read, input),
                            time ? TimeRole::kRowtime : TimeRole::kNone});
  }
  plan.node = std::move(node);
  return Finish(std::move(plan));
}

std::vector<PlanPtr> InputsOfPlan(const Plan& plan) {
  return std::visit(
      [](const auto& node) -> std::vector<PlanPtr> {
        if constexpr (requires { node.inputs; })
          return node.inputs;
        else if constexpr (requires { node.left; })
          return {node.left, node.right};
        else if constexpr (requires { node.input; })
          return {node.input};
        else
          return {};
      },
      plan.node);
}

}  // namespace thalweg::sql
