// Flink's rules for types: what casts by itself, the type that several have in common, and decimal arithmetic
// (LogicalTypeCasts, LogicalTypeMerging and Calcite's least restrictive type).
#pragma once

#include <optional>
#include <span>

#include "expr/expression.h"

namespace thalweg::expr {

bool IsInteger(types::TypeId id);
bool IsApproximate(types::TypeId id);
/// TINYINT to DOUBLE, and DECIMAL.
bool IsNumeric(types::TypeId id);
bool IsTimestamp(types::TypeId id);
/// DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ.
bool IsDatetime(types::TypeId id);
bool IsInterval(types::TypeId id);
/// Equal but for nullability, here and in the parts.
bool SameType(const types::DataType& a, const types::DataType& b);

/// The DECIMAL that holds every value of an integer type; a decimal is itself.
types::DataType DecimalOf(const types::DataType& type);

/// The least type that all cast to without loss, nullable if one is; nullopt if there is none. At least one type.
std::optional<types::DataType> CommonType(std::span<const types::DataType> types);
std::optional<types::DataType> CommonType(const std::vector<Expression>& arguments);

enum class Arithmetic : uint8_t { kPlus, kMinus, kTimes, kDivide, kModulo };
/// The type of DECIMAL arithmetic. A sum and difference keep scale before digits only as far as 38 digits allow.
types::DataType DecimalResult(Arithmetic operation, const types::DataType& a, const types::DataType& b);
/// Of the aggregates: SUM of DECIMAL(p, s) is DECIMAL(38, s); AVG is DECIMAL(38, max(6, s)).
types::DataType SumType(const types::DataType& type);
types::DataType AverageType(const types::DataType& type);
/// ROUND(DECIMAL(p, s), digits).
types::DataType RoundType(int precision, int scale, int digits);

/// Flink casts `from` to `to` without being asked.
bool CastsImplicitly(const types::DataType& from, const types::DataType& to);
/// `argument` as `to` (nullability apart): itself, a typed NULL, or a cast. The cast must exist.
Expression Coerced(Expression argument, const types::DataType& to);

bool AnyNullable(const std::vector<Expression>& arguments);
/// `type`, nullable if an argument is.
types::DataType Strict(types::DataType type, const std::vector<Expression>& arguments);

}  // namespace thalweg::expr
