// What a snapshot of one operator subtask is made of, independent of backend and parallelism.
// Rule: an entry is (state, key group, key, namespace, value) in canonical bytes, so that any backend restores what any other wrote.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::state {

/// The numbers stand on disk.
enum class StateKind : uint8_t {
  kValue = 1,
  kList = 2,
  kMap = 3,
  kReducing = 4,
  kAggregating = 5,
  kTimers = 6,
  kTable = 7
};

/// Time to live of a state's entries, with Flink's options (StateTtlConfig).
struct TtlSpec {
  enum class Update : uint8_t { kOnCreateAndWrite = 0, kOnReadAndWrite = 1 };
  enum class Visibility : uint8_t { kNeverReturnExpired = 0, kReturnExpiredIfNotCleanedUp = 1 };
  int64_t ttl_ms = 0;  // 0: lives for ever
  Update update = Update::kOnCreateAndWrite;
  Visibility visibility = Visibility::kNeverReturnExpired;
  bool operator==(const TtlSpec&) const = default;
};

/// Describes one keyed state in the snapshot: restoring under another kind or codec is refused with both spelled out.
struct StateSpec {
  std::string name;
  StateKind kind = StateKind::kValue;
  std::string value_codec;      // Codec<V>::Name()
  std::string namespace_codec;  // Codec of a map's user key, "window", or empty
  uint32_t version = 1;
  TtlSpec ttl;
  bool operator==(const StateSpec&) const = default;
};

/// Keyed state: `segments[g]` holds the entries of key group g, each: varint index into `specs`, key, namespace, value (strings),
/// and, when the state has a TTL, int64 expiry in ms. Entries stand in the order of (state, key, namespace) within a group.
struct KeyedSnapshot {
  std::vector<StateSpec> specs;
  std::map<uint16_t, std::string> segments;
};

/// How the items of an operator (non-keyed) state are given out at restore. The numbers stand on disk.
enum class Redistribution : uint8_t { kSplit = 0, kUnion = 1, kBroadcast = 2 };

struct OperatorStateSnapshot {
  std::string name;
  Redistribution mode = Redistribution::kSplit;
  std::string codec;
  std::vector<std::string> items;
};

/// All of one operator in one subtask.
struct OperatorSnapshot {
  std::string uid;
  KeyedSnapshot keyed;
  std::vector<OperatorStateSnapshot> lists;
  std::vector<std::string> committables;  // suffice to finish a sink's commit, here or elsewhere
  std::vector<std::string> splits;        // of a source: split id and position, as the source encodes them
  std::string in_flight;                  // rows taken in but not yet worked off (a batch in wire form); usually empty
};

/// Of one task (a chain's subtask): its operators from head to tail.
struct TaskSnapshot {
  std::vector<OperatorSnapshot> operators;
};

}  // namespace thalweg::state
