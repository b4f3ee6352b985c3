// What a job and its process were told: values by key, each with the place it came from.
// Rule: layers override (built-in defaults < file < -D), a current key beats its deprecated names within one layer, and a value
// is read through its option only, whose key is known, so that no misspelt key passes in silence.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/status.h"
#include "config/values.h"

namespace thalweg::config {

/// An enum that is a configuration value specialises this with `static constexpr std::array<std::pair<std::string_view, T>, N>
/// kNames`: the accepted spellings (compared without regard to case), the preferred one of each value first.
template <typename T>
struct EnumNames;

namespace internal {
template <typename T>
inline constexpr bool kIsOrdered = std::is_same_v<T, int64_t> || std::is_same_v<T, double> ||
                                   std::is_same_v<T, Duration> || std::is_same_v<T, MemorySize>;
struct None {
  auto operator<=>(const None&) const = default;
};
}  // namespace internal

/// A key with its type: bool, int64_t, double, std::string, Duration, MemorySize, StringList, StringMap, or an enum.
/// Its default is the key table's (keys.h).
template <typename T>
struct ConfigOption {
  std::string_view key;
  std::string_view description;
  /// Least and greatest allowed value; numbers, durations and sizes only.
  std::conditional_t<internal::kIsOrdered<T>, std::optional<T>, internal::None> minimum{};
  std::conditional_t<internal::kIsOrdered<T>, std::optional<T>, internal::None> maximum{};
};

/// Text to value by the grammar of T (values.h).
template <typename T>
Result<T> ParseValue(std::string_view text);
template <>
Result<bool> ParseValue<bool>(std::string_view text);
template <>
Result<int64_t> ParseValue<int64_t>(std::string_view text);
template <>
Result<double> ParseValue<double>(std::string_view text);
template <>
Result<std::string> ParseValue<std::string>(std::string_view text);
template <>
Result<Duration> ParseValue<Duration>(std::string_view text);
template <>
Result<MemorySize> ParseValue<MemorySize>(std::string_view text);
template <>
Result<StringList> ParseValue<StringList>(std::string_view text);
template <>
Result<StringMap> ParseValue<StringMap>(std::string_view text);
template <typename T>
Result<T> ParseValue(std::string_view text) {
  std::string wanted = LowerCase(Trimmed(text));
  std::string allowed;
  for (const auto& [name, value] : EnumNames<T>::kNames) {
    if (wanted == LowerCase(name)) return value;
    allowed += (allowed.empty() ? "" : ", ") + std::string(name);
  }
  return UserError("Not one of the allowed values: '{}'; write one of: {}", text, allowed);
}

/// Text to value, and within the option's bounds.
template <typename T>
Result<T> ParseOption(const ConfigOption<T>& option, std::string_view text) {
  THALWEG_ASSIGN(T value, ParseValue<T>(text));
  if constexpr (internal::kIsOrdered<T>) {
    if (option.minimum && value < *option.minimum) return UserError("Value is below the least allowed: '{}'", text);
    if (option.maximum && value > *option.maximum) return UserError("Value is above the most allowed: '{}'", text);
  }
  return value;
}

/// One `key: value` as somebody wrote it.
struct Definition {
  std::string key;
  std::string text;
  std::string origin;  // for messages: "config.yaml:3:1", "-D"
};

/// One value in force.
struct ConfigEntry {
  std::string text;
  std::string origin;
  std::string written_key;  // as written: the key itself or a deprecated name of it
};

/// Not thread-safe while it is changed; const afterwards.
class Configuration {
 public:
  /// Adds a layer over what is there. Unknown keys and values that their option refuses are user errors naming place and
  /// nearest key. Appends warnings (deprecated names, keys without effect) to `*warnings`. An error leaves it unchanged.
  Status ApplyLayer(std::span<const Definition> definitions, std::vector<std::string>* warnings);

  /// A layer of one value, by program. Errors and warnings as ApplyLayer.
  Status Set(std::string_view key, std::string_view text, std::vector<std::string>* warnings = nullptr);

  /// Forgets what was given for `key`: its default holds again.
  void Unset(std::string_view key) {
    if (auto found = entries_.find(key); found != entries_.end()) entries_.erase(found);
  }

  /// The value in force: given, or the key's default; nullopt if neither. User error if malformed.
  template <typename T>
  Result<std::optional<T>> Find(const ConfigOption<T>& option) const {
    std::optional<Text> text = TextOf(option.key);
    std::optional<T> found;
    if (text) {
      Result<T> value = ParseOption(option, text->text);
      if (!value.ok()) return Locate(value.status(), option.key, text->origin);
      found = std::move(value).value();
    }
    if constexpr (std::is_same_v<T, StringMap>) AddEntries(option.key, &found);
    return found;
  }

  /// As Find, for keys that have a default or must be given: user error if there is no value.
  template <typename T>
  Result<T> Get(const ConfigOption<T>& option) const {
    THALWEG_ASSIGN(std::optional<T> value, Find(option));
    if (!value) return UserError("Configuration key has no value and no default: {}", option.key);
    return *std::move(value);
  }

  /// True if the key was given (not by default).
  bool Has(std::string_view key) const;
  /// All given values by current key.
  const std::map<std::string, ConfigEntry, std::less<>>& entries() const { return entries_; }

 private:
  struct Text {
    std::string text;
    std::string origin;
  };
  std::optional<Text> TextOf(std::string_view key) const;
  // Adds what was given as "map-key.entry: value".
  void AddEntries(std::string_view key, std::optional<StringMap>* map) const;
  static Status Locate(const Status& status, std::string_view key, std::string_view origin);

  std::map<std::string, ConfigEntry, std::less<>> entries_;
};

}  // namespace thalweg::config
