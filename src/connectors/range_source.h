// Sources whose rows are a function of their index: sequences, collections, generated data.
// Rule: row i never depends on what was read before it, so a position is one number and a restore continues exactly.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "columns/batch.h"
#include "flow/source.h"

namespace thalweg::connectors {

/// Makes rows `first`, `first + step`, ... (`rows` of them) as one batch. One per reader, on its thread.
using RangeRows =
    std::function<Result<columns::Batch>(int64_t first, int64_t step, int32_t rows, columns::BufferPool& pool)>;

struct RangeSourceOptions {
  int64_t from = 0;
  int64_t to = 0;  // exclusive; INT64_MAX when `bounded` is false
  bool bounded = true;
  bool interleaved = false;                  // split k of n reads k, k + n, ...; otherwise n contiguous pieces
  double rows_per_second = 0;                // over all subtasks; 0: no limit
  int32_t batch_rows = columns::kBatchRows;  // most rows of a batch
  std::function<RangeRows()> make_rows;      // any thread
};

/// Splits itself once, at the first start, into as many pieces as there are subtasks; none is empty.
std::shared_ptr<flow::Source> MakeRangeSource(RangeSourceOptions options);

/// BIGINT column `value` of from..to, both included; UserError if to < from. `as_objects`: DataStream<int64_t>.
Result<std::shared_ptr<flow::Source>> MakeSequenceSource(int64_t from, int64_t to, bool as_objects);

}  // namespace thalweg::connectors
