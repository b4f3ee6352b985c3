// + - * / where a side is a DATE, TIME, TIMESTAMP or INTERVAL.
#pragma once

#include <optional>

#include "expr/kernel.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

/// The type of the result without regard to NULL, arguments coerced; nullopt if the operation is not one on times.
std::optional<types::DataType> InferTemporal(Arithmetic operation, std::vector<Expression>& arguments);
/// Null if the operation is not one on times.
Kernel TemporalKernel(Arithmetic operation, const Expression& call);

}  // namespace thalweg::expr
