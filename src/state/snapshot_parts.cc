#include "state/snapshot_parts.h"

#include <limits>

namespace thalweg::state {

SnapshotInParts::SnapshotInParts(Parts parts, SnapshotsUnderWay& backend)
    : parts_(std::move(parts)), backend_(&backend) {
  THALWEG_CHECK(backend.newest_ == nullptr, "one snapshot of a backend at a time");
  backend.newest_ = this;
}

SnapshotInParts::~SnapshotInParts() { Leave(); }

void SnapshotInParts::Leave() {
  if (backend_ != nullptr) backend_->newest_ = nullptr;
  backend_ = nullptr;
}

bool SnapshotInParts::Advance(int64_t budget) {
  if (backend_ == nullptr) return true;
  for (; saved_ < parts_.size(); ++saved_)
    if (!parts_[saved_].second->Advance(budget)) return false;
  Leave();
  return true;
}

Result<KeyedSnapshot> SnapshotInParts::Take() {
  if (abandoned_) return InternalError("A snapshot was taken whose backend has gone");
  THALWEG_CHECK(backend_ == nullptr, "a snapshot is taken when Advance has said that it is complete");
  SnapshotWriter out;
  for (auto& [spec, part] : parts_) {
    out.Begin(spec);
    THALWEG_TRY(part->Write(out));
    part.reset();
  }
  parts_.clear();
  return out.Take();
}

void SnapshotsUnderWay::Finish() {
  while (newest_ != nullptr) newest_->Advance(std::numeric_limits<int64_t>::max());
}

void SnapshotsUnderWay::Abandon() {
  if (newest_ == nullptr) return;
  SnapshotInParts& snapshot = *newest_;
  snapshot.Leave();
  snapshot.abandoned_ = true;
  snapshot.parts_.clear();  // they hold on to the backend's tables
}

}  // namespace thalweg::state
