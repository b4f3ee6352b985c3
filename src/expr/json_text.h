// JSON text written as Flink's JSON functions write it: compact, the keys of objects in order, numbers as Java prints them.
#pragma once

#include <string>
#include <string_view>

#include "columns/batch.h"
#include "expr/zone.h"

namespace thalweg::expr {

/// With quotes and escapes.
void AppendJsonString(std::string_view text, std::string& out);

/// A cell of any type, NULL as "null".
void AppendJsonCell(const columns::Column& column, int32_t row, const Zone& zone, std::string& out);

}  // namespace thalweg::expr
