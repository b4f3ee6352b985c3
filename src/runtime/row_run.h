// RowRun: neighbouring row stages of a chain as one step: a batch in, at most a batch out, and blocks of rows in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "columns/batch.h"
#include "flow/row_stage.h"

namespace thalweg::runtime {

/// The task's thread. The stages outlive it.
class RowRun {
 public:
  struct Stage {
    int member = 0;
    flow::RowStage* stage = nullptr;
    flow::MapStage* map = nullptr;  // the same, if it makes objects
    int32_t rows = 0;               // came to it of the last batch
  };
  explicit RowRun(std::vector<Stage> stages);

  /// Takes `batch` through all stages; it comes back as their output, null if no row is left. Event times and row kinds are
  /// carried over, key columns end at a map. After an error: see failed_member.
  Status Process(columns::Batch& batch, columns::BufferPool& pool);
  const std::vector<Stage>& stages() const { return stages_; }
  /// Whose error Process returned.
  int failed_member() const { return stages_[at_].member; }

 private:
  Status RunBlocks(const columns::Batch& batch, std::byte* to, int32_t& kept);
  Status RunBlock(flow::StageRows& rows, std::byte* to, int32_t& made);
  void Release();

  std::vector<Stage> stages_;
  flow::MapStage* last_map_ = nullptr;  // whose objects leave the run; null: rows leave as they came
  std::vector<flow::MapStage*> kept_until_release_;
  size_t at_ = 0;
  std::vector<int32_t>
      origins_;  // of the rows that are left: their place in the batch; not filled while none is missing
  int32_t slots_[flow::kStageRows];
};

}  // namespace thalweg::runtime
