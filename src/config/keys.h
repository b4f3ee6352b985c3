// Every configuration key that is known: Flink's (flink_keys.cc) and ours (own_keys.cc, prefix "thalweg.").
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::config {

struct KeyInfo {
  std::string_view key;  // may hold placeholders such as <name>: any one part; as the last part, any parts
  std::optional<std::string_view> default_value;
  std::string_view type;  // Boolean, Integer, Long, Double, String, Duration, MemorySize, Enum(A|B), List<..>, Map
  std::string_view deprecated_keys;  // comma-separated older names
  char priority;                     // 'A' most used, 'B' known, 'C' accepted silently
  std::string_view last_release;     // of Flink, if it dropped the key
};

/// Sorted by key.
std::span<const KeyInfo> FlinkKeys();
std::span<const KeyInfo> OwnKeys();

/// The key of exactly this name, or whose placeholders match it, or the Map key of which it is an entry ("map-key.entry");
/// nullptr if unknown. Deprecated names are not found here.
const KeyInfo* FindKey(std::string_view key);

/// The keys that `deprecated` is an older name of (one name may have become two keys); empty if it is none.
std::vector<const KeyInfo*> KeysOfDeprecated(std::string_view deprecated);

/// "; did you mean 'known.key'?" with the known key or deprecated name that is nearest to `key`, or "" if none is near.
std::string SuggestKey(std::string_view key);

/// UserError if `text` is no value of the key's type. For a whole value, not one entry of a Map key.
Status CheckType(const KeyInfo& info, std::string_view text);

}  // namespace thalweg::config
