// The offsets that a consumer commits to its group.
// Rule: one commit at a time. The next goes out when the one before was answered, so none overtakes another; what is asked for
// meanwhile waits as one commit, in which the newest offset of each partition stands.
#pragma once

#include <optional>
#include <utility>

#include "connectors/log_client.h"

namespace thalweg::connectors {

/// Knows nothing of Kafka: who owns it sends what Next() gives. One thread.
class KafkaCommits {
 public:
  void Ask(const LogOffsets& offsets) {
    for (const auto& [partition, offset] : offsets) waiting_[partition] = offset;
    due_ = !waiting_.empty();
  }

  /// What is to be sent now, once; nothing while an answer is awaited.
  std::optional<LogOffsets> Next() {
    if (under_way() || !due_) return std::nullopt;
    due_ = false;
    under_way_ = std::exchange(waiting_, {});
    return under_way_;
  }

  /// To what Next() gave. Refused offsets go out with the next commit, unless there are newer ones of their partition: an ended
  /// partition stands in one commit only.
  void OnAnswer(bool taken) {
    if (!taken) waiting_.merge(under_way_);
    under_way_.clear();
  }

  /// Refused offsets go out again without a new request.
  void AskAgain() { due_ = !waiting_.empty(); }

  bool under_way() const { return !under_way_.empty(); }
  const LogOffsets& unanswered() const { return under_way_; }
  bool settled() const { return !under_way() && waiting_.empty(); }

  /// What the group has not got, as far as is known.
  LogOffsets owed() const {
    LogOffsets owed = waiting_;
    owed.insert(under_way_.begin(), under_way_.end());
    return owed;
  }

 private:
  LogOffsets waiting_, under_way_;
  bool due_ = false;
};

}  // namespace thalweg::connectors
