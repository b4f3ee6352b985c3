// Golden vectors by name: what the programs of tests/golden say of sources, sinks and windows in checkpoints, and of specs.
#pragma once

#include <fstream>
#include <map>
#include <string>

#include "base/status.h"
#include "testing/source_folder.h"

namespace thalweg::testing {

/// The lines "name<tab>hex" of a file of tests/golden; stops the test program if there are none.
inline std::map<std::string, std::string> GoldenVectors(const std::string& file) {
  std::map<std::string, std::string> vectors;
  std::ifstream in(SourceFolder() + "/tests/golden/" + file);
  for (std::string line; std::getline(in, line);) {
    const size_t tab = line.find('\t');
    if (line.starts_with('#') || tab == std::string::npos) continue;
    std::string bytes;
    for (size_t at = tab + 1; at + 1 < line.size(); at += 2)
      bytes += static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16));
    vectors[line.substr(0, tab)] = std::move(bytes);
  }
  THALWEG_CHECK(!vectors.empty(), "No golden vectors in {}", file);
  return vectors;
}

/// The line of tests/golden/states.tsv that begins with `name`; stops the test program if there is none.
inline std::string GoldenState(const std::string& name) {
  const auto vectors = GoldenVectors("states.tsv");
  const auto found = vectors.find(name);
  THALWEG_CHECK(found != vectors.end(), "No golden state: {}", name);
  return found->second;
}

}  // namespace thalweg::testing
