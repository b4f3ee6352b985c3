// + - * / % and unary minus on numbers, as Java computes them: integers wrap, their division by zero fails, DECIMAL overflows to NULL.
#include <cmath>

#include "expr/decimal.h"
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/temporal_arithmetic.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

using types::DataType;
using types::TypeId;

namespace {

/// NULL takes the type of the other side.
void TypeNulls(Arguments& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].type().id() != TypeId::kNull) continue;
    const DataType& other = arguments[arguments.size() - 1 - i].type();
    arguments[i] = Expression::Literal(Value::Null(other.id() == TypeId::kNull ? DataType(TypeId::kInt) : other));
  }
}

Inference NumbersOf(Arithmetic operation) {
  return [operation](Arguments& arguments) -> std::optional<DataType> {
    if (arguments.size() != 2) return std::nullopt;
    TypeNulls(arguments);
    if (std::optional<DataType> type = InferTemporal(operation, arguments)) return Strict(*type, arguments);
    const DataType a = arguments[0].type(), b = arguments[1].type();
    if (!IsNumeric(a.id()) || !IsNumeric(b.id())) return std::nullopt;
    const bool approximate = IsApproximate(a.id()) || IsApproximate(b.id());
    if (!approximate && (a.id() == TypeId::kDecimal || b.id() == TypeId::kDecimal)) {
      for (Expression& argument : arguments) argument = Coerced(argument, DecimalOf(argument.type()));
      return Strict(DecimalResult(operation, a, b), arguments);
    }
    if (operation == Arithmetic::kModulo && approximate) return std::nullopt;
    const DataType common = *CommonType(arguments);
    for (Expression& argument : arguments) argument = Coerced(argument, common);
    // The remainder has the divisor's type.
    return Strict(operation == Arithmetic::kModulo ? b : common, arguments);
  };
}

template <typename F>
Kernel Decimals(F f) {
  return RowKernel<Int128, Int128>(std::move(f));
}

/// Of operands whose result has room for every digit: no value can be NULL for its size, so whole columns are computed. What stands
/// behind NULLs may be anything and wraps. Null: there is not so much room.
Kernel RoomyDecimalKernel(Arithmetic operation, const DataType& a, const DataType& b, const DataType& result) {
  using Unsigned = unsigned __int128;
  if (operation == Arithmetic::kTimes) {
    if (a.precision() + b.precision() > result.precision() || a.scale() + b.scale() != result.scale()) return nullptr;
    return MapKernel<Int128, Int128, Int128>(
        [](Int128 x, Int128 y) { return static_cast<Int128>(static_cast<Unsigned>(x) * static_cast<Unsigned>(y)); });
  }
  if (operation != Arithmetic::kPlus && operation != Arithmetic::kMinus) return nullptr;
  const int scale = std::max(a.scale(), b.scale());
  const int digits = std::max(a.precision() - a.scale(), b.precision() - b.scale()) + scale + 1;
  if (result.scale() != scale || digits > result.precision()) return nullptr;
  const auto left = static_cast<Unsigned>(PowerOfTen(scale - a.scale()));
  const auto power = static_cast<Unsigned>(PowerOfTen(scale - b.scale()));
  const Unsigned right = operation == Arithmetic::kMinus ? -power : power;
  return MapKernel<Int128, Int128, Int128>([left, right](Int128 x, Int128 y) {
    return static_cast<Int128>(static_cast<Unsigned>(x) * left + static_cast<Unsigned>(y) * right);
  });
}

/// a + b where one of them has more than 38 digits at the scale of both: whole parts and fractions apart.
std::optional<Int128> SumInParts(Int128 a, int s1, Int128 b, int s2, int scale, int precision) {
  const int common = std::max(s1, s2);
  const Int128 unit1 = PowerOfTen(s1), unit2 = PowerOfTen(s2), unit = PowerOfTen(common);
  Int128 whole;
  if (__builtin_add_overflow(a / unit1, b / unit2, &whole)) return std::nullopt;
  const Int128 left = a % unit1 * PowerOfTen(common - s1), right = b % unit2 * PowerOfTen(common - s2);
  // Each is nearer to 0 than `unit`, which may have 38 digits: the carry goes first.
  const int carry = left > 0 && right >= unit - left ? 1 : left < 0 && right <= -unit - left ? -1 : 0;
  Int128 fraction = carry == 1 ? left - (unit - right) : carry == -1 ? left + (unit + right) : left + right;
  whole += carry;
  if (whole > 0 && fraction < 0) --whole, fraction += unit;
  if (whole < 0 && fraction > 0) ++whole, fraction -= unit;
  std::optional<Int128> high = Rescale(whole, 0, scale, precision), low = Rescale(fraction, common, scale, 38);
  if (!high || !low) return std::nullopt;
  return WithinPrecision(*high + *low, precision);
}

