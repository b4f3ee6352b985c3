// Bytes that tests/golden/states.py says a source, sink or window puts into a checkpoint.
#pragma once

#include <fstream>
#include <string>

#include "base/status.h"
#include "testing/source_folder.h"

namespace thalweg::testing {

/// The line of tests/golden/states.tsv that begins with `name`; stops the test program if there is none.
inline std::string GoldenState(const std::string& name) {
  std::ifstream file(SourceFolder() + "/tests/golden/states.tsv");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with(name + "\t")) continue;
    std::string bytes;
    for (size_t at = name.size() + 1; at + 1 < line.size(); at += 2)
      bytes += static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16));
    return bytes;
  }
  THALWEG_CHECK(false, "No golden state: {}", name);
  return {};
}

}  // namespace thalweg::testing
