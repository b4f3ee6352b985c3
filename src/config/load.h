// Configuration from where people write it: Flink's config.yaml (nested or flat keys) and -D key=value.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/configuration.h"

namespace thalweg::config {

inline constexpr size_t kConfigFileBytes = 16 << 20;  // a larger file is no configuration

/// Definitions of a YAML text, nested keys joined by '.', sequences as "a;b". `name` is the file's, for places
/// ("name:line:column"). User error if malformed, if a key is given twice, or if the top level is no map. A key without a value is
/// left out, with a warning.
Result<std::vector<Definition>> ParseYaml(std::string_view text, std::string_view name,
                                          std::vector<std::string>* warnings);

/// ParseYaml of a file.
Result<std::vector<Definition>> ReadYamlFile(const std::string& path, std::vector<std::string>* warnings);

/// "key=value" as it follows -D. User error without '=' or key.
Result<Definition> ParseDefinition(std::string_view text);

struct LoadedConfiguration {
  Configuration configuration;
  std::vector<std::string> warnings;  // one line each; the caller shows them
};

/// Defaults < file (none if `path` is empty) < definitions in their order.
Result<LoadedConfiguration> LoadConfiguration(const std::string& path, std::span<const std::string> definitions);

}  // namespace thalweg::config
