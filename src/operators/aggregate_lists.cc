// LISTAGG, ARRAY_AGG, COLLECT, and the aggregates that make JSON. The latter's values are JSON text: the planner puts JSON_STRING around
// them (expr/aggregates.h).
#include <map>

#include "expr/json_text.h"
#include "operators/aggregate_cells.h"
#include "operators/aggregate_function.h"
#include "operators/value_list.h"

namespace thalweg::operators {
namespace {

constexpr std::string_view kDefaultSeparator = ",";

/// LISTAGG that only grows: the text as it will be. Each value brings the separator before it.
struct GrowingText {
  using State = std::pair<std::string, bool>;  // the text, and whether there is any value
  int argument;
  int separator;  // its column; -1: a comma
  const columns::Column* column = nullptr;
  const columns::Column* between = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) {
    column = &batch.column(argument);
    between = separator < 0 ? nullptr : &batch.column(separator);
  }
  void Add(State& state, int32_t row) {
    if (column->IsNull(row)) return;
    if (state.second) state.first += between ? between->String(row) : kDefaultSeparator;
    state.first += column->String(row);
    state.second = true;
  }
  void Retract(State&, int32_t) {}
  void Merge(State& into, const State& from) {
    if (!from.second) return;
    if (into.second) into.first += kDefaultSeparator;
    into.first += from.first;
    into.second = true;
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    state.second ? out.AppendString(state.first) : out.AppendNull();
  }
};

/// LISTAGG with retraction or over merged slices: values, and the separator that came last.
struct ListedText {
  using State = std::pair<ValueList, std::string>;
  int argument;
  int separator;
  const columns::Column* column = nullptr;
  const columns::Column* between = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) {
    column = &batch.column(argument);
    between = separator < 0 ? nullptr : &batch.column(separator);
  }
  void Note(State& state, int32_t row) const { state.second = between ? between->String(row) : kDefaultSeparator; }
  void Add(State& state, int32_t row) {
    if (column->IsNull(row)) return;
    Note(state, row);
    state.first.Add(std::string(column->String(row)));
  }
  void Retract(State& state, int32_t row) {
    if (column->IsNull(row)) return;
    Note(state, row);
    state.first.Retract(std::string(column->String(row)));
  }
  void Merge(State& into, const State& from) {
    into.first.Merge(from.first);
    if (!from.second.empty()) into.second = from.second;
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    if (state.first.empty()) return out.AppendNull();
    std::string text;
    bool first = true;
    for (const auto& [place, value] : state.first.values()) {
      if (!std::exchange(first, false)) text += state.second;
      text += value;
    }
    out.AppendString(text);
  }
};

struct ArrayAgg {
  using State = ValueList;
  int argument;
  bool ignore_nulls;
  const columns::Column* column = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) { column = &batch.column(argument); }
  bool Skips(int32_t row) const { return ignore_nulls && column->IsNull(row); }
  void Add(State& state, int32_t row) {
    if (!Skips(row)) state.Add(CellBytes(*column, row));
  }
  void Retract(State& state, int32_t row) {
    if (!Skips(row)) state.Retract(CellBytes(*column, row));
  }
  void Merge(State& into, const State& from) { into.Merge(from); }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    if (state.empty()) return out.AppendNull();
    for (const auto& [place, value] : state.values()) {
      AppendCellBytes(value, out.child(0));
    }
    out.CloseRow();
  }
};

/// COLLECT: a multiset; an empty one of no row.
struct Collect : CountedCells {
  void Append(const State& state, columns::ColumnBuilder& out) const {
    for (const auto& [value, count] : state) {
      if (count <= 0) continue;
      AppendCellBytes(value, out.child(0));
      out.child(1).Append(static_cast<int32_t>(count));
    }
    out.CloseRow();
  }
};

constexpr std::string_view kJsonNull = "null";

/// JSON_OBJECTAGG. A name that comes again is an error, as in Flink: a value would be lost.
struct JsonObject {
  using State = std::map<std::string, std::string>;
  int name;
  int value;
  bool ignore_nulls;
  const columns::Column* names = nullptr;
  const columns::Column* values = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) {
    names = &batch.column(name);
    values = &batch.column(value);
  }
  bool Refuses(int32_t row) {
    if (!names->IsNull(row)) return false;
    status = UserError("The key of JSON_OBJECTAGG must not be NULL");
    return true;
  }
  void Put(State& state, std::string key, std::string_view text) {
    const auto [at, is_new] = state.try_emplace(std::move(key), text);
    if (!is_new) status = UserError("The key '{}' comes twice in one JSON_OBJECTAGG", at->first);
  }
  void Add(State& state, int32_t row) {
    if (Refuses(row) || (ignore_nulls && values->IsNull(row))) return;
    Put(state, std::string(names->String(row)), values->IsNull(row) ? kJsonNull : values->String(row));
  }
  void Retract(State& state, int32_t row) {
    if (!Refuses(row)) state.erase(std::string(names->String(row)));
  }
  void Merge(State& into, const State& from) {
    for (const auto& [key, text] : from) Put(into, key, text);
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    std::string text = "{";
    for (const auto& [key, member] : state) {
      if (text.size() > 1) text += ',';
      expr::AppendJsonString(key, text);
      text += ':';
      text += member;
    }
    out.AppendString(text + "}");
  }
};

struct JsonArray {
  using State = ValueList;
  int argument;
  bool ignore_nulls;
  const columns::Column* column = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) { column = &batch.column(argument); }
  bool Skips(int32_t row) const { return ignore_nulls && column->IsNull(row); }
  std::string TextAt(int32_t row) const { return std::string(column->IsNull(row) ? kJsonNull : column->String(row)); }
  void Add(State& state, int32_t row) {
    if (!Skips(row)) state.Add(TextAt(row));
  }
  void Retract(State& state, int32_t row) {
    if (!Skips(row)) state.Retract(TextAt(row));
  }
  void Merge(State& into, const State& from) { into.Merge(from); }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    std::string text = "[";
    for (const auto& [place, value] : state.values()) {
      if (text.size() > 1) text += ',';
      text += value;
    }
    out.AppendString(text + "]");
  }
};

}  // namespace

AggregatePtr MakeListAggregate(const AggregateSetting& setting) {
  const graph::AggregateCall& call = setting.call;
  if (call.function == "ARRAY_AGG") return MakeTyped(ArrayAgg{call.arguments[0], call.ignore_nulls});
  if (call.function == "COLLECT") return MakeTyped(Collect{{call.arguments[0]}});
  if (call.function != "LISTAGG") return nullptr;
  const int separator = call.arguments.size() > 1 ? call.arguments[1] : -1;
  // Merged texts would not know the separator between them.
  if (setting.retracts || (setting.merges && separator >= 0))
    return MakeTyped(ListedText{call.arguments[0], separator});
  return MakeTyped(GrowingText{call.arguments[0], separator});
}

AggregatePtr MakeJsonAggregate(const AggregateSetting& setting) {
  const graph::AggregateCall& call = setting.call;
  if (call.function == "JSON_OBJECTAGG")
    return MakeTyped(JsonObject{call.arguments[0], call.arguments[1], call.ignore_nulls});
  if (call.function == "JSON_ARRAYAGG") return MakeTyped(JsonArray{call.arguments[0], call.ignore_nulls});
  return nullptr;
}

}  // namespace thalweg::operators
