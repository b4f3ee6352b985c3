// Where a map keeps its results while a block of rows is on its way through the next stages.
#pragma once

#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include "flow/row_stage.h"

namespace thalweg::operators {

/// Slots for kStageRows objects of R, made at the first use. Destroys what is there with itself.
template <typename R>
class StageScratch {
 public:
  StageScratch() = default;
  StageScratch(const StageScratch&) = delete;
  StageScratch& operator=(const StageScratch&) = delete;
  ~StageScratch() { Clear(); }

  /// Room for the results of `rows`; what was there is destroyed. Call `Constructed` for what was put there, after an error too.
  R* Begin(const flow::StageRows& rows) {
    Clear();
    if (!room_) room_ = std::make_unique<Room>();
    if constexpr (!kTrivial) {
      dense_ = rows.dense;
      if (!dense_) std::memcpy(room_->slots, rows.slots, sizeof(int32_t) * static_cast<size_t>(rows.count));
    }
    return values();
  }
  void Constructed(int32_t count) { count_ = kTrivial ? 0 : count; }
  R* values() { return reinterpret_cast<R*>(room_->bytes); }
  void Clear() {
    if constexpr (!kTrivial)
      for (int32_t i = 0, count = std::exchange(count_, 0); i < count; ++i)
        std::destroy_at(values() + (dense_ ? i : room_->slots[i]));
  }

 private:
  static constexpr bool kTrivial = std::is_trivially_destructible_v<R>;
  struct Room {
    alignas(R) std::byte bytes[sizeof(R) * flow::kStageRows];
    int32_t slots[kTrivial ? 1 : flow::kStageRows];
  };
  std::unique_ptr<Room> room_;
  int32_t count_ = 0;
  bool dense_ = true;
};

}  // namespace thalweg::operators
