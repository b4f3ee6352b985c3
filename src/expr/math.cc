// Functions on numbers, as java.lang.Math computes them; DECIMAL is exact.
#include <cmath>
#include <limits>
#include <numbers>

#include "expr/decimal.h"
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/numeric_cast.h"
#include "expr/round_time.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

using types::DataType;
using types::TypeId;

namespace {

Function OfDouble(std::string name, double (*f)(double)) {
  return Define(std::move(name), {{{Param::kDouble}}}, Returns(TypeId::kDouble), Kernel(MapKernel<double, double>(f)));
}
Function OfDoubles(std::string name, double (*f)(double, double)) {
  return Define(std::move(name), {{{Param::kDouble, Param::kDouble}}}, Returns(TypeId::kDouble),
                Kernel(MapKernel<double, double, double>(f)));
}

template <typename T>
T Negated(T value) {
  if constexpr (std::is_floating_point_v<T>)
    return -value;
  else
    return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(value));
}

Result<Kernel> BindAbs(const Expression& call) {
  if (call.type().id() == TypeId::kDecimal) return MapKernel<Int128, Int128>([](Int128 v) { return v < 0 ? -v : v; });
  return ForNumber(call.type().id(), [](auto zero) {
    using T = decltype(zero);
    return MapKernel<T, T>([](T v) -> T {
      if constexpr (std::is_floating_point_v<T>) return std::abs(v);
      return v < 0 ? Negated(v) : v;
    });
  });
}

Result<Kernel> BindSign(const Expression& call) {
  if (call.type().id() == TypeId::kDecimal) {
    const Int128 one = PowerOfTen(call.type().scale());
    return MapKernel<Int128, Int128>([one](Int128 v) { return v < 0 ? -one : v > 0 ? one : 0; });
  }
  return ForNumber(call.type().id(), [](auto zero) {
    using T = decltype(zero);
    return MapKernel<T, T>([](T v) -> T {
      if constexpr (std::is_floating_point_v<T>)
        if (std::isnan(v)) return v;
      return static_cast<T>((v > 0) - (v < 0));
    });
  });
}

/// FLOOR and CEIL of numbers: DECIMAL(p, 0); other types stay.
DataType WholeType(const DataType& type) {
  return type.id() == TypeId::kDecimal ? DataType::Decimal(type.precision(), 0) : type;
}

template <bool kUp>
Result<Kernel> BindWhole(const Expression& call) {
  const DataType& from = call.arguments()[0].type();
  if (from.id() == TypeId::kDecimal) {
    const Int128 one = PowerOfTen(from.scale());
    return MapKernel<Int128, Int128>([one](Int128 v) {
      Int128 whole = v / one;
      if (v % one != 0) whole += kUp ? (v > 0) : -(v < 0);
      return whole;
    });
  }
  return ForNumber(from.id(), [](auto zero) {
    using T = decltype(zero);
    return MapKernel<T, T>([](T v) -> T {
      if constexpr (std::is_floating_point_v<T>) return kUp ? std::ceil(v) : std::floor(v);
      return v;
    });
  });
}

template <bool kUp>
Function Whole(const std::string& name) {
  Function function;
  function.name = name;
  function.signatures = {name + "(<NUMERIC>)", name + "(<DATETIME> TO unit)"};
  function.infer = [](Arguments& arguments) -> std::optional<DataType> {
    if (arguments.size() == 2) return InferRoundTime(arguments);
    if (arguments.size() != 1) return std::nullopt;
    std::optional<Expression> number = Fit(arguments[0], Param::kNumber);
    if (!number) return std::nullopt;
    arguments[0] = *number;
    return Strict(WholeType(number->type()), arguments);
  };
  function.bind = [](const Expression& call) -> Result<Kernel> {
    if (call.arguments().size() == 2) return BindRoundTime(call, kUp ? TimeRounding::kUp : TimeRounding::kDown);
    return BindWhole<kUp>(call);
  };
  return function;
}

/// ROUND and TRUNCATE: DECIMAL shrinks to the digits if they are constant; a DOUBLE goes by way of its shortest text.
struct RoundOf {
  bool truncate;

  static Int128 Cut(Int128 value, int scale, int64_t digits, bool truncate) {
    if (digits >= scale) return value;
    if (scale - digits > 38) return 0;
    const Int128 unit = PowerOfTen(static_cast<int>(scale - digits));
    Int128 rest = value % unit;
    value -= rest;
    if (!truncate && (rest < 0 ? -rest : rest) >= unit - (rest < 0 ? -rest : rest)) value += rest < 0 ? -unit : unit;
    return value;
  }

