// Kernels from C++ functions of one row: what most functions are made of.
// Rule: the function sees only rows without NULL arguments (it is NULL-strict), so it may fail on what it sees.
#pragma once

#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "expr/kernel.h"

namespace thalweg::expr {

/// The value of a present cell; T is the type's storage, or TimestampValue for a TIMESTAMP of any precision.
template <typename T>
T ReadAs(const columns::Column& column, int32_t row) {
  if constexpr (std::is_same_v<T, bool>) {
    return column.Bool(row);
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return column.String(row);
  } else if constexpr (std::is_same_v<T, types::TimestampValue>) {
    if (column.type.precision() <= 3) return {column.data<int64_t>()[row]};
    return column.data<types::TimestampValue>()[row];
  } else {
    return column.data<T>()[row];
  }
}

/// Appends what a row function returned: a value, or nothing for NULL.
template <typename T>
void AppendResult(columns::ColumnBuilder& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    out.AppendBool(value);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    out.AppendString(value);
  } else if constexpr (std::is_same_v<T, types::TimestampValue>) {
    if (out.type().precision() <= 3)
      out.Append(value.millis);
    else
      out.Append(value);
  } else if constexpr (requires { value.has_value(); }) {
    if (value)
      AppendResult(out, *value);
    else
      out.AppendNull();
  } else {
    out.Append(value);
  }
}

namespace internal {

template <typename T>
struct IsResult : std::false_type {};
template <typename T>
struct IsResult<Result<T>> : std::true_type {};

template <typename F, typename... A>
auto CallRow(const F& f, Call& call, A... values) {
  if constexpr (std::is_invocable_v<const F&, Call&, A...>)
    return f(call, values...);
  else
    return f(values...);
}

template <typename... A, typename F, size_t... I>
Result<Vector> RunRows(const F& f, Call& call, std::index_sequence<I...>) {
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    if ((call.argument(I).IsNull(row) || ...)) {
      out.AppendNull();
      continue;
    }
    auto result = CallRow(f, call, ReadAs<A>(call.argument(I).column, call.argument(I).at(row))...);
    if constexpr (IsResult<decltype(result)>::value) {
      if (!result.ok()) return result.status();
      AppendResult(out, *result);
    } else {
      AppendResult(out, result);
    }
  }
  return Vector{out.Take()};
}

}  // namespace internal

/// `f(A...)` or `f(Call&, A...)` gives T, std::optional<T> (NULL if empty), Result<T> or Result<std::optional<T>>.
template <typename... A, typename F>
Kernel RowKernel(F f) {
  return [f](Call& call) { return internal::RunRows<A...>(f, call, std::index_sequence_for<A...>{}); };
}

namespace internal {

/// Calls `body` with readers of both sides; a constant side is a value held in a register.
template <typename A, typename B, typename F>
void WithSides(const Vector& a, const Vector& b, F&& body) {
  const A* x = a.column.data<A>();
  const B* y = b.column.data<B>();
  if (a.constant) {
    const A value = x[0];
    body([value](int32_t) { return value; }, [y](int32_t row) { return y[row]; });
  } else if (b.constant) {
    const B value = y[0];
    body([x](int32_t row) { return x[row]; }, [value](int32_t) { return value; });
  } else {
    body([x](int32_t row) { return x[row]; }, [y](int32_t row) { return y[row]; });
  }
}

inline Vector StrictResult(Call& call, columns::BufferRef values) {
  Vector result;
  result.column.type = call.type();
  result.column.length = call.rows();
  result.column.validity = CombinedValidity(call);
  result.column.values = std::move(values);
  return result;
}

/// Bits of `predicate(row)` for rows 0..n-1; eight to a byte, so that the compiler can vectorise.
template <typename P>
columns::BufferRef BitsOf(int32_t n, columns::BufferPool& pool, P&& predicate) {
  columns::BufferRef bits = pool.Allocate(static_cast<size_t>(n + 7) / 8);
  auto* out = bits.mutable_data<uint8_t>();
  int32_t row = 0;
  for (; row + 8 <= n; row += 8) {
    unsigned byte = 0;
    for (int32_t k = 0; k < 8; ++k) byte |= static_cast<unsigned>(predicate(row + k)) << k;
    out[row >> 3] = static_cast<uint8_t>(byte);
  }
  if (row < n) {
    unsigned byte = 0;
    for (int32_t k = 0; row + k < n; ++k) byte |= static_cast<unsigned>(predicate(row + k)) << k;
    out[row >> 3] = static_cast<uint8_t>(byte);
  }
  return bits;
}

}  // namespace internal

/// A total function of two fixed-width values: no branch, no NULL test per row. It runs on what stands behind NULLs too.
template <typename R, typename A, typename B, typename F>
Kernel MapKernel(F f) {
  return [f](Call& call) -> Result<Vector> {
    columns::BufferRef values = call.pool().Allocate(sizeof(R) * static_cast<size_t>(call.rows()));
    R* out = values.mutable_data<R>();
    const int32_t n = call.rows();
    internal::WithSides<A, B>(call.argument(0), call.argument(1), [&](auto x, auto y) {
      for (int32_t row = 0; row < n; ++row) out[row] = f(x(row), y(row));
    });
    return internal::StrictResult(call, std::move(values));
  };
}
template <typename R, typename A, typename F>
Kernel MapKernel(F f) {
  return [f](Call& call) -> Result<Vector> {
    columns::BufferRef values = call.pool().Allocate(sizeof(R) * static_cast<size_t>(call.rows()));
    R* out = values.mutable_data<R>();
    const A* in = call.argument(0).column.data<A>();
    for (int32_t row = 0; row < call.rows(); ++row) out[row] = f(in[row]);
    return internal::StrictResult(call, std::move(values));
  };
}
/// As MapKernel, to BOOLEAN.
template <typename A, typename B, typename F>
Kernel PredicateKernel(F f) {
  return [f](Call& call) -> Result<Vector> {
    columns::BufferRef bits;
    internal::WithSides<A, B>(call.argument(0), call.argument(1), [&](auto x, auto y) {
      bits = internal::BitsOf(call.rows(), call.pool(), [&](int32_t row) { return f(x(row), y(row)); });
    });
    return internal::StrictResult(call, std::move(bits));
  };
}

/// Calls f(T{}) with the storage of a numeric type but DECIMAL; null kernel for others.
template <typename F>
Kernel ForNumber(types::TypeId id, F&& f) {
  switch (id) {
    case types::TypeId::kTinyInt: return f(int8_t{});
    case types::TypeId::kSmallInt: return f(int16_t{});
    case types::TypeId::kInt: return f(int32_t{});
    case types::TypeId::kBigInt: return f(int64_t{});
    case types::TypeId::kFloat: return f(float{});
    case types::TypeId::kDouble: return f(double{});
    default: return nullptr;
  }
}

}  // namespace thalweg::expr
