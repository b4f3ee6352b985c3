// Storage on a local (or mounted) file system, with the fsyncs that durability takes.
// Rule: temporary file, its bytes, fsync of the file, rename, fsync of the folder; in this order. A temporary file is flocked by
// its writer for as long as it lives, so what a killed process left behind is known by its free lock.
#pragma once

#include <atomic>
#include <string>

#include "io/storage.h"

namespace thalweg::io {

/// Names of files being written start so; List never shows them.
inline constexpr std::string_view kTemporaryPrefix = ".thalweg-tmp-";

class LocalStorage final : public Storage {
 public:
  /// `folder`: absolute. Touches no disk.
  LocalStorage(std::string uri, std::string folder);

  Status Put(std::string_view path, std::string_view bytes) override;
  Result<std::string> Get(std::string_view path) override;
  Result<std::string> Get(std::string_view path, uint64_t offset, uint64_t length) override;
  Result<std::vector<std::string>> List(std::string_view prefix) override;
  Status Delete(std::string_view path) override;
  Status Rename(std::string_view from, std::string_view to) override;
  Result<bool> Exists(std::string_view path) override;
  Result<uint64_t> Size(std::string_view path) override;
  Result<FileStat> Stat(std::string_view path) override;
  Result<std::unique_ptr<Writer>> OpenWriter(std::string_view path) override;
  Result<int64_t> DeleteAbandoned(std::string_view prefix, int64_t age_seconds) override;
  const std::string& uri() const override { return uri_; }

 private:
  std::string Absolute(std::string_view path) const { return folder_ + "/" + std::string(path); }

  const std::string uri_;
  const std::string folder_;
};

/// A file being written in its final folder under a temporary name, flocked. Moves; removes the file unless published.
/// Shared by LocalStorage and FileMetaStore.
class TemporaryFile {
 public:
  /// Makes the folders of `target` (each one's entry fsynced) and the temporary file beside it.
  static Result<TemporaryFile> Create(std::string target);
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&& other) noexcept;
  ~TemporaryFile();

  Status Append(std::string_view bytes);
  /// fsync, rename over the target, fsync of the folder.
  Status Replace();
  /// fsync, link to the target, fsync of the folder. False: a file of that name was there first.
  Result<bool> LinkIfAbsent();
  void Discard();

 private:
  TemporaryFile(int fd, std::string path, std::string target)
      : fd_(fd), path_(std::move(path)), target_(std::move(target)) {}
  Status Sync();

  int fd_ = -1;
  std::string path_;
  std::string target_;
};

/// Makes `folder` and its parents; a new folder's entry is durable on return.
Status MakeFolders(const std::string& folder);
/// fsync of a folder: the names in it are durable on return. A folder that is gone has none: ok.
Status SyncFolder(const std::string& folder);
/// The folder part of an absolute path.
std::string ParentFolder(const std::string& path);

}  // namespace thalweg::io