  template <typename T>
  T Round(T value, int32_t digits) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value) || digits > 300) return value;
      if (digits < -300) return 0;
      const int scale = 18;
      std::optional<Int128> exact = DecimalFromDouble(static_cast<double>(value), 38, scale);
      if (!exact || digits > scale) return value;
      return static_cast<T>(DecimalToDouble(Cut(*exact, scale, digits, truncate), scale));
    } else {
      return static_cast<T>(Cut(value, 0, digits, truncate));
    }
  }

  Result<Kernel> Bind(const Expression& call) const {
    const DataType& from = call.arguments()[0].type();
    const DataType to = call.type();
    if (from.id() == TypeId::kDecimal)
      return RowKernel<Int128, int32_t>([self = *this, from, to](Int128 v, int32_t digits) {
        return Rescale(Cut(v, from.scale(), digits, self.truncate), from.scale(), to.scale(), to.precision());
      });
    return ForNumber(from.id(), [this](auto zero) {
      using T = decltype(zero);
      return RowKernel<T, int32_t>([self = *this](T v, int32_t digits) { return self.Round(v, digits); });
    });
  }
};

Function Rounding(const std::string& name, bool truncate) {
  Function function;
  function.name = name;
  function.signatures = {name + "(<NUMERIC> [, <INT>])"};
  function.infer = [](Arguments& arguments) -> std::optional<DataType> {
    if (arguments.empty() || arguments.size() > 2) return std::nullopt;
    if (arguments.size() == 1) arguments.push_back(Expression::Literal(Value::Int(0)));
    std::optional<Expression> number = Fit(arguments[0], Param::kNumber), digits = Fit(arguments[1], Param::kInt);
    if (!number || !digits) return std::nullopt;
    arguments = {*number, *digits};
    const DataType& type = number->type();
    if (type.id() != TypeId::kDecimal) return Strict(type, arguments);
    if (!digits->is_literal() || digits->is_null_literal()) return Strict(type, arguments);
    return Strict(RoundType(type.precision(), type.scale(), digits->value().number<int32_t>()), arguments);
  };
  function.bind = [truncate](const Expression& call) { return RoundOf{truncate}.Bind(call); };
  return function;
}

Result<double> Draw(Call& call) {
  if (!call.context().random)
    return UserError("Function {} needs a source of chance", call.expression().function().name);
  return call.context().random->Unit();
}

template <typename F>
Result<Vector> EachRow(Call& call, F f) {
  columns::ColumnBuilder out(call.type(), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) THALWEG_TRY(f(row, out));
  return Vector{out.Take()};
}

Result<Vector> RunRand(Call& call) {
  return EachRow(call, [&](int32_t, columns::ColumnBuilder& out) -> Status {
    THALWEG_ASSIGN(double value, Draw(call));
    out.Append(value);
    return {};
  });
}

Result<Vector> RunUuid(Call& call) {
  return EachRow(call, [&](int32_t, columns::ColumnBuilder& out) -> Status {
    if (!call.context().random) return UserError("Function UUID needs a source of chance");
    const uint64_t high = call.context().random->Next(), low = call.context().random->Next();
    out.AppendString(fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff,
                                 (low >> 48 & 0x3fff) | 0x8000, low & 0xffffffffffff));
    return {};
  });
}

/// java.util.Random: the numbers of a seed, as Flink draws them.
class JavaRandom {
 public:
  explicit JavaRandom(int64_t seed) : state_((static_cast<uint64_t>(seed) ^ 0x5deece66d) & kMask) {}
  double NextDouble() { return static_cast<double>((static_cast<int64_t>(Bits(26)) << 27) + Bits(27)) * 0x1.0p-53; }
  int32_t NextInt(int32_t bound) {
    if ((bound & -bound) == bound) return static_cast<int32_t>((static_cast<int64_t>(bound) * Bits(31)) >> 31);
    for (;;) {
      const int32_t bits = Bits(31), value = bits % bound;
      if (int64_t{bits} - value + (bound - 1) <= INT32_MAX) return value;
    }
  }

 private:
  static constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;
  int32_t Bits(int count) {
    state_ = (state_ * 0x5deece66d + 0xb) & kMask;
    return static_cast<int32_t>(state_ >> (48 - count));
  }
  uint64_t state_;
};

/// The generator of a seed that holds from the first row on.
class SeededRandom {
 public:
  JavaRandom& Of(int32_t seed) {
    if (!random_) random_.emplace(seed);
    return *random_;
  }

 private:
  std::optional<JavaRandom> random_;
};

Status CheckBound(int32_t bound) {
  if (bound <= 0) return UserError("RAND_INTEGER needs a positive bound, not {}", bound);
  return {};
}

Kernel SeededRand() {
  return [seeded = SeededRandom()](Call& call) mutable -> Result<Vector> {
    return RowKernel<int32_t>([&](int32_t seed) { return seeded.Of(seed).NextDouble(); })(call);
  };
}

