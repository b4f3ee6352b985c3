#include "config/keys.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "config/values.h"

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

// "Enum(A|B)".
Status CheckEnum(std::string_view type, std::string_view text) {
  const size_t open = type.find('(');
  if (open == std::string_view::npos) return {};  // its values are not known
  std::string_view rest = type.substr(open + 1, type.size() - open - 2);
  const std::string wanted = LowerCase(Trimmed(text));
  std::string allowed;
  while (!rest.empty()) {
    const size_t bar = std::min(rest.find('|'), rest.size());
    if (wanted == LowerCase(rest.substr(0, bar))) return {};
    allowed += (allowed.empty() ? "" : ", ") + std::string(rest.substr(0, bar));
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return UserError("Not one of the allowed values: '{}'; write one of: {}", text, allowed);
}

}  // namespace

Status CheckType(const KeyInfo& info, std::string_view text) {
  if (info.type == "Boolean") return ParseBoolean(text).status();
  if (info.type == "Integer" || info.type == "Long") {
    THALWEG_ASSIGN(const int64_t value, ParseInteger(text));
    if (info.type == "Integer" && (value < INT32_MIN || value > INT32_MAX))
      return UserError("Value is beyond {} to {}: '{}'", INT32_MIN, INT32_MAX, text);
    return {};
  }
  if (info.type == "Double") return ParseDouble(text).status();
  if (info.type == "Duration") return ParseDuration(text).status();
  // Flink writes one default as "infinite", which its own parser refuses.
  if (info.type == "MemorySize") return text == info.default_value ? Status() : ParseMemorySize(text).status();
  if (info.type == "Map") return ParseMap(text).status();
  if (info.type.starts_with("List<")) return ParseList(text).status();
  if (info.type.starts_with("Enum")) return CheckEnum(info.type, text);
  return {};
}

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

std::string SuggestKey(std::string_view key) {
  std::vector<std::string_view> candidates;
  for (std::span<const KeyInfo> keys : {FlinkKeys(), OwnKeys()}) {
    for (const KeyInfo& info : keys) {
      candidates.push_back(info.key);
      ForEachDeprecated(info, [&](std::string_view name) { candidates.push_back(name); });
    }
  }
  std::sort(candidates.begin(), candidates.end());
  NearestWord nearest(key);
  for (std::string_view candidate : candidates) nearest.Consider(candidate);
  return nearest.Suggestion();
}

}  // namespace thalweg::config
