#include "config/configuration.h"

#include <set>

#include "config/keys.h"
#include "config/options.h"

namespace thalweg::config {

template <>
Result<bool> ParseValue<bool>(std::string_view text) {
  return ParseBoolean(text);
}
template <>
Result<int64_t> ParseValue<int64_t>(std::string_view text) {
  return ParseInteger(text);
}
template <>
Result<double> ParseValue<double>(std::string_view text) {
  return ParseDouble(text);
}
template <>
Result<std::string> ParseValue<std::string>(std::string_view text) {
  return std::string(text);
}
template <>
Result<Duration> ParseValue<Duration>(std::string_view text) {
  return ParseDuration(text);
}
template <>
Result<MemorySize> ParseValue<MemorySize>(std::string_view text) {
  return ParseMemorySize(text);
}
template <>
Result<StringList> ParseValue<StringList>(std::string_view text) {
  return ParseList(text);
}
template <>
Result<StringMap> ParseValue<StringMap>(std::string_view text) {
  return ParseMap(text);
}

namespace {

// A definition under its current key.
struct Resolved {
  std::string key;
  const KeyInfo* info;
  bool deprecated;
};

// The current keys of a written one: itself, or those it is a deprecated name of.
Result<std::vector<Resolved>> Resolve(const Definition& definition) {
  if (const KeyInfo* info = FindKey(definition.key)) return std::vector<Resolved>{{definition.key, info, false}};
  std::vector<Resolved> resolved;
  for (const KeyInfo* info : KeysOfDeprecated(definition.key)) resolved.push_back({std::string(info->key), info, true});
  if (definition.key.starts_with("table.exec.emit."))
    return UserError(
        "Configuration key '{}' is not supported ({}): a window gives its result once, when it closes; CUMULATE gives "
        "results on the way, LATE DATA INTO keeps rows that come late",
        definition.key, definition.origin);
  if (resolved.empty()) {
    return UserError("Unknown configuration key '{}' ({}){}", definition.key, definition.origin,
                     SuggestKey(definition.key));
  }
  return resolved;
}

// Keys without effect are looked at, too: what is mistyped must not wait for the day they get theirs.
Status CheckText(const Resolved& key, std::string_view text) {
  if (const HonouredOption* honoured = FindHonoured(key.key)) {
    THALWEG_TRY(honoured->check(text));
    return key.info->type == "Integer" ? CheckType(*key.info, text) : Status();
  }
  const bool is_map_entry = key.info->type == "Map" && key.info->key != key.key;
  return is_map_entry ? Status() : CheckType(*key.info, text);
}

void Warn(const Definition& definition, const std::vector<Resolved>& resolved, std::vector<std::string>* warnings) {
  const Resolved& first = resolved.front();
  if (first.deprecated) {
    std::string current;
    for (const Resolved& key : resolved) current += (current.empty() ? "'" : " and '") + key.key + "'";
    warnings->push_back(
        fmt::format("Configuration key '{}' is deprecated ({}); write {}", definition.key, definition.origin, current));
  }
  if (!first.info->last_release.empty()) {
    warnings->push_back(fmt::format("Configuration key '{}' has no effect: Flink dropped it after {} ({})",
                                    definition.key, first.info->last_release, definition.origin));
  } else if (first.info->priority != 'C' && FindHonoured(first.info->key) == nullptr) {
    warnings->push_back(
        fmt::format("Configuration key '{}' is known but has no effect yet ({})", definition.key, definition.origin));
  }
}

}  // namespace

Status Configuration::Locate(const Status& status, std::string_view key, std::string_view origin) {
  return status.WithContext(fmt::format("Configuration key '{}' ({})", key, origin));
}

Status Configuration::ApplyLayer(std::span<const Definition> definitions, std::vector<std::string>* warnings) {
  auto entries = entries_;
  std::vector<std::string> new_warnings;
  std::set<std::string> current_in_layer;  // keys this layer gave by their current name
  for (const Definition& definition : definitions) {
    THALWEG_ASSIGN(std::vector<Resolved> resolved, Resolve(definition));
    Warn(definition, resolved, &new_warnings);
    for (const Resolved& key : resolved) {
      Status checked = CheckText(key, definition.text);
      if (!checked.ok()) return Locate(checked, definition.key, definition.origin);
      if (!key.deprecated) current_in_layer.insert(key.key);
      if (key.deprecated && current_in_layer.contains(key.key)) continue;
      entries[key.key] = {definition.text, definition.origin, definition.key};
    }
  }
  entries_ = std::move(entries);
  warnings->insert(warnings->end(), new_warnings.begin(), new_warnings.end());
  return {};
}

Status Configuration::Set(std::string_view key, std::string_view text, std::vector<std::string>* warnings) {
  std::vector<std::string> dropped;
  Definition definition{std::string(key), std::string(text), "set by program"};
  return ApplyLayer({&definition, 1}, warnings ? warnings : &dropped);
}

bool Configuration::Has(std::string_view key) const { return entries_.find(key) != entries_.end(); }

std::optional<Configuration::Text> Configuration::TextOf(std::string_view key) const {
  const KeyInfo* info = FindKey(key);
  THALWEG_CHECK(info != nullptr, "option of an unknown key: {}", key);
  if (auto found = entries_.find(key); found != entries_.end()) return Text{found->second.text, found->second.origin};
  if (info->default_value) return Text{std::string(*info->default_value), "default"};
  return std::nullopt;
}

void Configuration::AddEntries(std::string_view key, std::optional<StringMap>* map) const {
  std::string prefix = std::string(key) + ".";
  for (auto it = entries_.lower_bound(prefix); it != entries_.end() && it->first.starts_with(prefix); ++it) {
    if (!map->has_value()) map->emplace();
    (**map)[it->first.substr(prefix.size())] = it->second.text;
  }
}

}  // namespace thalweg::config
