// RowStage: what an operator offers that makes of a row at most one row, at once, and holds none. The runtime may take neighbours of
// this kind together: a block of rows passes all of them before the next one does, and no batch is made in between.
// Rule: it is an offer. Process does the same with a whole batch, and is what the runtime calls whenever a run cannot be taken together.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "types/object_type.h"

namespace thalweg::flow {

/// Rows of a block: with values of 64 bytes two neighbours' results stay within a first cache of 32 KB.
constexpr int32_t kStageRows = 128;
/// Larger values are not taken together: a block of them leaves that cache.
constexpr size_t kMaxStageValue = 512;

/// The rows of a block that are still under way: `values[slots[i]]` for i < count.
struct StageRows {
  const void* values = nullptr;  // of the type that the stage reads
  int32_t* slots = nullptr;      // ascending; room for kStageRows
  int32_t count = 0;             // at least 1 where a stage is called
  bool dense = true;             // none is missing: row i is slot i, and `slots` is not filled
};

/// The task's thread, between Open and Close of its operator. An error names the row.
class RowStage {
 public:
  virtual ~RowStage() = default;
  /// Takes rows out, or puts results in the place of `values`, slot for slot.
  virtual Status RunStage(StageRows& rows) = 0;
};

/// A stage whose rows are new objects.
class MapStage : public RowStage {
 public:
  virtual const types::ObjectType& made_type() const = 0;
  // RunStage keeps the results until ReleaseStage, or its next call.

  /// As RunStage, but constructs the results one behind the other at raw memory `to`. `made`: how many there are, after an error too.
  virtual Status RunStageInto(const StageRows& rows, void* to, int32_t& made) = 0;
  /// Of the results of RunStage those in `rows`, constructed at raw memory `to` by moving.
  virtual void MoveResults(const StageRows& rows, void* to) = 0;
  virtual void ReleaseStage() = 0;
};

}  // namespace thalweg::flow