Kernel DecimalKernel(Arithmetic operation, const Expression& call) {
  const int s1 = call.arguments()[0].type().scale(), s2 = call.arguments()[1].type().scale();
  const int precision = call.type().precision(), scale = call.type().scale();
  if (Kernel roomy = RoomyDecimalKernel(operation, call.arguments()[0].type(), call.arguments()[1].type(), call.type()))
    return roomy;
  switch (operation) {
    case Arithmetic::kPlus:
    case Arithmetic::kMinus: {
      const int common = std::max(s1, s2);
      const bool minus = operation == Arithmetic::kMinus;
      return Decimals([=](Int128 a, Int128 b) -> std::optional<Int128> {
        std::optional<Int128> x = Rescale(a, s1, common, 38), y = Rescale(b, s2, common, 38);
        Int128 sum;  // of 38 digits each: it may have more than 127 bits
        if (x && y && !(minus ? __builtin_sub_overflow(*x, *y, &sum) : __builtin_add_overflow(*x, *y, &sum)))
          return Rescale(sum, common, scale, precision);
        return SumInParts(a, s1, minus ? -b : b, s2, scale, precision);
      });
    }
    case Arithmetic::kTimes:
      return Decimals([=](Int128 a, Int128 b) { return Multiply(a, b, s1 + s2 - scale, precision); });
    case Arithmetic::kDivide:
      return RowKernel<Int128, Int128>([=](Int128 a, Int128 b) -> Result<std::optional<Int128>> {
        if (b == 0) return UserError("Division by zero in /");
        return Divide(a, b, scale - s1 + s2, precision);
      });
    case Arithmetic::kModulo:
      return RowKernel<Int128, Int128>([=](Int128 a, Int128 b) -> Result<std::optional<Int128>> {
        if (b == 0) return UserError("Division by zero in %");
        std::optional<Int128> x = Rescale(a, s1, scale, 38), y = Rescale(b, s2, scale, 38);
        if (!x || !y) return std::optional<Int128>();
        return WithinPrecision(*x % *y, precision);
      });
  }
  return nullptr;
}

template <typename T>
T Wrapped(Arithmetic operation, T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    switch (operation) {
      case Arithmetic::kPlus: return a + b;
      case Arithmetic::kMinus: return a - b;
      default: return a * b;
    }
  } else {
    using U = std::make_unsigned_t<std::common_type_t<T, int32_t>>;
    const U x = static_cast<U>(a), y = static_cast<U>(b);
    switch (operation) {
      case Arithmetic::kPlus: return static_cast<T>(x + y);
      case Arithmetic::kMinus: return static_cast<T>(x - y);
      default: return static_cast<T>(x * y);
    }
  }
}

template <Arithmetic kOperation>
Kernel SimpleKernel(const Expression& call) {
  return ForNumber(call.type().id(), [](auto zero) {
    using T = decltype(zero);
    return MapKernel<T, T, T>([](T a, T b) { return Wrapped<T>(kOperation, a, b); });
  });
}

Kernel DivisionKernel(const Expression& call) {
  return ForNumber(call.type().id(), [](auto zero) -> Kernel {
    using T = decltype(zero);
    if constexpr (std::is_floating_point_v<T>) {
      return MapKernel<T, T, T>([](T a, T b) __attribute__((no_sanitize("float-divide-by-zero"))) { return a / b; });
    } else {
      return RowKernel<T, T>([](T a, T b) -> Result<T> {
        if (b == 0) return UserError("Division by zero: {} / 0", a);
        return b == T{-1} ? Wrapped<T>(Arithmetic::kMinus, T{0}, a) : static_cast<T>(a / b);
      });
    }
  });
}

