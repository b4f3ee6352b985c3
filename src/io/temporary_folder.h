// A folder that goes with its owner: scratch space of tests and of state that lives no longer than its process.
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "base/status.h"

namespace thalweg::io {

/// Makes a folder of its own below the system's temporary folder (TMPDIR); removes it with all it holds on destruction.
class TemporaryFolder {
 public:
  /// Where it has to be possible: tests.
  TemporaryFolder() : TemporaryFolder(Make().value()) {}
  /// User error where it cannot be made: rights, a full disk.
  static Result<TemporaryFolder> Make() {
    std::error_code error;
    std::string path = (std::filesystem::temp_directory_path(error) / "thalweg-XXXXXX").string();
    if (error) return UserError("No temporary folder: {}", error.message());
    if (::mkdtemp(path.data()) == nullptr)
      return UserError("Cannot make a temporary folder {}: {}", path, std::strerror(errno));
    return TemporaryFolder(std::move(path));
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string uri() const { return "file://" + path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace thalweg::io
