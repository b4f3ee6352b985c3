// Calc: rows that pass a condition, with columns computed from them. Node kind "calc".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/expression.h"

namespace thalweg::graph {

struct CalcSpec {
  std::optional<expr::Expression> condition;  // BOOLEAN over the input's columns; rows where it is not TRUE go
  std::vector<expr::Expression> columns;      // of the output, over the input's columns
  std::string zone;                           // the session's time zone; empty: UTC
  int64_t query_start_ms = 0;  // stands for every clock, in batch mode; 0: clocks tell the time of the row
};

/// Options of the node, for errors alone: what the person wrote for the condition, and for column 0, 1, ... ("column.0").
inline constexpr char kConditionText[] = "condition";
inline constexpr char kColumnText[] = "column.";

std::string Encode(const CalcSpec& spec);
/// External error if malformed; user error if it names a function that this build does not have.
Result<CalcSpec> DecodeCalc(std::string_view bytes);

}  // namespace thalweg::graph
