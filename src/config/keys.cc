#include "config/keys.h"

#include <algorithm>
#include <limits>

#include "base/edit_distance.h"

namespace thalweg::config {

namespace {

const KeyInfo* FindExact(std::span<const KeyInfo> keys, std::string_view key) {
  auto found = std::lower_bound(keys.begin(), keys.end(), key,
                                [](const KeyInfo& info, std::string_view k) { return info.key < k; });
  return found != keys.end() && found->key == key ? &*found : nullptr;
}

bool IsPlaceholder(std::string_view part) { return part.size() > 2 && part.front() == '<' && part.back() == '>'; }

// Removes the first '.'-separated part of `*text` and returns it.
std::string_view TakePart(std::string_view* text) {
  size_t dot = text->find('.');
  std::string_view part = text->substr(0, dot);
  text->remove_prefix(dot == std::string_view::npos ? text->size() : dot + 1);
  return part;
}

bool Matches(std::string_view pattern, std::string_view key) {
  while (!pattern.empty() && !key.empty()) {
    std::string_view part = TakePart(&pattern);
    if (IsPlaceholder(part) && pattern.empty()) return true;
    std::string_view key_part = TakePart(&key);
    if (IsPlaceholder(part) ? key_part.empty() : part != key_part) return false;
  }
  return pattern.empty() && key.empty();
}

// The pattern with the fewest placeholders wins: "metrics.reporter.<name>.interval" over "metrics.reporter.<name>.<parameter>".
const KeyInfo* FindPattern(std::string_view key) {
  const KeyInfo* best = nullptr;
  for (const KeyInfo& info : FlinkKeys()) {
    if (info.key.find('<') == std::string_view::npos || !Matches(info.key, key)) continue;
    auto placeholders = [](const KeyInfo& k) { return std::count(k.key.begin(), k.key.end(), '<'); };
    if (best == nullptr || placeholders(info) < placeholders(*best)) best = &info;
  }
  return best;
}

// Calls `visit(name, info)` for each older name.
template <typename Visit>
void ForEachDeprecated(const KeyInfo& info, const Visit& visit) {
  std::string_view rest = info.deprecated_keys;
  while (!rest.empty()) {
    size_t comma = std::min(rest.find(','), rest.size());
    visit(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
}

}  // namespace

const KeyInfo* FindKey(std::string_view key) {
  if (const KeyInfo* info = FindExact(FlinkKeys(), key)) return info;
  if (const KeyInfo* info = FindExact(OwnKeys(), key)) return info;
  if (const KeyInfo* info = FindPattern(key)) return info;
  for (size_t dot = key.rfind('.'); dot != std::string_view::npos && dot > 0; dot = key.rfind('.', dot - 1)) {
    const KeyInfo* info = FindExact(FlinkKeys(), key.substr(0, dot));
    if (info != nullptr && info->type == "Map") return info;
  }
  return nullptr;
}

std::vector<const KeyInfo*> KeysOfDeprecated(std::string_view deprecated) {
  std::vector<const KeyInfo*> keys;
  for (const KeyInfo& info : FlinkKeys()) {
    ForEachDeprecated(info, [&](std::string_view name) {
      if (name == deprecated) keys.push_back(&info);
    });
  }
  return keys;
}

std::string_view NearestKey(std::string_view key) {
  std::string_view nearest;
  size_t least = std::numeric_limits<int32_t>::max();
  auto consider = [&](std::string_view candidate) {
    size_t distance = EditDistance(key, candidate, least);
    if (distance < least || (distance == least && candidate < nearest)) {
      least = distance;
      nearest = candidate;
    }
  };
  for (std::span<const KeyInfo> keys : {FlinkKeys(), OwnKeys()}) {
    for (const KeyInfo& info : keys) {
      consider(info.key);
      ForEachDeprecated(info, consider);
    }
  }
  return nearest;
}

}  // namespace thalweg::config
