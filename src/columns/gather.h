// Batches made of other batches' rows: selection, slices, concatenation. All keep times, kinds and key hashes.
// Rule: what is shared is copied; what has a sole owner is moved.
#pragma once

#include <initializer_list>
#include <span>

#include "columns/batch.h"

namespace thalweg::columns {

/// Copies of `n` rows (1..kMaxBatchRows) in the given order; rows may repeat. Objects must be copyable.
Batch Gather(const Batch& batch, const int32_t* rows, int32_t n, BufferPool& pool);

/// Copies of `n` rows of one column (not of objects). Long strings are shared, not copied, where most rows are taken.
Column GatherColumn(const Column& column, const int32_t* rows, int32_t n, BufferPool& pool);

/// As Gather, but of distinct rows, and objects that `batch` alone owns are moved.
Batch TakeRows(Batch batch, const int32_t* rows, int32_t n, BufferPool& pool);

/// Keeps the rows `rows` (ascending), in place where the batch is the sole owner; shared buffers are copied. A null batch if n is 0.
Batch Compact(Batch batch, const int32_t* rows, int32_t n, BufferPool& pool);

/// Rows [from, from + n), n >= 1. A slice from row 0 shares its buffers and copies nothing; others copy, objects too (TakeRows
/// does for objects that cannot be copied).
Batch Slice(const Batch& batch, int32_t from, int32_t n, BufferPool& pool);

/// The rows of all, in order; at most kMaxBatchRows together, of equal column types. Null batches have no rows.
Batch Concat(std::span<const Batch> batches, BufferPool& pool);

/// Indexes of the set bits among the first `bits` (LSB first), ascending, to `rows` (room for all). Returns how many.
int32_t RowsOfBitmap(const uint8_t* bitmap, int32_t bits, int32_t* rows);

}  // namespace thalweg::columns
