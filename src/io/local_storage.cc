#include "io/local_storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>

#include "io/errno_error.h"
#include "io/file_descriptor.h"

namespace thalweg::io {

namespace {

constexpr uint64_t kWriterBufferBytes = 1 << 20;  // one system call per MiB: 0.1 % of the time of writing it at 1 GB/s
// A folder may be removed as empty (Delete) between making it and making a file in it; each try loses to one other deleter.
constexpr int kCreateTries = 16;

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoError("write file", path, errno);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status MissingFile(std::string_view path) { return ExternalError("File does not exist: {}", path); }

Result<FileDescriptor> OpenForRead(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return errno == ENOENT ? MissingFile(path) : ErrnoError("open file", path, errno);
  return file;
}

// Sizes are taken from the open file, so that a file replaced meanwhile is read as one whole version.
Result<uint64_t> SizeOf(const FileDescriptor& file, const std::string& path) {
  struct stat stat{};
  if (::fstat(file.get(), &stat) != 0) return ErrnoError("read size of file", path, errno);
  if (S_ISDIR(stat.st_mode)) return ErrnoError("read file", path, EISDIR);
  return static_cast<uint64_t>(stat.st_size);
}

Result<std::string> ReadRange(const FileDescriptor& file, const std::string& path, uint64_t offset, uint64_t length) {
  std::string bytes(length, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t got = ::pread(file.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0) {
      if (errno == EINTR) continue;
      return ErrnoError("read file", path, errno);
    }
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

struct FolderEntry {
  std::string name;
  bool is_folder;
};

// Entries of a folder; an absent folder has none.
Result<std::vector<FolderEntry>> ReadFolder(const std::string& folder) {
  std::vector<FolderEntry> entries;
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) {
    if (errno == ENOENT) return entries;
    return ErrnoError("list folder", folder, errno);
  }
  while (true) {
    errno = 0;
    dirent* entry = ::readdir(dir);
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    bool is_folder = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK) {
      struct stat stat{};
      is_folder = ::stat((folder + "/" + name).c_str(), &stat) == 0 && S_ISDIR(stat.st_mode);
    }
    entries.push_back({std::move(name), is_folder});
  }
  int error = errno;
  ::closedir(dir);
  if (error != 0) return ErrnoError("list folder", folder, error);
  return entries;
}

// Appends files below `root`/`relative` (empty, or ending in '/') that `wanted` accepts.
template <typename Wanted>
Status Walk(const std::string& root, const std::string& relative, std::string_view prefix, const Wanted& wanted,
            std::vector<std::string>& found) {
  THALWEG_ASSIGN(std::vector<FolderEntry> entries, ReadFolder(root + "/" + relative));
  for (const FolderEntry& entry : entries) {
    std::string path = relative + entry.name;
    if (!entry.is_folder) {
      if (wanted(path, entry.name)) found.push_back(std::move(path));
      continue;
    }
    path.push_back('/');
    if (path.starts_with(prefix) || prefix.starts_with(path)) THALWEG_TRY(Walk(root, path, prefix, wanted, found));
  }
  return {};
}

class LocalWriter final : public Writer {
 public:
  explicit LocalWriter(TemporaryFile file) : file_(std::move(file)) {}

  Status Append(std::string_view bytes) override {
    THALWEG_CHECK(open_, "Append after Commit or Abort");
    size_ += bytes.size();
    if (buffer_.size() + bytes.size() < kWriterBufferBytes) {
      buffer_.append(bytes);
      return {};
    }
    THALWEG_TRY(FlushBuffer());
    return file_.Append(bytes);
  }

  Status Commit() override {
    THALWEG_CHECK(open_, "Commit after Commit or Abort");
    THALWEG_TRY(FlushBuffer());
    THALWEG_TRY(file_.Replace());
    open_ = false;
    return {};
  }

  void Abort() override {
    if (!open_) return;
    open_ = false;
    file_.Discard();
  }

  uint64_t size() const override { return size_; }

 private:
  Status FlushBuffer() {
    THALWEG_TRY(file_.Append(buffer_));
    buffer_.clear();
    return {};
  }

