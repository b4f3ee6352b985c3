// A folder that goes with its owner: scratch space of tests and of state that lives no longer than its process.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/check.h"

namespace thalweg::io {

/// Makes a folder of its own below the system's temporary folder (TMPDIR); removes it with all it holds on destruction.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "thalweg-XXXXXX").string()) {
    THALWEG_CHECK(::mkdtemp(path_.data()) != nullptr, "cannot make a temporary folder: {}", path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string uri() const { return "file://" + path_; }

 private:
  std::string path_;
};

}  // namespace thalweg::io
