// Reads the text files under tests/ that hold SQL: pieces parted by a line.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace thalweg::sql {

/// The pieces of `path` behind each line `separator`, without their last newline. What stands before the first is a comment.
inline std::vector<std::string> ReadPieces(const std::string& path, const std::string& separator) {
  std::ifstream file(path);
  std::vector<std::string> pieces;
  bool begun = false;
  for (std::string line; std::getline(file, line);) {
    if (line == separator) {
      begun = true;
      pieces.emplace_back();
    } else if (begun) {
      pieces.back() += (pieces.back().empty() ? "" : "\n") + line;
    }
  }
  return pieces;
}

}  // namespace thalweg::sql
