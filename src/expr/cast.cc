// CAST and TRY_CAST. Between plain numbers and where only the type's name changes the whole column is cast at once; else by cells.
#include "expr/cell_cast.h"

#include <algorithm>

#include "expr/decimal.h"
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/numeric_cast.h"
#include "expr/rows.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

using types::DataType;
using types::TypeId;

namespace {

/// Null if not both are plain numbers.
Kernel NumberKernel(TypeId from, TypeId to) {
  return ForNumber(from, [&](auto source) -> Kernel {
    using From = decltype(source);
    return ForNumber(to, [](auto target) -> Kernel {
      using To = decltype(target);
      return MapKernel<To, From>([](From value) { return CastNumber<To>(value); });
    });
  });
}

/// The same bytes under another type: equal types, longer strings, TIMESTAMP of the same storage and more digits.
bool SameBytes(const DataType& from, const DataType& to, bool fixed) {
  if (SameType(from, to)) return !fixed && from.id() != TypeId::kTime;
  if (from.id() != to.id()) return false;
  if (from.is_variable())
    return !fixed && (to.precision() == 0 || (from.precision() && from.precision() <= to.precision()));
  if (from.id() == TypeId::kDecimal) return from.scale() == to.scale() && from.precision() <= to.precision();
  return IsTimestamp(from.id()) && from.value_width() == to.value_width() && from.precision() <= to.precision();
}

/// Names of fields are parts of types, at any depth.
void Retype(columns::Column& column, const DataType& type) {
  column.type = type;
  for (size_t i = 0; i < std::min(column.children.size(), type.children().size()); ++i)
    Retype(column.children[i], type.children()[i].type);
}

Kernel RetypeKernel() {
  return [](Call& call) -> Result<Vector> {
    Vector result = call.argument(0);
    Retype(result.column, call.type());
    return result;
  };
}

template <typename From>
Kernel GrowKernel(int digits) {
  return MapKernel<Int128, From>([power = static_cast<unsigned __int128>(PowerOfTen(digits))](From value) {
    return static_cast<Int128>(static_cast<unsigned __int128>(static_cast<Int128>(value)) * power);
  });
}

/// From integers and DECIMAL to a DECIMAL that has room for all their digits: nothing can fail or be NULL for its size. Null: others.
Kernel WideningKernel(const DataType& from, const DataType& to) {
  if (to.id() != TypeId::kDecimal || !(IsInteger(from.id()) || from.id() == TypeId::kDecimal)) return nullptr;
  const DataType digits = DecimalOf(from);
  const int more = to.scale() - digits.scale();
  if (more < 0 || to.precision() - to.scale() < digits.precision() - digits.scale()) return nullptr;
  if (from.id() == TypeId::kDecimal) return GrowKernel<Int128>(more);
  return ForNumber(from.id(), [more]<typename From>(From) -> Kernel {
    if constexpr (std::is_integral_v<From>) return GrowKernel<From>(more);
    return nullptr;
  });
}

Kernel CellKernel(CellCast cast, bool try_cast) {
  return [cast, try_cast](Call& call) -> Result<Vector> {
    const Zone& zone = ZoneOf(call);
    const Vector& from = call.argument(0);
    columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
    for (int32_t row = 0; row < call.rows(); ++row) {
      Status status = CastCell(cast, from.column, from.at(row), zone, out);
      if (status.ok()) continue;
      if (!try_cast) return status;
      out.Truncate(row);
      out.AppendNull();
    }
    return Vector{out.Take()};
  };
}

/// Casts that read the session's zone.
bool ReadsZone(const DataType& from, const DataType& to) {
  const bool ltz = from.id() == TypeId::kTimestampLtz || to.id() == TypeId::kTimestampLtz;
  if (ltz && from.id() != to.id()) return true;
  for (const types::Field& part : from.children())
    if (part.type.id() == TypeId::kTimestampLtz || !part.type.children().empty()) return true;
  return false;
}

bool MayFail(const DataType& from, const DataType& to) {
  if (!from.children().empty()) return true;
  if (from.id() == TypeId::kString) return to.id() != TypeId::kString && to.id() != TypeId::kBinary;
  return IsApproximate(from.id()) && to.id() == TypeId::kDecimal;
}

std::string NameOf(CastOptions options) {
  return std::string(options.try_cast ? "TRY_CAST" : "CAST") + (options.fixed_length ? "_FIXED" : "");
}

Function CastFunction(CastOptions options) {
  Function function;
  function.name = NameOf(options);
  function.signatures = {function.name + "(<ANY> AS type)"};
  function.typed = true;
  function.inner = options.fixed_length;
  function.fails = !options.try_cast;
  function.contextual = true;
  function.fails_for = [](const std::vector<Expression>& arguments, const DataType& to) {
    return MayFail(arguments[0].type(), to);
  };
  function.contextual_for = [](const std::vector<Expression>& arguments, const DataType& to) {
    return ReadsZone(arguments[0].type(), to);
  };
  function.infer = [](std::vector<Expression>&) { return std::nullopt; };
  function.bind = [options](const Expression& call) -> Result<Kernel> {
    const DataType& from = call.arguments()[0].type();
    const DataType& to = call.type();
    if (SameBytes(from, to, options.fixed_length)) return RetypeKernel();
    if (Kernel numbers = NumberKernel(from.id(), to.id())) return numbers;
    if (Kernel decimals = WideningKernel(from, to)) return decimals;
    return CellKernel(CellCastOf(from, to, options.fixed_length), options.try_cast);
  };
  return function;
}

}  // namespace

Result<Expression> Cast(Expression argument, const DataType& to, CastOptions options) {
  if (argument.depth() >= kMaxExpressionDepth)
    return UserError("Expression is nested deeper than {} at CAST", kMaxExpressionDepth);
  if (!CellCastOf(argument.type(), to, options.fixed_length))
    return UserError("No cast from {} to {}", argument.type().ToString(), to.ToString());
  DataType type = to.WithNullable(options.try_cast || argument.type().nullable());
  return Expression::Call(*Registry::BuiltIn().Find(NameOf(options)), {std::move(argument)}, std::move(type));
}

Result<Expression> ResolveTyped(const Function& function, std::vector<Expression> arguments, const DataType& type) {
  if (arguments.size() != 1)
    return ExternalError("Malformed expression: {} of {} arguments", function.name, arguments.size());
  const CastOptions options{.try_cast = function.name.starts_with("TRY_"),
                            .fixed_length = function.name.find("_FIXED") != std::string::npos};
  return Cast(std::move(arguments[0]), type, options);
}

void AddCasts(Registry& registry) {
  for (bool try_cast : {false, true})
    for (bool fixed : {false, true}) registry.Add(CastFunction({.try_cast = try_cast, .fixed_length = fixed}));
}

}  // namespace thalweg::expr
