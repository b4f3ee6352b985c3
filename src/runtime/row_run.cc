#include "runtime/row_run.h"

#include <algorithm>
#include <utility>

#include "columns/gather.h"

namespace thalweg::runtime {

using columns::Batch;

namespace {

/// Declares the objects of a column, also when user code throws past us: they are to be destroyed.
struct Declared {
  columns::Column& column;
  int32_t count = 0;
  ~Declared() { column.values.SetObjects(&column.type.object(), static_cast<uint32_t>(count)); }
};

}  // namespace

RowRun::RowRun(std::vector<Stage> stages) : stages_(std::move(stages)) {
  for (const Stage& stage : stages_)
    if (stage.map) last_map_ = stage.map;
  for (const Stage& stage : stages_)
    if (stage.map && stage.map != stages_.back().map && !stage.map->made_type().trivial)
      kept_until_release_.push_back(stage.map);
}

Status RowRun::Process(Batch& batch, columns::BufferPool& pool) {
  const int32_t total = batch.rows();
  int32_t kept = 0;
  columns::Column column;
  if (last_map_) {
    column = columns::NewObjectColumn(pool, last_map_->made_type(), total);
    Declared declared{column};
    THALWEG_TRY(RunBlocks(batch, column.values.mutable_data<std::byte>(), declared.count));
    kept = declared.count;
  } else {
    THALWEG_TRY(RunBlocks(batch, nullptr, kept));
  }
  if (kept == 0) {
    batch = Batch();
    return {};
  }
  if (last_map_) {
    batch.DropColumns(0);
    batch.key_hashes() = {};
  }
  batch = columns::Compact(std::move(batch), origins_.data(), kept, pool);
  if (last_map_) {
    column.length = kept;
    batch.AddColumn(std::move(column));
  }
  return {};
}

Status RowRun::RunBlocks(const Batch& batch, std::byte* to, int32_t& kept) {
  const int32_t total = batch.rows();
  const auto* values = batch.column(0).values.data<std::byte>();
  const size_t value_size = batch.column(0).type.object().size;
  const size_t made_size = last_map_ ? last_map_->made_type().size : 0;
  for (Stage& stage : stages_) stage.rows = 0;
  for (int32_t begin = 0; begin < total; begin += flow::kStageRows) {
    flow::StageRows rows;
    rows.values = values + static_cast<size_t>(begin) * value_size;
    rows.slots = slots_;
    rows.count = std::min(flow::kStageRows, total - begin);
    int32_t made = 0;
    Status status = RunBlock(rows, to + static_cast<size_t>(kept) * made_size, made);
    Release();
    if (!rows.dense || kept < begin) {
      // The first block that misses a row: those before it are all there.
      if (origins_.size() < static_cast<size_t>(total)) origins_.resize(static_cast<size_t>(total));
      if (kept == begin)
        for (int32_t i = 0; i < begin; ++i) origins_[static_cast<size_t>(i)] = i;
      for (int32_t i = 0; i < made; ++i) origins_[static_cast<size_t>(kept + i)] = begin + (rows.dense ? i : slots_[i]);
    }
    kept += made;
    THALWEG_TRY(std::move(status));
  }
  return {};
}

Status RowRun::RunBlock(flow::StageRows& rows, std::byte* to, int32_t& made) {
  for (at_ = 0; at_ < stages_.size() && rows.count > 0; ++at_) {
    Stage& stage = stages_[at_];
    stage.rows += rows.count;
    if (stage.map && at_ + 1 == stages_.size()) return stage.map->RunStageInto(rows, to, made);
    THALWEG_TRY(stage.stage->RunStage(rows));
  }
  if (rows.count > 0 && last_map_) last_map_->MoveResults(rows, to);
  made = rows.count;
  return {};
}

void RowRun::Release() {
  for (flow::MapStage* map : kept_until_release_) map->ReleaseStage();
}

}  // namespace thalweg::runtime
