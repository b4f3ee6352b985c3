// Writes and reads the segments of a KeyedSnapshot. Rule: within a group entries stand in the order of (state, key, namespace),
// whatever order a backend found them in, so that equal state has equal bytes. docs/internals/state.md has the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "state/keyed_backend.h"
#include "state/snapshot.h"

namespace thalweg::state {

/// One entry; the views point into the segment.
struct SegmentEntry {
  size_t state = 0;  // index into the specs
  std::string_view key;
  std::string_view ns;
  std::string_view value;
  int64_t expiry_ms = 0;  // only if the state has a TTL
};

/// One thread; one snapshot.
class SnapshotWriter {
 public:
  /// The entries added until the next Begin or Take are of this state. States come in the order of their names.
  void Begin(const StateSpec& spec);
  void Add(uint16_t group, std::string_view key, std::string_view ns, std::string_view value, int64_t expiry_ms);
  KeyedSnapshot Take();

 private:
  struct Item {
    uint64_t prefix;  // first 8 bytes of the key, big-endian: settles most comparisons
    size_t offset;
    size_t size;
  };
  struct Group {
    std::string bytes;
    std::vector<Item> items;
    bool sorted = true;
  };
  void EndState();

  KeyedSnapshot snapshot_;
  std::vector<Group> groups_;  // by group, of the current state
};

/// Walks one segment. Hostile bytes end the walk with an error in status().
class SegmentReader {
 public:
  SegmentReader(std::string_view segment, const std::vector<StateSpec>& specs) : in_(segment), specs_(specs) {}
  bool Next(SegmentEntry& entry);
  /// ExternalError if the bytes were not a segment.
  Status status() const;

 private:
  ByteReader in_;
  const std::vector<StateSpec>& specs_;
  bool bad_state_ = false;
};

/// A run of entries of one state and one group outside a snapshot: key, namespace, value and, with a TTL, expiry.
void AppendEntry(const SegmentEntry& entry, bool with_expiry, ByteWriter& out);
bool ReadEntry(ByteReader& in, bool with_expiry, SegmentEntry& entry);

}  // namespace thalweg::state
