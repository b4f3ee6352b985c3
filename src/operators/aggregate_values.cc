// MIN, MAX, FIRST_VALUE, LAST_VALUE, SINGLE_VALUE. NULLs do not count, but for SINGLE_VALUE.
// Values of 8 bytes and less stand in the block; others as canonical bytes (types/key_encoding.h), which order as the values do.

#include "operators/aggregate_cells.h"
#include "operators/aggregate_function.h"
#include "operators/value_list.h"

namespace thalweg::operators {

using types::TypeId;

namespace {

enum class Pick : uint8_t { kMin, kMax, kFirst, kLast };

/// Whether `value` takes the place of `held`.
template <Pick kPick, typename T>
bool Replaces(const T& value, const T& held) {
  if constexpr (kPick == Pick::kMin) return value < held;
  if constexpr (kPick == Pick::kMax) return value > held;
  return kPick == Pick::kLast;
}

/// Without retraction, of values that fit a word.
template <typename T, Pick kPick>
struct PlainPick {
  using Word = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;
  struct State {
    Word value = 0;
    int64_t present = 0;
  };
  int argument;
  const columns::Column* column = nullptr;
  const T* values = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) {
    column = &batch.column(argument);
    values = column->data<T>();
  }
  static void Take(State& state, Word value) {
    if (state.present && !Replaces<kPick>(value, state.value)) return;
    state = {value, 1};
  }
  void Add(State& state, int32_t row) {
    if (!column->IsNull(row)) Take(state, static_cast<Word>(values[row]));
  }
  void Retract(State&, int32_t) {}
  void Merge(State& into, const State& from) {
    if (from.present) Take(into, from.value);
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    state.present ? out.Append(static_cast<T>(state.value)) : out.AppendNull();
  }
};

/// Without retraction, of any values. An empty string is no value: bytes of a value begin with a tag.
template <Pick kPick>
struct BytesPick {
  using State = std::string;
  int argument;
  const columns::Column* column = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) { column = &batch.column(argument); }
  static void Take(State& state, std::string value) {
    if (state.empty() || Replaces<kPick>(value, state)) state = std::move(value);
  }
  void Add(State& state, int32_t row) {
    if (column->IsNull(row) || (kPick == Pick::kFirst && !state.empty())) return;
    Take(state, CellBytes(*column, row));
  }
  void Retract(State&, int32_t) {}
  void Merge(State& into, const State& from) {
    if (!from.empty()) Take(into, from);
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    state.empty() ? out.AppendNull() : AppendCellBytes(state, out);
  }
};

/// MIN and MAX with retraction.
template <Pick kPick>
struct CountedPick : CountedCells {
  template <typename Iterator>
  static void AppendFirst(Iterator at, Iterator end, columns::ColumnBuilder& out) {
    while (at != end && at->second < 0) ++at;
    at == end ? out.AppendNull() : AppendCellBytes(at->first, out);
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    if constexpr (kPick == Pick::kMin)
      AppendFirst(state.begin(), state.end(), out);
    else
      AppendFirst(state.rbegin(), state.rend(), out);
  }
};

/// FIRST_VALUE and LAST_VALUE with retraction.
template <Pick kPick>
struct ListedPick {
  using State = ValueList;
  int argument;
  const columns::Column* column = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) { column = &batch.column(argument); }
  void Add(State& state, int32_t row) {
    if (!column->IsNull(row)) state.Add(CellBytes(*column, row));
  }
  void Retract(State& state, int32_t row) {
    if (!column->IsNull(row)) state.Retract(CellBytes(*column, row));
  }
  void Merge(State& into, const State& from) { into.Merge(from); }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    if (state.empty()) return out.AppendNull();
    AppendCellBytes(kPick == Pick::kFirst ? state.first() : state.last(), out);
  }
};

/// The value of a group of one row.
struct SingleValue {
  using State = std::pair<std::string, int64_t>;  // its bytes, and how many rows there were
  int argument;
  const columns::Column* column = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) { column = &batch.column(argument); }
  void TooMany() { status = UserError("SINGLE_VALUE received more than one row: a scalar subquery gives at most one"); }
  void Add(State& state, int32_t row) {
    if (state.second > 0) return TooMany();
    state.first = CellBytes(*column, row);
    ++state.second;
  }
  void Retract(State& state, int32_t) {
    if (state.second > 1) return TooMany();
    state.first.clear();
    --state.second;
  }
  void Merge(State& into, const State& from) {
    if (into.second > 0 && from.second > 0) return TooMany();
    if (from.second > 0) into.first = from.first;
    into.second += from.second;
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    state.first.empty() ? out.AppendNull() : AppendCellBytes(state.first, out);
  }
};

template <Pick kPick>
AggregatePtr MakeLasting(const types::DataType& type, int argument) {
  switch (type.id()) {
    case TypeId::kTinyInt: return MakeTyped(PlainPick<int8_t, kPick>{argument});
    case TypeId::kSmallInt: return MakeTyped(PlainPick<int16_t, kPick>{argument});
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kIntervalYearMonth: return MakeTyped(PlainPick<int32_t, kPick>{argument});
    case TypeId::kBigInt:
    case TypeId::kIntervalDayTime: return MakeTyped(PlainPick<int64_t, kPick>{argument});
    case TypeId::kFloat: return MakeTyped(PlainPick<float, kPick>{argument});
    case TypeId::kDouble: return MakeTyped(PlainPick<double, kPick>{argument});
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
      if (type.precision() <= 3) return MakeTyped(PlainPick<int64_t, kPick>{argument});
      [[fallthrough]];
    default: return MakeTyped(BytesPick<kPick>{argument});
  }
}

template <Pick kPick>
AggregatePtr MakePick(const AggregateSetting& setting) {
  const int argument = setting.call.arguments[0];
  if (!setting.retracts) return MakeLasting<kPick>(setting.arguments[0], argument);
  if constexpr (kPick == Pick::kMin || kPick == Pick::kMax) return MakeTyped(CountedPick<kPick>{{argument}});
  return MakeTyped(ListedPick<kPick>{argument});
}

}  // namespace

AggregatePtr MakeValueAggregate(const AggregateSetting& setting) {
  const std::string& name = setting.call.function;
  if (name == "MIN") return MakePick<Pick::kMin>(setting);
  if (name == "MAX") return MakePick<Pick::kMax>(setting);
  if (name == "FIRST_VALUE") return MakePick<Pick::kFirst>(setting);
  if (name == "LAST_VALUE") return MakePick<Pick::kLast>(setting);
  if (name == "SINGLE_VALUE") return MakeTyped(SingleValue{setting.call.arguments[0]});
  return nullptr;
}

}  // namespace thalweg::operators
