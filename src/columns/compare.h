// Equality of rows, for tests and differential checks: by canonical key bytes, so that NaN equals NaN and maps have no order.
#pragma once

#include <string>

#include "columns/batch.h"

namespace thalweg::columns {

/// Equal values (NULL equals NULL), kinds and event times. Key hashes do not count: they follow from the values.
bool RowsEqual(const Batch& a, int32_t a_row, const Batch& b, int32_t b_row);

/// Empty if the batches have equal column types (nullability aside), as many rows, and equal rows in order; else the first
/// difference in words.
std::string FirstDifference(const Batch& a, const Batch& b);

}  // namespace thalweg::columns
