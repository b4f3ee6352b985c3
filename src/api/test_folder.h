// Folders of this folder's tests, which may not reach for io's.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace thalweg::api {

/// The path of a folder of its own below the tests' temporary one; not made. It goes with the process.
inline std::string NewTestFolder() {
  struct Made {
    ~Made() {
      std::error_code ignored;
      for (const std::string& path : paths) std::filesystem::remove_all(path, ignored);
    }
    std::vector<std::string> paths;
  };
  static Made made;
  return made.paths.emplace_back(::testing::TempDir() + "thalweg-api-" + std::to_string(getpid()) + "-" +
                                 std::to_string(made.paths.size()));
}

}  // namespace thalweg::api
