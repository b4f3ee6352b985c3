// A scalar's text into a column: the one place where CSV fields and JSON strings become values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "columns/builder.h"
#include "formats/text.h"

namespace thalweg::formats {

/// Appends the value of `text` to `out`, or nothing and says why ("not a BIGINT: '12x'"). Blanks around all but STRING are
/// dropped. BINARY is base64. Scalar types only.
std::optional<std::string> AppendScalarText(std::string_view text, TimestampStandard standard,
                                            columns::ColumnBuilder& out);

/// Of TINYINT, SMALLINT, INT, BIGINT, DATE and the intervals: false, and nothing appended, if `value` does not fit.
bool AppendInteger(int64_t value, columns::ColumnBuilder& out);

/// Cut to the type's precision.
void AppendTimestampValue(types::TimestampValue value, columns::ColumnBuilder& out);

/// "not a BIGINT: '12x'".
std::string NotA(const types::DataType& type, std::string_view text);
std::string OutOfRange(const types::DataType& type, std::string_view text);

}  // namespace thalweg::formats
