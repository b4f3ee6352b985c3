// Casts cell by cell, between any two types that Flink casts: chosen once by the types, nested types from those of their parts.
#pragma once

#include <functional>

#include "columns/builder.h"
#include "expr/functions.h"
#include "expr/zone.h"

namespace thalweg::expr {

/// Appends one value to `out` for the present cell, or fails having appended nothing or a part, which the caller cuts off.
using CellCast =
    std::function<Status(const columns::Column& from, int32_t row, const Zone& zone, columns::ColumnBuilder& out)>;

/// Null if there is no such cast.
CellCast CellCastOf(const types::DataType& from, const types::DataType& to, bool fixed_length);

/// A cell, NULL included.
Status CastCell(const CellCast& cast, const columns::Column& from, int32_t row, const Zone& zone,
                columns::ColumnBuilder& out);

/// "Cannot cast 'abc' to INT"
Status CastError(std::string_view text, const types::DataType& to);

}  // namespace thalweg::expr
