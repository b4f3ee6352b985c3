// A cell as CAST(x AS STRING) prints it: Flink's SQL text, which differs from how rows are printed (columns/format.h).
#pragma once

#include <string>

#include "columns/batch.h"
#include "expr/zone.h"

namespace thalweg::expr {

/// Of a present cell. Within nested values NULL is "NULL". BINARY is taken as UTF-8.
void AppendSqlText(const columns::Column& column, int32_t row, const Zone& zone, std::string& out);

/// As AppendSqlText, but for people: BINARY is x'cafe'.
void AppendPrintedText(const columns::Column& column, int32_t row, const Zone& zone, std::string& out);

}  // namespace thalweg::expr
