// Partitions that a consumer reads and the brokers do not know: their topic was deleted, or made again with fewer partitions.
// Rule: only what was unknown in every answer for a while is told. A topic that is deleted and made again is away for a moment, and
// so is any topic where a broker learns of it later than the others.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <vector>

#include "connectors/log_client.h"

namespace thalweg::connectors {

/// Knows nothing of Kafka: who owns it asks the brokers. One thread.
class KafkaAbsence {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kLook{1};      // as often as librdkafka looks for such a topic itself
  static constexpr std::chrono::seconds kPatience{5};  // making a topic again takes one or two
  static constexpr std::chrono::minutes kRemind{1};

  /// Somebody missed something.
  void Suspect() { suspected_ = true; }
  void Forget(const TopicPartition& partition) { absent_.erase(partition); }

  /// Whether to ask the brokers now.
  bool ToLook(Time now) {
    if ((!suspected_ && absent_.empty()) || now < next_look_) return false;
    next_look_ = now + kLook;
    return true;
  }

  /// Of an answer: partitions read that it does not know. Returns which of them to tell of now: when they have been absent for long,
  /// and then from time to time.
  std::vector<TopicPartition> OnAnswer(const std::set<TopicPartition>& unknown, Time now) {
    suspected_ = false;
    std::erase_if(absent_, [&](const auto& each) { return !unknown.contains(each.first); });
    std::vector<TopicPartition> told;
    for (const TopicPartition& partition : unknown) {
      Time& tell = absent_.try_emplace(partition, now + kPatience).first->second;
      if (now < tell) continue;
      tell = now + kRemind;
      told.push_back(partition);
    }
    return told;
  }

 private:
  std::map<TopicPartition, Time> absent_;  // with when to tell
  bool suspected_ = false;
  Time next_look_;
};

}  // namespace thalweg::connectors
