// The page of the book that lists the functions: made from the registry and Flink's list, so that it cannot fall behind them.
#pragma once

#include <string>
#include <string_view>

namespace thalweg::expr {

/// docs/book/sql_functions.md. `flink`: lines "category, name, priority" by tabs, Flink's scalar functions.
std::string RenderFunctions(std::string_view flink);

}  // namespace thalweg::expr
