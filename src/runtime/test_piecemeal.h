// A backend whose snapshots take many turns of the core to be saved, however small the state is.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "state/keyed_backend.h"

namespace thalweg::runtime {

class PiecemealBackend final : public state::KeyedBackend {
 public:
  explicit PiecemealBackend(std::unique_ptr<state::KeyedBackend> whole) : whole_(std::move(whole)) {}

  Result<state::ObjectTable*> OpenTable(const state::StateSpec& spec, const types::ObjectType& value,
                                        state::TableLayout layout) override {
    return whole_->OpenTable(spec, value, layout);
  }
  Result<state::TimerQueue*> OpenTimers(const std::string& name) override { return whole_->OpenTimers(name); }
  std::unique_ptr<state::PendingSnapshot> BeginSnapshot() override {
    return std::make_unique<Piecemeal>(whole_->BeginSnapshot());
  }
  Status Restore(const state::KeyedSnapshot& snapshot) override { return whole_->Restore(snapshot); }
  Status status() const override { return whole_->status(); }
  int64_t memory_bytes() const override { return whole_->memory_bytes(); }

 private:
  class Piecemeal final : public state::PendingSnapshot {
   public:
    explicit Piecemeal(std::unique_ptr<state::PendingSnapshot> whole) : whole_(std::move(whole)) {}
    bool Advance(int64_t budget) override {
      constexpr int64_t kBytes = 100;  // a few entries
      constexpr int kLeastPieces = 5;
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      return whole_->Advance(std::min(budget, kBytes)) && ++pieces_ > kLeastPieces;
    }
    Result<state::KeyedSnapshot> Take() override { return whole_->Take(); }

   private:
    std::unique_ptr<state::PendingSnapshot> whole_;
    int pieces_ = 0;
  };
  std::unique_ptr<state::KeyedBackend> whole_;
};

}  // namespace thalweg::runtime
