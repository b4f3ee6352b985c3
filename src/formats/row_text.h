// Rows as people read them: the text of Flink's print connector.
#pragma once

#include <string>

#include "columns/batch.h"

namespace thalweg::formats {

/// "+I[alice, 1, null, 2024-01-31T12:00]", values as Java prints them.
void AppendRowText(const columns::Batch& batch, int32_t row, std::string* out);

/// One value: "null", "[1, 2]" (ARRAY, BYTES), "{k=v}" (MAP, MULTISET), "+I[1, x]" (ROW). OBJECT columns have no text: "?".
void AppendValueText(const columns::Column& column, int32_t row, std::string* out);

}  // namespace thalweg::formats