Kernel RemainderKernel(const Expression& call) {
  const DataType& common = call.arguments()[0].type();
  return ForNumber(common.id(), [&](auto zero) -> Kernel {
    using T = decltype(zero);
    return ForNumber(call.type().id(), [](auto result) -> Kernel {
      using R = decltype(result);
      return RowKernel<T, T>([](T a, T b) -> Result<R> {
        if constexpr (std::is_floating_point_v<T>) {
          return static_cast<R>(std::fmod(a, b));
        } else {
          if (b == 0) return UserError("Division by zero: {} % 0", a);
          return b == T{-1} ? R{0} : static_cast<R>(a % b);
        }
      });
    });
  });
}

template <Arithmetic kOperation>
Result<Kernel> Bind(const Expression& call) {
  if (Kernel temporal = TemporalKernel(kOperation, call)) return temporal;
  if (call.type().id() == TypeId::kDecimal) return DecimalKernel(kOperation, call);
  if constexpr (kOperation == Arithmetic::kDivide) return DivisionKernel(call);
  if constexpr (kOperation == Arithmetic::kModulo) return RemainderKernel(call);
  return SimpleKernel<kOperation>(call);
}

std::optional<DataType> SignOf(Arguments& arguments) {
  if (arguments[0].type().id() == TypeId::kNull)
    arguments[0] = Expression::Literal(Value::Null(DataType(TypeId::kInt)));
  const DataType& type = arguments[0].type();
  if (!IsNumeric(type.id()) && !IsInterval(type.id())) return std::nullopt;
  return type;
}

Result<Kernel> BindNegation(const Expression& call) {
  switch (call.type().id()) {
    case TypeId::kDecimal: return MapKernel<Int128, Int128>([](Int128 a) { return -a; });
    case TypeId::kIntervalYearMonth:
      return MapKernel<int32_t, int32_t>([](int32_t a) { return Wrapped(Arithmetic::kMinus, 0, a); });
    case TypeId::kIntervalDayTime:
      return MapKernel<int64_t, int64_t>([](int64_t a) { return Wrapped(Arithmetic::kMinus, int64_t{0}, a); });
    default: break;
  }
  return ForNumber(call.type().id(), [](auto zero) {
    using T = decltype(zero);
    return MapKernel<T, T>([](T a) -> T {
      if constexpr (std::is_floating_point_v<T>)
        return -a;
      else
        return Wrapped<T>(Arithmetic::kMinus, T{0}, a);
    });
  });
}

Kernel Identity() {
  return [](Call& call) -> Result<Vector> { return call.argument(0); };
}

template <Arithmetic kOperation>
Function Operator(std::string name, bool fails) {
  std::vector<std::string> signatures = {"<NUMERIC> " + name + " <NUMERIC>"};
  constexpr bool kSign = kOperation == Arithmetic::kPlus || kOperation == Arithmetic::kMinus;
  if (kSign) signatures.push_back(name + "<NUMERIC>");
  if (kOperation != Arithmetic::kModulo)
    signatures.push_back("<DATETIME or INTERVAL> " + name + " <INTERVAL or NUMERIC>");
  Function function;
  function.name = std::move(name);
  function.signatures = std::move(signatures);
  function.fails = fails;
  function.infer = [numbers = NumbersOf(kOperation)](Arguments& arguments) {
    return kSign && arguments.size() == 1 ? SignOf(arguments) : numbers(arguments);
  };
  function.bind = [](const Expression& call) -> Result<Kernel> {
    if (call.arguments().size() == 2) return Bind<kOperation>(call);
    if (kOperation == Arithmetic::kPlus) return Identity();
    return BindNegation(call);
  };
  return function;
}

}  // namespace

void AddArithmetic(Registry& registry) {
  registry.Add(Operator<Arithmetic::kPlus>("+", false));
  registry.Add(Operator<Arithmetic::kMinus>("-", false));
  registry.Add(Operator<Arithmetic::kTimes>("*", false));
  registry.Add(Operator<Arithmetic::kDivide>("/", true));
  registry.Add(Operator<Arithmetic::kModulo>("%", true));
  registry.Add(Operator<Arithmetic::kModulo>("MOD", true));
}

}  // namespace thalweg::expr
