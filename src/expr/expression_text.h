// Expressions as text for people: in errors of rows that a running job meets.
#pragma once

#include <string>
#include <vector>

#include "expr/expression.h"

namespace thalweg::expr {

/// Over columns of these names: "1 / a", "CAST(name AS INT)". A long one in part.
std::string ExpressionText(const Expression& expression, const std::vector<std::string>& columns);

}  // namespace thalweg::expr
