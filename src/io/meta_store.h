// Small named values that change by compare-and-set: the commit point of checkpoints, later leases.
// Rule: of all writers that expect the same version of a key, exactly one wins, and its value is durable before it learns so.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::io {

struct MetaEntry {
  std::string value;
  uint64_t version;  // opaque: differs for every write of the key; says nothing about order
};

/// What a compare-and-set did.
struct CasOutcome {
  bool won;
  std::optional<MetaEntry>
      current;  // the entry now: ours if won, else the one that was in the way (none: the key is absent)
};

/// Thread-safe and safe among processes. Calls may block. Keys: relative paths, as in Storage. Values: up to kMetaValueBytes.
class MetaStore {
 public:
  virtual ~MetaStore() = default;
  /// nullopt if the key is absent; an external error if its value is damaged.
  virtual Result<std::optional<MetaEntry>> Get(std::string_view key) = 0;
  /// Writes `value` if the key's version is `expected` (nullopt: if the key is absent). Losing is an outcome, not an error. An
  /// error leaves open which it was: Get and compare the value with yours.
  virtual Result<CasOutcome> CompareAndSet(std::string_view key, std::optional<uint64_t> expected,
                                           std::string_view value) = 0;
  /// Keys that start with `prefix`, sorted bytewise.
  virtual Result<std::vector<std::string>> List(std::string_view prefix) = 0;
  /// Removes a key, whatever its version and even if damaged. An absent key is not an error.
  virtual Status Delete(std::string_view key) = 0;
};

// A manifest with inlined small states stays far below; etcd's default limit on a request is 1.5 MiB, an object's is larger.
inline constexpr uint64_t kMetaValueBytes = 256ull << 20;

/// MetaStore below `uri` (file:// or an absolute path). Unknown scheme: user error that names the known ones. Touches no disk.
Result<std::shared_ptr<MetaStore>> OpenMetaStore(std::string_view uri);

}  // namespace thalweg::io
