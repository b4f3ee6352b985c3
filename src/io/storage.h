// Files by name below one root: the seam between the engine and where its bytes lie (local disks now, object stores later).
// Rule: a name appears only with all of its bytes, and when Put or Commit has returned ok they survive a power cut.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::io {

/// One file being written. The name appears at Commit and never before; a writer destroyed without Commit leaves nothing.
/// One thread at a time.
class Writer {
 public:
  virtual ~Writer() = default;
  /// Adds bytes at the end. After an error the writer can only be aborted.
  virtual Status Append(std::string_view bytes) = 0;
  /// Makes the bytes durable, then the name visible (replacing a file of that name). The last call but the destructor.
  virtual Status Commit() = 0;
  /// Drops what was written. Idempotent; no effect after Commit.
  virtual void Abort() = 0;
  /// Bytes appended so far.
  virtual uint64_t size() const = 0;
};

struct FileStat {
  uint64_t size = 0;
  int64_t modified_ms = 0;  // since the epoch
};

/// Thread-safe. Every call may block on a disk or a network: not for an event loop's thread (io/executor.h).
/// Paths are relative to the root, '/'-separated, without empty, "." or ".." parts; anything else is a user error.
class Storage {
 public:
  virtual ~Storage() = default;
  /// Writes a whole file, replacing one of that name; durable on return. Folders are made as needed.
  virtual Status Put(std::string_view path, std::string_view bytes) = 0;
  /// The whole file. A missing file is an external error that says so.
  virtual Result<std::string> Get(std::string_view path) = 0;
  /// `length` bytes from `offset`; fewer only where the file ends, none at or beyond its end.
  virtual Result<std::string> Get(std::string_view path, uint64_t offset, uint64_t length) = 0;
  /// Paths of all files that start with `prefix` (of any depth), sorted bytewise. No such folder: an empty list.
  virtual Result<std::vector<std::string>> List(std::string_view prefix) = 0;
  /// Removes a file, and folders that became empty. A missing file is not an error.
  virtual Status Delete(std::string_view path) = 0;
  /// Gives a file another name, replacing one that has it; durable on return. Here as a copy, for stores that cannot rename.
  virtual Status Rename(std::string_view from, std::string_view to);
  virtual Result<bool> Exists(std::string_view path) = 0;
  /// Bytes of a file. A missing file is an error.
  virtual Result<uint64_t> Size(std::string_view path) = 0;
  /// Size and time of the last change. A missing file is an error.
  virtual Result<FileStat> Stat(std::string_view path) = 0;
  /// Starts a file too large for one Put.
  virtual Result<std::unique_ptr<Writer>> OpenWriter(std::string_view path) = 0;
  /// Removes what dead writers left below `prefix` and nobody has touched for `age_seconds`. Returns how many.
  virtual Result<int64_t> DeleteAbandoned(std::string_view prefix, int64_t age_seconds) = 0;
  /// The root, as given to OpenStorage.
  virtual const std::string& uri() const = 0;
};

/// Storage below `uri`: file:///absolute/folder, or a plain absolute path. An unknown scheme is a user error that names the
/// known ones. Touches no disk: the first write makes the folders.
Result<std::shared_ptr<Storage>> OpenStorage(std::string_view uri);

/// The local folder of a file:// URI or of a plain absolute path (percent escapes resolved); user error for all else.
Result<std::string> LocalFolder(std::string_view uri);

/// User error unless `path` may name a file below a root (see Storage).
Status CheckRelativePath(std::string_view path);

}  // namespace thalweg::io