Kernel SeededRandInteger() {
  return [seeded = SeededRandom()](Call& call) mutable -> Result<Vector> {
    return RowKernel<int32_t, int32_t>([&](int32_t seed, int32_t bound) -> Result<int32_t> {
      THALWEG_TRY(CheckBound(bound));
      return seeded.Of(seed).NextInt(bound);
    })(call);
  };
}

Function Constant(std::string name, double value) {
  Kernel kernel = [value](Call& call) -> Result<Vector> {
    columns::ColumnBuilder out(call.type(), call.pool(), 1);
    out.Append(value);
    return Vector{out.Take(), true};
  };
  return Define(std::move(name), {{}}, Returns(TypeId::kDouble), std::move(kernel));
}

void AddChance(Registry& registry) {
  Function rand =
      Define("RAND", {{}, {{Param::kInt}}}, Returns(TypeId::kDouble), [](const Expression& call) -> Result<Kernel> {
        return call.arguments().empty() ? Kernel(RunRand) : SeededRand();
      });
  rand.deterministic = false;
  rand.fails = true;
  registry.Add(std::move(rand));
  Function uuid = Define("UUID", {{}}, Returns(DataType::VarChar(36)), Kernel(RunUuid));
  uuid.deterministic = false;
  uuid.fails = true;
  registry.Add(std::move(uuid));
  auto draw = [](Call& call, int32_t bound) -> Result<int32_t> {
    THALWEG_TRY(CheckBound(bound));
    THALWEG_ASSIGN(double unit, Draw(call));
    return static_cast<int32_t>(unit * bound);
  };
  Function integer = Define("RAND_INTEGER", {{{Param::kInt}}, {{Param::kInt, Param::kInt}}}, Returns(TypeId::kInt),
                            [draw](const Expression& call) -> Result<Kernel> {
                              return call.arguments().size() == 1 ? RowKernel<int32_t>(draw) : SeededRandInteger();
                            });
  integer.deterministic = false;
  integer.fails = true;
  registry.Add(std::move(integer));
}

}  // namespace

void AddMath(Registry& registry) {
  registry.Add(Define("ABS", {{{Param::kNumber}}}, ReturnsFirst(), Binder(BindAbs)));
  registry.Add(Define("SIGN", {{{Param::kNumber}}}, ReturnsFirst(), Binder(BindSign)));
  registry.Add(Whole<true>("CEIL"));
  registry.Add(Whole<true>("CEILING"));
  registry.Add(Whole<false>("FLOOR"));
  registry.Add(Rounding("ROUND", false));
  registry.Add(Rounding("TRUNCATE", true));
  registry.Add(OfDoubles("POWER", std::pow));
  registry.Add(OfDoubles("ATAN2", std::atan2));
  registry.Add(OfDouble("SQRT", std::sqrt));
  registry.Add(OfDouble("EXP", std::exp));
  registry.Add(OfDouble("LN", std::log));
  registry.Add(OfDouble("LOG10", std::log10));
  registry.Add(OfDouble("LOG2", [](double v) { return std::log(v) / std::log(2.0); }));
  registry.Add(Define("LOG", {{{Param::kDouble}, {Param::kDouble}}}, Returns(TypeId::kDouble),
                      [](const Expression& call) -> Result<Kernel> {
                        if (call.arguments().size() == 1)
                          return MapKernel<double, double>([](double v) { return std::log(v); });
                        return MapKernel<double, double, double>(
                            [](double base, double v) { return std::log(v) / std::log(base); });
                      }));
  for (const auto& [name, f] : std::initializer_list<std::pair<const char*, double (*)(double)>>{{"SIN", std::sin},
                                                                                                 {"SINH", std::sinh},
                                                                                                 {"COS", std::cos},
                                                                                                 {"COSH", std::cosh},
                                                                                                 {"TAN", std::tan},
                                                                                                 {"TANH", std::tanh},
                                                                                                 {"ASIN", std::asin},
                                                                                                 {"ACOS", std::acos},
                                                                                                 {"ATAN", std::atan}})
    registry.Add(OfDouble(name, f));
  registry.Add(OfDouble("COT", [](double v) { return 1.0 / std::tan(v); }));
  registry.Add(OfDouble("DEGREES", [](double v) { return v * (180.0 / std::numbers::pi); }));
  registry.Add(OfDouble("RADIANS", [](double v) { return v * (std::numbers::pi / 180.0); }));
  registry.Add(Constant("PI", std::numbers::pi));
  registry.Add(Constant("E", std::numbers::e));
  registry.Add(Define("BIN", {{{Param::kBigInt}}}, Returns(TypeId::kString),
                      RowKernel<int64_t>([](int64_t v) { return fmt::format("{:b}", static_cast<uint64_t>(v)); })));
  AddChance(registry);
}

}  // namespace thalweg::expr
