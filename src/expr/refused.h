// Functions of Flink's that this build refuses, each with the reason that its error tells; docs/book/sql_functions.md lists them.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::expr {

/// Why `name` (upper case) is refused; empty if it is no such function.
std::string_view WhyRefused(std::string_view name);
/// In order of names.
const std::vector<std::pair<std::string_view, std::string_view>>& RefusedFunctions();

}  // namespace thalweg::expr
