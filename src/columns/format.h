// Rows as Flink prints them: "+I[alice, 1]", NULL as "null", nested rows "+I[..]", arrays "[1, 2]", maps "{a=1}".
#pragma once

#include <string>

#include "columns/batch.h"

namespace thalweg::columns {

/// Appends one value. An OBJECT, of which columns know no text, is "OBJECT<name>": typed streams print by types/text.h.
void AppendCellText(const Column& column, int32_t row, std::string& out);

/// Kind and values of a row, without its time.
std::string RowText(const Batch& batch, int32_t row);

}  // namespace thalweg::columns
