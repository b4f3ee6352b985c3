// A snapshot under way, as both backends make it: one part for each state.
// Rule: as long as a part needs its backend it is the task's; when Advance has said that it does not, it may go to any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "state/keyed_backend.h"
#include "state/segment.h"

namespace thalweg::state {

/// Bytes held by snapshots under way; the backend and its snapshots share it.
using SavedBytes = std::shared_ptr<std::atomic<int64_t>>;

/// One state of a snapshot that has begun.
class SnapshotPart {
 public:
  virtual ~SnapshotPart() = default;
  /// Saves what would cost about `budget` bytes to save, and takes the cost off it. True when the backend is not needed any more.
  /// The task's thread.
  virtual bool Advance(int64_t& budget) = 0;
  /// Adds every entry to the state that `out` has begun, and frees it. Once, after Advance was true; any thread.
  virtual Status Write(SnapshotWriter& out) = 0;
};

/// The backend's side of its newest snapshot under way.
class SnapshotsUnderWay;

class SnapshotInParts final : public PendingSnapshot {
 public:
  using Parts = std::vector<std::pair<StateSpec, std::unique_ptr<SnapshotPart>>>;
  /// `parts` in the order of their names. Ends the snapshot of `backend` that is under way, if there is one.
  SnapshotInParts(Parts parts, SnapshotsUnderWay& backend);
  ~SnapshotInParts() override;

  bool Advance(int64_t budget) override;
  Result<KeyedSnapshot> Take() override;

 private:
  friend class SnapshotsUnderWay;
  void Leave();

  Parts parts_;
  size_t saved_ = 0;            // parts that do not need the backend any more
  bool abandoned_ = false;      // the backend went before all were saved
  SnapshotsUnderWay* backend_;  // null when it is not needed any more
};

class SnapshotsUnderWay {
 public:
  SnapshotsUnderWay() = default;
  SnapshotsUnderWay(const SnapshotsUnderWay&) = delete;
  SnapshotsUnderWay& operator=(const SnapshotsUnderWay&) = delete;
  /// What is under way cannot be ended any more.
  ~SnapshotsUnderWay() { Abandon(); }

  /// Saves at once what the snapshot under way still has to save.
  void Finish();
  void Abandon();

 private:
  friend class SnapshotInParts;
  SnapshotInParts* newest_ = nullptr;
};

}  // namespace thalweg::state