  TemporaryFile file_;
  std::string buffer_;
  uint64_t size_ = 0;
  bool open_ = true;
};

}  // namespace

std::string ParentFolder(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

Status SyncFolder(const std::string& folder) {
  FileDescriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.valid()) {
    // Removed meanwhile, as empty, by another deleter: no name in it is left to make durable.
    return errno == ENOENT ? Status() : ErrnoError("open folder", folder, errno);
  }
  // Some file systems (mounted, FUSE) refuse fsync of a folder with EINVAL: they promise order themselves.
  if (::fsync(file.get()) != 0 && errno != EINVAL) return ErrnoError("sync folder", folder, errno);
  return {};
}

Status MakeFolders(const std::string& folder) {
  struct stat stat{};
  if (::stat(folder.c_str(), &stat) == 0) {
    return S_ISDIR(stat.st_mode) ? Status() : ErrnoError("make folder", folder, ENOTDIR);
  }
  if (errno != ENOENT) return ErrnoError("make folder", folder, errno);
  std::string parent = ParentFolder(folder);
  if (parent == folder) return ErrnoError("make folder", folder, ENOENT);
  THALWEG_TRY(MakeFolders(parent));
  if (::mkdir(folder.c_str(), 0777) != 0) {
    if (errno == EEXIST) return {};
    return ErrnoError("make folder", folder, errno);
  }
  return SyncFolder(parent);
}

Result<TemporaryFile> TemporaryFile::Create(std::string target) {
  static std::atomic<uint64_t> next{0};  // with the process id: a name no living writer has
  std::string folder = ParentFolder(target);
  for (int attempt = 1;; ++attempt) {
    Status made = MakeFolders(folder);
    std::string path =
        fmt::format("{}/{}{}-{}", folder, kTemporaryPrefix, ::getpid(), next.fetch_add(1, std::memory_order_relaxed));
    int fd = made.ok() ? ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
    if (fd >= 0) {
      ::flock(fd, LOCK_EX | LOCK_NB);  // best effort: without it DeleteAbandoned goes by age alone
      return TemporaryFile(fd, std::move(path), std::move(target));
    }
    // EEXIST: left behind by a dead process that had our id. ENOENT, or a failure to make the folder: it was removed as empty.
    int error = errno;
    bool may_retry = !made.ok() || error == EEXIST || error == ENOENT;
    if (may_retry && attempt < kCreateTries) continue;
    return made.ok() ? ErrnoError("create file in folder", folder, error) : made;
  }
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), target_(std::move(other.target_)) {}

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
  if (this != &other) {
    Discard();
    fd_ = std::exchange(other.fd_, -1);
    path_ = std::move(other.path_);
    target_ = std::move(other.target_);
  }
  return *this;
}

TemporaryFile::~TemporaryFile() { Discard(); }

Status TemporaryFile::Append(std::string_view bytes) { return WriteAll(fd_, bytes, target_); }

Status TemporaryFile::Sync() {
  if (::fsync(fd_) != 0) return ErrnoError("sync file", target_, errno);
  return {};
}

Status TemporaryFile::Replace() {
  THALWEG_TRY(Sync());
  if (::rename(path_.c_str(), target_.c_str()) != 0) return ErrnoError("rename file", target_, errno);
  ::close(std::exchange(fd_, -1));
  return SyncFolder(ParentFolder(target_));
}

Result<bool> TemporaryFile::LinkIfAbsent() {
  THALWEG_TRY(Sync());
  if (::link(path_.c_str(), target_.c_str()) != 0) {
    if (errno == EEXIST) return false;
    return ErrnoError("create file", target_, errno);
  }
  Discard();
  THALWEG_TRY(SyncFolder(ParentFolder(target_)));
  return true;
}

void TemporaryFile::Discard() {
  if (fd_ < 0) return;
  ::unlink(path_.c_str());
  ::close(std::exchange(fd_, -1));
}

LocalStorage::LocalStorage(std::string uri, std::string folder)
    : uri_(std::move(uri)),
      folder_(folder.ends_with('/') ? folder.substr(0, folder.find_last_not_of('/') + 1) : std::move(folder)) {}

Status LocalStorage::Put(std::string_view path, std::string_view bytes) {
  THALWEG_TRY(CheckRelativePath(path));
  THALWEG_ASSIGN(TemporaryFile file, TemporaryFile::Create(Absolute(path)));
  THALWEG_TRY(file.Append(bytes));
  return file.Replace();
}

Result<std::unique_ptr<Writer>> LocalStorage::OpenWriter(std::string_view path) {
  THALWEG_TRY(CheckRelativePath(path));
  THALWEG_ASSIGN(TemporaryFile file, TemporaryFile::Create(Absolute(path)));
  return std::unique_ptr<Writer>(std::make_unique<LocalWriter>(std::move(file)));
}

