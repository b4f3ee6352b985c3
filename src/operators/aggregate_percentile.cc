// PERCENTILE(value, percentage or an array of them [, frequency]): exact, from all values in order. Between two values it takes the
// point that the percentage says, as Flink does.
#include <cmath>
#include <map>

#include "operators/aggregate_cells.h"
#include "operators/aggregate_function.h"

namespace thalweg::operators {

using types::TypeId;

namespace {

struct Percentile {
  using State = std::pair<std::map<double, int64_t>, std::vector<double>>;  // values with their numbers; percentages
  std::vector<int> arguments;
  const columns::Column* values = nullptr;
  const columns::Column* percentages = nullptr;
  const columns::Column* frequencies = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) {
    values = &batch.column(arguments[0]);
    percentages = &batch.column(arguments[1]);
    frequencies = arguments.size() > 2 ? &batch.column(arguments[2]) : nullptr;
  }
  int64_t Frequency(int32_t row) const {
    if (!frequencies) return 1;
    return frequencies->IsNull(row) ? 0 : static_cast<int64_t>(NumberAsDouble(*frequencies, row));
  }
  void AddPercentage(State& state, double value) {
    if (value >= 0 && value <= 1) return state.second.push_back(value);
    status = UserError("Percentage of PERCENTILE should be between [0.0, 1.0], but was '{:.1f}'.", value);
  }
  void ReadPercentages(State& state, int32_t row) {
    state.second.clear();
    if (percentages->IsNull(row)) return;
    if (percentages->type.id() != TypeId::kArray) return AddPercentage(state, NumberAsDouble(*percentages, row));
    const auto* offsets = percentages->offsets.data<int32_t>();
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i)
      AddPercentage(state, NumberAsDouble(percentages->children[0], i));
  }
  void Change(State& state, double value, int64_t by) {
    const auto at = state.first.try_emplace(value, 0).first;
    at->second += by;
    if (at->second == 0) state.first.erase(at);
  }
  void Add(State& state, int32_t row) {
    ReadPercentages(state, row);
    const int64_t frequency = Frequency(row);
    if (!values->IsNull(row) && frequency > 0) Change(state, NumberAsDouble(*values, row), frequency);
  }
  void Retract(State& state, int32_t row) {
    ReadPercentages(state, row);
    const int64_t frequency = Frequency(row);
    if (!values->IsNull(row) && frequency > 0) Change(state, NumberAsDouble(*values, row), -frequency);
  }
  void Merge(State& into, const State& from) {
    for (const auto& [value, count] : from.first) Change(into, value, count);
    if (!from.second.empty()) into.second = from.second;
  }
  /// The value at `place` of all in order.
  static double ValueAt(const State& state, int64_t place) {
    for (const auto& [value, count] : state.first) {
      if (count <= 0) continue;
      if (place < count) return value;
      place -= count;
    }
    return std::nan("");
  }
  static double PointOf(const State& state, double percentage, int64_t total) {
    const double place =
        percentage * static_cast<double>(total - 1) + 1;  // counted from 1: the last digit depends on it
    const double below = std::floor(place), above = std::ceil(place);
    const double low = ValueAt(state, static_cast<int64_t>(below) - 1);
    const double high = ValueAt(state, static_cast<int64_t>(above) - 1);
    if (below == above || low == high) return low;
    return (above - place) * low + (place - below) * high;
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    int64_t total = 0;
    for (const auto& [value, count] : state.first) total += std::max<int64_t>(count, 0);
    if (total == 0 || state.second.empty()) return out.AppendNull();
    if (out.type().id() != TypeId::kArray) return out.Append(PointOf(state, state.second[0], total));
    for (double percentage : state.second) out.child(0).Append(PointOf(state, percentage, total));
    out.CloseRow();
  }
};

}  // namespace

AggregatePtr MakePercentileAggregate(const AggregateSetting& setting) {
  if (setting.call.function != "PERCENTILE") return nullptr;
  return MakeTyped(Percentile{setting.call.arguments});
}

}  // namespace thalweg::operators
