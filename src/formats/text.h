// Scalars as text under the names that the formats use: types/scalar_text.h has them, since expressions read and print them too.
#pragma once

#include "types/scalar_text.h"

namespace thalweg::formats {

using types::AppendBase64;
using types::AppendDate;
using types::AppendDecimal;
using types::AppendDecimalScientific;
using types::AppendInt;
using types::AppendTime;
using types::AppendTimestamp;
using types::DecimalParse;
using types::Escaped;
using types::Int128;
using types::IsDigit;
using types::ParseBase64;
using types::ParseBoolean;
using types::ParseDate;
using types::ParseDecimal;
using types::ParseDouble;
using types::ParseInt64;
using types::ParseTime;
using types::ParseTimestamp;
using types::TimestampStandard;
using types::Trim;

}  // namespace thalweg::formats