Result<std::string> LocalStorage::Get(std::string_view path) {
  return Get(path, 0, std::numeric_limits<uint64_t>::max());
}

Result<std::string> LocalStorage::Get(std::string_view path, uint64_t offset, uint64_t length) {
  THALWEG_TRY(CheckRelativePath(path));
  std::string absolute = Absolute(path);
  THALWEG_ASSIGN(FileDescriptor file, OpenForRead(absolute));
  THALWEG_ASSIGN(uint64_t size, SizeOf(file, absolute));
  if (offset >= size) return std::string();
  return ReadRange(file, absolute, offset, std::min(length, size - offset));
}

Result<std::vector<std::string>> LocalStorage::List(std::string_view prefix) {
  std::vector<std::string> found;
  auto wanted = [&](const std::string& path, const std::string& name) {
    return path.starts_with(prefix) && !name.starts_with(kTemporaryPrefix);
  };
  THALWEG_TRY(Walk(folder_, "", prefix, wanted, found));
  std::sort(found.begin(), found.end());
  return found;
}

Result<int64_t> LocalStorage::DeleteAbandoned(std::string_view prefix, int64_t age_seconds) {
  std::vector<std::string> found;
  auto wanted = [&](const std::string& path, const std::string& name) {
    return path.starts_with(prefix) && name.starts_with(kTemporaryPrefix);
  };
  THALWEG_TRY(Walk(folder_, "", prefix, wanted, found));
  int64_t deleted = 0;
  for (const std::string& path : found) {
    std::string absolute = Absolute(path);
    FileDescriptor file(::open(absolute.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat stat{};
    if (!file.valid() || ::fstat(file.get(), &stat) != 0) continue;
    // The age covers the instant between a writer's open and its flock.
    if (::time(nullptr) - stat.st_mtime < age_seconds) continue;
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
    if (::unlink(absolute.c_str()) == 0) ++deleted;
  }
  return deleted;
}

Status LocalStorage::Delete(std::string_view path) {
  THALWEG_TRY(CheckRelativePath(path));
  std::string absolute = Absolute(path);
  if (::unlink(absolute.c_str()) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return ErrnoError("delete file", absolute, errno);
  }
  THALWEG_TRY(SyncFolder(ParentFolder(absolute)));
  // Folders are no objects: the one that lost its last file goes with it. rmdir refuses a folder that is not empty.
  for (std::string folder = ParentFolder(absolute); folder.size() > folder_.size(); folder = ParentFolder(folder)) {
    if (::rmdir(folder.c_str()) != 0) break;
  }
  return {};
}

Status LocalStorage::Rename(std::string_view from, std::string_view to) {
  THALWEG_TRY(CheckRelativePath(from));
  THALWEG_TRY(CheckRelativePath(to));
  std::string old_path = Absolute(from), new_path = Absolute(to);
  THALWEG_TRY(MakeFolders(ParentFolder(new_path)));
  if (::rename(old_path.c_str(), new_path.c_str()) != 0) return ErrnoError("rename file", old_path, errno);
  THALWEG_TRY(SyncFolder(ParentFolder(new_path)));
  return ParentFolder(old_path) == ParentFolder(new_path) ? Status() : SyncFolder(ParentFolder(old_path));
}

Result<bool> LocalStorage::Exists(std::string_view path) {
  THALWEG_TRY(CheckRelativePath(path));
  std::string absolute = Absolute(path);
  struct stat stat{};
  if (::stat(absolute.c_str(), &stat) == 0) return !S_ISDIR(stat.st_mode);
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return ErrnoError("look up file", absolute, errno);
}

Result<uint64_t> LocalStorage::Size(std::string_view path) {
  THALWEG_TRY(CheckRelativePath(path));
  std::string absolute = Absolute(path);
  THALWEG_ASSIGN(FileDescriptor file, OpenForRead(absolute));
  return SizeOf(file, absolute);
}

Result<FileStat> LocalStorage::Stat(std::string_view path) {
  THALWEG_TRY(CheckRelativePath(path));
  std::string absolute = Absolute(path);
  struct stat stat{};
  if (::stat(absolute.c_str(), &stat) != 0)
    return errno == ENOENT ? MissingFile(absolute) : ErrnoError("look up file", absolute, errno);
  return FileStat{static_cast<uint64_t>(stat.st_size),
                  int64_t{stat.st_mtim.tv_sec} * 1000 + stat.st_mtim.tv_nsec / 1'000'000};
}

}  // namespace thalweg::io
