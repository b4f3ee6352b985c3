#include "config/load.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>

namespace thalweg::config {

namespace {

std::string Place(std::string_view name, const YAML::Mark& mark) {
  if (mark.is_null()) return std::string(name);
  return fmt::format("{}:{}:{}", name, mark.line + 1, mark.column + 1);
}

// Walks a YAML tree and collects its leaves under their joined keys.
class Flattener {
 public:
  Flattener(std::string_view name, std::vector<std::string>* warnings) : name_(name), warnings_(warnings) {}

  Status Walk(const YAML::Node& map, const std::string& prefix) {
    for (const auto& pair : map) {
      const YAML::Node& key_node = pair.first;
      if (!key_node.IsScalar() || key_node.Scalar().empty())
        return UserError("Key is not plain text ({})", Place(name_, key_node.Mark()));
      std::string key = prefix + key_node.Scalar();
      if (pair.second.IsMap()) {
        THALWEG_TRY(Walk(pair.second, key + "."));
      } else {
        THALWEG_TRY(AddLeaf(std::move(key), key_node.Mark(), pair.second));
      }
    }
    return {};
  }

  std::vector<Definition> Take() { return std::move(definitions_); }

 private:
  Status AddLeaf(std::string key, const YAML::Mark& mark, const YAML::Node& value) {
    std::string place = Place(name_, mark);
    auto [first, inserted] = places_.emplace(key, place);
    if (!inserted) return UserError("Key is given twice: '{}' ({} and {})", key, first->second, place);
    if (value.IsNull() || !value.IsDefined()) {
      warnings_->push_back(fmt::format("Configuration key '{}' has no value and is left out ({})", key, place));
      return {};
    }
    THALWEG_ASSIGN(std::string text, TextOf(key, value));
    definitions_.push_back({std::move(key), std::move(text), std::move(place)});
    return {};
  }

  // Sequences become lists ("a;b"), and maps inside them map texts ("k:v,k2:v2"), as Flink writes them on one line.
  Result<std::string> TextOf(const std::string& key, const YAML::Node& value) {
    if (value.IsScalar()) return value.Scalar();
    StringList list;
    for (const YAML::Node& item : value) {
      if (item.IsScalar()) {
        list.push_back(item.Scalar());
        continue;
      }
      if (!item.IsMap()) return UserError("List is nested too deep: '{}' ({})", key, Place(name_, item.Mark()));
      StringMap map;
      for (const auto& pair : item) {
        if (!pair.first.IsScalar() || !pair.second.IsScalar()) {
          return UserError("List is nested too deep: '{}' ({})", key, Place(name_, item.Mark()));
        }
        map[pair.first.Scalar()] = pair.second.Scalar();
      }
      list.push_back(FormatMap(map));
    }
    return FormatList(list);
  }

  const std::string_view name_;
  std::vector<std::string>* const warnings_;
  std::map<std::string, std::string> places_;
  std::vector<Definition> definitions_;
};

}  // namespace

Result<std::vector<Definition>> ParseYaml(std::string_view text, std::string_view name,
                                          std::vector<std::string>* warnings) {
  try {
    YAML::Node root = YAML::Load(std::string(text));
    if (root.IsNull()) return std::vector<Definition>();
    if (!root.IsMap())
      return UserError("Configuration file is not a list of 'key: value' lines ({})", Place(name, root.Mark()));
    Flattener flattener(name, warnings);
    THALWEG_TRY(flattener.Walk(root, ""));
    return flattener.Take();
  } catch (const YAML::Exception& exception) {
    return UserError("Configuration file is not valid YAML: {} ({})", exception.msg, Place(name, exception.mark));
  }
}

Result<std::vector<Definition>> ReadYamlFile(const std::string& path, std::vector<std::string>* warnings) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return UserError("Cannot open configuration file: {}: {}", std::strerror(errno), path);
  std::string text;
  char block[16 << 10];
  while (text.size() <= kConfigFileBytes && (file.read(block, sizeof(block)) || file.gcount() > 0)) {
    text.append(block, static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return UserError("Cannot read configuration file: {}: {}", std::strerror(errno), path);
  if (text.size() > kConfigFileBytes)
    return UserError("Configuration file is larger than {} bytes: {}", kConfigFileBytes, path);
  return ParseYaml(text, path, warnings);
}

Result<Definition> ParseDefinition(std::string_view text) {
  size_t equals = text.find('=');
  std::string_view key = Trimmed(text.substr(0, equals));
  if (equals == std::string_view::npos || key.empty())
    return UserError("Malformed definition '-D {}'; write -D key=value", text);
  return Definition{std::string(key), std::string(Trimmed(text.substr(equals + 1))), "-D"};
}

Result<LoadedConfiguration> LoadConfiguration(const std::string& path, std::span<const std::string> definitions) {
  LoadedConfiguration loaded;
  if (!path.empty()) {
    THALWEG_ASSIGN(std::vector<Definition> file, ReadYamlFile(path, &loaded.warnings));
    THALWEG_TRY(loaded.configuration.ApplyLayer(file, &loaded.warnings));
  }
  std::vector<Definition> given;
  for (const std::string& text : definitions) {
    THALWEG_ASSIGN(Definition definition, ParseDefinition(text));
    given.push_back(std::move(definition));
  }
  THALWEG_TRY(loaded.configuration.ApplyLayer(given, &loaded.warnings));
  return loaded;
}

}  // namespace thalweg::config
