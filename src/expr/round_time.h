// FLOOR and CEIL of times TO a unit.
#pragma once

#include <optional>

#include "expr/functions.h"

namespace thalweg::expr {

enum class TimeRounding : uint8_t { kDown, kUp };

/// (time, 'UNIT'): the type of the time.
std::optional<types::DataType> InferRoundTime(std::vector<Expression>& arguments);
Result<Kernel> BindRoundTime(const Expression& call, TimeRounding rounding);

}  // namespace thalweg::expr
