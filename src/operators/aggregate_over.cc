// ROW_NUMBER, RANK, DENSE_RANK and LAG: of the rows before and the row at hand, in the order of OVER. They never retract.
#include <utility>

#include "columns/key_encoder.h"
#include "operators/aggregate_function.h"

namespace thalweg::operators {
namespace {

struct RowNumber {
  struct State {
    int64_t number = 0;
  };
  Status status = {};

  void Bind(const columns::Batch&) {}
  void Add(State& state, int32_t) { ++state.number; }
  void Retract(State&, int32_t) {}
  void Merge(State& into, const State& from) { into.number += from.number; }
  void Append(const State& state, columns::ColumnBuilder& out) const { out.Append(state.number); }
};

/// Rows of one time are peers and have one rank.
struct Rank {
  struct State {
    int64_t rows = 0;
    int64_t rank = 0;
    int64_t time = 0;
  };
  int time_column;  // -1: no row has a peer
  bool dense;
  const int64_t* times = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) {
    times = time_column < 0 ? nullptr : batch.column(time_column).data<int64_t>();
  }
  void Add(State& state, int32_t row) {
    const int64_t time = times ? times[row] : 0;
    ++state.rows;
    if (state.rows > 1 && times && time == state.time) return;
    state.rank = dense ? state.rank + 1 : state.rows;
    state.time = time;
  }
  void Retract(State&, int32_t) {}
  void Merge(State&, const State&) {}
  void Append(const State& state, columns::ColumnBuilder& out) const { out.Append(state.rank); }
};

/// LAG(value [, offset [, default]]): the value so many rows back.
struct Lag {
  using State =
      std::pair<std::vector<std::string>, std::string>;  // the last values, oldest first; empty or the one to give
  std::vector<int> arguments;
  const columns::Column* values = nullptr;
  const columns::Column* offsets = nullptr;
  const columns::Column* defaults = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) {
    values = &batch.column(arguments[0]);
    offsets = arguments.size() > 1 ? &batch.column(arguments[1]) : nullptr;
    defaults = arguments.size() > 2 ? &batch.column(arguments[2]) : nullptr;
  }
  static int64_t IntegerAt(const columns::Column& column, int32_t row) {
    switch (column.type.value_width()) {
      case 1: return column.data<int8_t>()[row];
      case 2: return column.data<int16_t>()[row];
      case 4: return column.data<int32_t>()[row];
      default: return column.data<int64_t>()[row];
    }
  }
  static std::string Bytes(const columns::Column& column, int32_t row) {
    std::string bytes;
    columns::AppendCellKey(column, row, bytes);
    return bytes;
  }
  void Add(State& state, int32_t row) {
    const int64_t offset = offsets && !offsets->IsNull(row) ? IntegerAt(*offsets, row) : 1;
    if (offset < 0) {
      status = UserError("The offset of LAG must not be negative: {}", offset);
      return;
    }
    auto& [last, result] = state;
    last.push_back(Bytes(*values, row));
    const auto kept = static_cast<size_t>(offset) + 1;
    if (last.size() > kept) last.erase(last.begin(), last.end() - static_cast<std::ptrdiff_t>(kept));
    if (last.size() == kept)
      result = last.front();
    else
      result = defaults ? Bytes(*defaults, row) : std::string();
  }
  void Retract(State&, int32_t) {}
  void Merge(State&, const State&) {}
  void Append(const State& state, columns::ColumnBuilder& out) const {
    if (state.second.empty()) return out.AppendNull();
    types::KeyReader in(state.second);
    columns::ReadCellKey(in, out);
  }
};

}  // namespace

Result<AggregatePtr> MakeOverAggregateFunction(const AggregateSetting& setting, int time_column) {
  const graph::AggregateCall& call = setting.call;
  if (call.function == "ROW_NUMBER") return MakeTyped(RowNumber{});
  if (call.function == "RANK") return MakeTyped(Rank{time_column, false});
  if (call.function == "DENSE_RANK") return MakeTyped(Rank{time_column, true});
  if (call.function == "LAG") {
    if (call.arguments.size() > 2 && !(setting.arguments[2].id() == setting.arguments[0].id()))
      return InternalError("The default of LAG is cast to the type of its value before");
    return MakeTyped(Lag{call.arguments});
  }
  return UserError("{} is not supported in streaming: it needs rows that come later", call.function);
}

}  // namespace thalweg::operators
