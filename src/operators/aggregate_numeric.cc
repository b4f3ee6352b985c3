// COUNT, SUM, $SUM0, AVG. Integers wrap as Java's do; a DECIMAL sum of more than 38 digits is NULL and begins anew with the next value,
// as in Flink.
#include "expr/decimal.h"
#include "expr/numeric_cast.h"
#include "expr/type_rules.h"
#include "operators/aggregate_function.h"

namespace thalweg::operators {

using types::TypeId;

namespace {

constexpr int kSumDigits = 38;

/// A 128-bit integer in two words, so that blocks need no alignment of 16.
struct WideInteger {
  uint64_t low = 0;
  int64_t high = 0;
  __int128 get() const { return static_cast<__int128>(static_cast<unsigned __int128>(high) << 64 | low); }
  void set(__int128 value) {
    low = static_cast<uint64_t>(value);
    high = static_cast<int64_t>(value >> 64);
  }
};

/// COUNT(a, b, ...): rows in which no argument is NULL; without arguments all.
struct CountValues {
  struct State {
    int64_t count = 0;
  };
  std::vector<int> arguments;
  std::vector<const columns::Column*> nullable = {};
  Status status = {};

  void Bind(const columns::Batch& batch) {
    nullable.clear();
    for (int argument : arguments)
      if (batch.column(argument).validity) nullable.push_back(&batch.column(argument));
  }
  bool Counts(int32_t row) const {
    for (const columns::Column* column : nullable)
      if (column->IsNull(row)) return false;
    return true;
  }
  void Add(State& state, int32_t row) { state.count += Counts(row) ? 1 : 0; }
  void Retract(State& state, int32_t row) { state.count -= Counts(row) ? 1 : 0; }
  void Merge(State& into, const State& from) { into.count += from.count; }
  void Append(const State& state, columns::ColumnBuilder& out) const { out.Append(state.count); }
};

/// Sums of integers in 64 bits: what is cut to the type's width is what arithmetic of that width gives.
template <typename T>
struct IntegerSum {
  using Word = uint64_t;
  static void Add(Word& sum, T value) { sum += static_cast<uint64_t>(int64_t{value}); }
  static void Subtract(Word& sum, T value) { sum -= static_cast<uint64_t>(int64_t{value}); }
  static void Join(Word& sum, Word other) { sum += other; }
  static T Value(Word sum) { return static_cast<T>(sum); }
  static T Average(Word sum, int64_t count) { return static_cast<T>(Quotient(static_cast<int64_t>(sum), count)); }
  // The least number by -1 overflows, and is itself in Java.
  static int64_t Quotient(int64_t sum, int64_t count) {
    return count == -1 ? static_cast<int64_t>(-static_cast<uint64_t>(sum)) : sum / count;
  }
};

/// FLOAT sums are kept in FLOAT, their averages in DOUBLE, as in Flink.
template <typename T, bool kAverage>
struct FloatingSum {
  using Word = double;
  static double Rounded(double sum) { return kAverage ? sum : static_cast<double>(expr::CastNumber<T>(sum)); }
  static void Add(Word& sum, T value) { sum = Rounded(sum + static_cast<double>(value)); }
  static void Subtract(Word& sum, T value) { sum = Rounded(sum - static_cast<double>(value)); }
  static void Join(Word& sum, Word other) { sum = Rounded(sum + other); }
  static T Value(Word sum) { return expr::CastNumber<T>(sum); }
  static T Average(Word sum, int64_t count) { return expr::CastNumber<T>(sum / static_cast<double>(count)); }
};

enum class SumForm : uint8_t { kSum, kSum0, kAverage };

template <typename T, typename Arithmetic, SumForm kForm>
struct PlainSum {
  struct State {
    typename Arithmetic::Word sum = 0;
    int64_t count = 0;
  };
  int argument;
  const columns::Column* column = nullptr;
  const T* values = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) {
    column = &batch.column(argument);
    values = column->data<T>();
  }
  void Add(State& state, int32_t row) {
    if (column->IsNull(row)) return;
    Arithmetic::Add(state.sum, values[row]);
    ++state.count;
  }
  void Retract(State& state, int32_t row) {
    if (column->IsNull(row)) return;
    Arithmetic::Subtract(state.sum, values[row]);
    --state.count;
  }
  void Merge(State& into, const State& from) {
    Arithmetic::Join(into.sum, from.sum);
    into.count += from.count;
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    if (kForm != SumForm::kSum0 && state.count == 0)
      out.AppendNull();
    else if constexpr (kForm == SumForm::kAverage)
      out.Append(Arithmetic::Average(state.sum, state.count));
    else
      out.Append(Arithmetic::Value(state.sum));
  }
};

template <SumForm kForm>
struct DecimalSum {
  struct State {
    WideInteger sum;
    int64_t count = 0;
    int64_t present = 0;  // 0: the sum is NULL
  };
  int argument;
  int scale;
  int result_scale;
  const columns::Column* column = nullptr;
  const __int128* values = nullptr;
  Status status = {};

