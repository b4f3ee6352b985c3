// VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP by Welford's method, as Flink's WELFORD_M2. Results have the type of an average: integers
// are cut towards zero.
#include <cmath>

#include "expr/decimal.h"
#include "expr/numeric_cast.h"
#include "operators/aggregate_cells.h"
#include "operators/aggregate_function.h"

namespace thalweg::operators {

using types::TypeId;

namespace {

struct Variance {
  struct State {
    int64_t count = 0;
    double mean = 0;
    double squares = 0;  // of the distances from the mean
  };
  int argument;
  bool sample;
  bool root;
  const columns::Column* column = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) { column = &batch.column(argument); }
  // More retracted than added: only counted, until there are rows again.
  void Add(State& state, int32_t row) {
    if (column->IsNull(row)) return;
    if (++state.count <= 0) return;
    const double value = NumberAsDouble(*column, row);
    const double before = value - state.mean;
    state.mean += before / static_cast<double>(state.count);
    state.squares += before * (value - state.mean);
  }
  void Retract(State& state, int32_t row) {
    if (column->IsNull(row)) return;
    if (--state.count <= 0) {
      if (state.count == 0) state = {};
      return;
    }
    const double value = NumberAsDouble(*column, row);
    const double before = value - state.mean;
    state.mean -= before / static_cast<double>(state.count);
    state.squares -= before * (value - state.mean);
  }
  void Merge(State& into, const State& from) {
    if (from.count <= 0 || into.count <= 0) {
      const int64_t count = into.count + from.count;
      if (from.count > 0) into = from;
      into.count = count;
      if (count <= 0) into = {count, 0, 0};
      return;
    }
    const auto n = static_cast<double>(into.count), m = static_cast<double>(from.count);
    const double delta = from.mean - into.mean;
    into.mean += m / (n + m) * delta;
    into.squares += from.squares + n * m / (n + m) * delta * delta;
    into.count += from.count;
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    const int64_t divisor = state.count - (sample ? 1 : 0);
    if (state.count <= 0 || divisor <= 0 || state.squares < 0) return out.AppendNull();
    const double variance = state.squares / static_cast<double>(divisor);
    AppendNumber(root ? std::sqrt(variance) : variance, out);
  }
  static void AppendNumber(double value, columns::ColumnBuilder& out) {
    switch (out.type().id()) {
      case TypeId::kTinyInt: return out.Append(expr::CastNumber<int8_t>(value));
      case TypeId::kSmallInt: return out.Append(expr::CastNumber<int16_t>(value));
      case TypeId::kInt: return out.Append(expr::CastNumber<int32_t>(value));
      case TypeId::kBigInt: return out.Append(expr::CastNumber<int64_t>(value));
      case TypeId::kFloat: return out.Append(expr::CastNumber<float>(value));
      case TypeId::kDouble: return out.Append(value);
      default: {
        std::optional<__int128> decimal;
        if (std::isfinite(value)) decimal = expr::DecimalFromDouble(value, out.type().precision(), out.type().scale());
        decimal ? out.Append(*decimal) : out.AppendNull();
      }
    }
  }
};

}  // namespace

AggregatePtr MakeVarianceAggregate(const AggregateSetting& setting) {
  const std::string& name = setting.call.function;
  const int argument = setting.call.arguments.empty() ? -1 : setting.call.arguments[0];
  if (name == "VAR_POP") return MakeTyped(Variance{argument, false, false});
  if (name == "VAR_SAMP" || name == "VARIANCE") return MakeTyped(Variance{argument, true, false});
  if (name == "STDDEV_POP") return MakeTyped(Variance{argument, false, true});
  if (name == "STDDEV_SAMP" || name == "STDDEV") return MakeTyped(Variance{argument, true, true});
  return nullptr;
}

}  // namespace thalweg::operators
