// What the book has of functions and casts: made from the registry, the casts and Flink's list, so that it cannot fall behind them.
#pragma once

#include <string>
#include <string_view>

namespace thalweg::expr {

/// docs/book/sql_functions.md. `flink`: lines "category, name, priority" by tabs, Flink's scalar functions.
std::string RenderFunctions(std::string_view flink);

/// The table of casts in docs/book/sql_types.md: what CAST takes each type to.
std::string RenderCasts();

}  // namespace thalweg::expr