  void Bind(const columns::Batch& batch) {
    column = &batch.column(argument);
    values = column->data<__int128>();
  }
  void Join(State& state, __int128 value) {
    __int128 sum = value;
    const bool overflows = state.present && __builtin_add_overflow(state.sum.get(), value, &sum);
    const std::optional<__int128> fits = overflows ? std::nullopt : expr::WithinPrecision(sum, kSumDigits);
    state.present = fits ? 1 : 0;
    state.sum.set(fits ? *fits : 0);
  }
  void Add(State& state, int32_t row) {
    if (column->IsNull(row)) return;
    Join(state, values[row]);
    ++state.count;
  }
  void Retract(State& state, int32_t row) {
    if (column->IsNull(row)) return;
    Join(state, -values[row]);
    --state.count;
  }
  void Merge(State& into, const State& from) {
    if (from.present) Join(into, from.sum.get());
    into.count += from.count;
  }
  void Append(const State& state, columns::ColumnBuilder& out) const {
    if (kForm == SumForm::kSum0 && state.count == 0) return out.Append(__int128{0});
    // Of $SUM0 too, whose type is NOT NULL: so Flink does.
    if (state.count == 0 || !state.present) return out.AppendNull();
    if constexpr (kForm != SumForm::kAverage) {
      out.Append(state.sum.get());
    } else {
      const auto average = expr::Divide(state.sum.get(), state.count, result_scale - scale, kSumDigits);
      average ? out.Append(*average) : out.AppendNull();
    }
  }
};

template <SumForm kForm>
AggregatePtr MakeSum(const AggregateSetting& setting) {
  const int argument = setting.call.arguments[0];
  constexpr bool kAverage = kForm == SumForm::kAverage;
  switch (setting.arguments[0].id()) {
    case TypeId::kTinyInt: return MakeTyped(PlainSum<int8_t, IntegerSum<int8_t>, kForm>{argument});
    case TypeId::kSmallInt: return MakeTyped(PlainSum<int16_t, IntegerSum<int16_t>, kForm>{argument});
    case TypeId::kInt: return MakeTyped(PlainSum<int32_t, IntegerSum<int32_t>, kForm>{argument});
    case TypeId::kBigInt: return MakeTyped(PlainSum<int64_t, IntegerSum<int64_t>, kForm>{argument});
    case TypeId::kFloat: return MakeTyped(PlainSum<float, FloatingSum<float, kAverage>, kForm>{argument});
    case TypeId::kDouble: return MakeTyped(PlainSum<double, FloatingSum<double, kAverage>, kForm>{argument});
    default: {
      const int scale = setting.arguments[0].scale();
      return MakeTyped(DecimalSum<kForm>{argument, scale, expr::AverageType(setting.arguments[0]).scale()});
    }
  }
}

}  // namespace

AggregatePtr MakeNumericAggregate(const AggregateSetting& setting) {
  const std::string& name = setting.call.function;
  if (name == "COUNT") return MakeTyped(CountValues{setting.call.arguments});
  if (name == "SUM") return MakeSum<SumForm::kSum>(setting);
  if (name == "$SUM0") return MakeSum<SumForm::kSum0>(setting);
  if (name == "AVG") return MakeSum<SumForm::kAverage>(setting);
  return nullptr;
}

}  // namespace thalweg::operators
