// Rows as Flink prints them, read back: "+U[a, 1]", "[null, [1, 2]]".
#pragma once

#include <string_view>

#include "base/status.h"
#include "columns/builder.h"

namespace thalweg::testing {

/// Appends the row of `text` to `out`, whose columns are those of `schema`. A kind (+I if left out), then values between brackets. A value
/// is what CAST from a string takes; timestamps may have a T, or be milliseconds; bytes may be numbers, "[1, -2]"; maps are "{a=1}".
/// Strings and bytes are taken as they stand, whatever their type's length. UserError, and `out` as before.
Status ParseRowText(std::string_view text, const types::Schema& schema, columns::BatchBuilder& out);

}  // namespace thalweg::testing
