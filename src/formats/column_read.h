// One value of a column, whatever layout its precision has chosen.
#pragma once

#include "columns/batch.h"
#include "formats/text.h"

namespace thalweg::formats {

/// Of TIMESTAMP and TIMESTAMP_LTZ of any precision.
inline types::TimestampValue TimestampAt(const columns::Column& column, int32_t row) {
  if (column.type.precision() > 3) return column.data<types::TimestampValue>()[row];
  return {column.data<int64_t>()[row], 0, 0};
}

/// Unscaled.
inline Int128 DecimalAt(const columns::Column& column, int32_t row) { return column.data<Int128>()[row]; }

/// Of TINYINT, SMALLINT, INT, BIGINT and the intervals.
inline int64_t IntegerAt(const columns::Column& column, int32_t row) {
  switch (column.type.value_width()) {
    case 1: return column.data<int8_t>()[row];
    case 2: return column.data<int16_t>()[row];
    case 4: return column.data<int32_t>()[row];
    default: return column.data<int64_t>()[row];
  }
}

}  // namespace thalweg::formats
