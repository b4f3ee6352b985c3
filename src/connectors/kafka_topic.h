// Which names a topic can have: brokers' rule, looked at before anything runs.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/status.h"

namespace thalweg::connectors {

inline constexpr size_t kMaxKafkaTopic = 249;  // with a partition's number behind it, the name of a folder

inline Status CheckKafkaTopic(std::string_view name) {
  auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (!name.empty() && name.size() <= kMaxKafkaTopic && name != "." && name != ".." &&
      std::all_of(name.begin(), name.end(), fits))
    return {};
  return UserError(
      "Not a name of a Kafka topic: '{}'; it has 1 to {} letters, digits, '.', '_' and '-' of ASCII, and is neither "
      "'.' "
      "nor '..'",
      name, kMaxKafkaTopic);
}

}  // namespace thalweg::connectors
