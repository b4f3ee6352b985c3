// Aggregate functions by name: which there are, what they take, the type of their result. How they run: operators/aggregate_layout.h.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/data_type.h"

namespace thalweg::expr {

/// One aggregate function. Immutable; static storage.
struct Aggregate {
  std::string name;                     // upper case, Flink's
  std::vector<std::string> signatures;  // for people: "LISTAGG(<STRING> [, <STRING>])"
  /// The type of the result; nullopt if the arguments do not fit. `never_empty`: of a group that has a row, by the rules below.
  std::function<std::optional<types::DataType>(const std::vector<types::DataType>& arguments, bool never_empty)> infer;
  /// Only with OVER: ROW_NUMBER, LAG, ...
  bool over_only = false;
  /// The argument that the planner puts into JSON_STRING, because the function takes JSON text; -1: none.
  int json_argument = -1;
  /// DISTINCT changes nothing in the result: it may be left out.
  bool ignores_distinct = false;
};

/// Any case; null if there is none.
const Aggregate* FindAggregate(std::string_view name);
/// In order of names.
const std::vector<Aggregate>& AllAggregates();

/// Type of the result of `name` over arguments of these types, which stay as they are: nothing is cast. `grouped`: there are group keys
/// and the call has no FILTER, so that no result is of an empty group. User errors name the function, the types and the signatures.
Result<types::DataType> AggregateResultType(std::string_view name, const std::vector<types::DataType>& arguments,
                                            bool grouped);

}  // namespace thalweg::expr
