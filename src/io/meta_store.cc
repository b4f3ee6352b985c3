#include "io/meta_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/bytes.h"
#include "io/errno_error.h"
#include "io/file_descriptor.h"
#include "io/framed.h"
#include "io/local_storage.h"

namespace thalweg::io {

namespace {

constexpr FrameFormat kEntryFormat{"metadata entry", {'T', 'W', 'M', 'E'}, 1};
constexpr std::string_view kLockName = ".thalweg-lock";

Result<MetaEntry> DecodeEntry(std::string_view bytes) {
  THALWEG_ASSIGN(Frame frame, DecodeFrame(kEntryFormat, bytes));
  ByteReader reader(frame.payload);
  MetaEntry entry;
  entry.version = reader.U64();
  entry.value = reader.Raw(reader.remaining());
  THALWEG_TRY(reader.status());
  return entry;
}

std::string EncodeEntry(const MetaEntry& entry) {
  ByteWriter writer;
  writer.U64(entry.version);
  writer.Raw(entry.value);
  return EncodeFrame(kEntryFormat, writer.view());
}

// Versions are drawn, not counted: a key that was deleted and made again must not carry a version that somebody still expects.
Result<uint64_t> DrawVersion() {
  uint64_t version = 0;
  while (::getrandom(&version, sizeof(version), 0) != sizeof(version)) {
    if (errno != EINTR) return ErrnoError("draw a random number", "getrandom", errno);
  }
  return version;
}

class FileMetaStore final : public MetaStore {
 public:
  explicit FileMetaStore(std::string folder) : folder_(folder), files_("file://" + folder, std::move(folder)) {}

  Result<std::optional<MetaEntry>> Get(std::string_view key) override {
    THALWEG_TRY(CheckKey(key));
    THALWEG_ASSIGN(bool exists, files_.Exists(key));
    if (!exists) return std::optional<MetaEntry>();
    Result<std::string> bytes = files_.Get(key);
    if (!bytes.ok()) {
      // Deleted between the two calls.
      Result<bool> still = files_.Exists(key);
      if (still.ok() && !*still) return std::optional<MetaEntry>();
      return bytes.status();
    }
    Result<MetaEntry> entry = DecodeEntry(*bytes);
    if (!entry.ok()) return entry.status().WithContext(fmt::format("{}/{}", folder_, key));
    return std::optional<MetaEntry>(std::move(entry).value());
  }

  Result<CasOutcome> CompareAndSet(std::string_view key, std::optional<uint64_t> expected,
                                   std::string_view value) override {
    THALWEG_TRY(CheckKey(key));
    if (value.size() > kMetaValueBytes) {
      return InternalError("Metadata value has {} bytes, the limit is {}: {}", value.size(), kMetaValueBytes, key);
    }
    THALWEG_ASSIGN(uint64_t version, DrawVersion());
    MetaEntry entry{std::string(value), version};
    THALWEG_ASSIGN(TemporaryFile file, TemporaryFile::Create(fmt::format("{}/{}", folder_, key)));
    THALWEG_TRY(file.Append(EncodeEntry(entry)));
    return expected ? Update(key, *expected, std::move(entry), std::move(file))
                    : Create(key, std::move(entry), std::move(file));
  }

  Result<std::vector<std::string>> List(std::string_view prefix) override {
    THALWEG_ASSIGN(std::vector<std::string> keys, files_.List(prefix));
    std::erase(keys, kLockName);
    return keys;
  }

  Status Delete(std::string_view key) override {
    THALWEG_TRY(CheckKey(key));
    THALWEG_ASSIGN(bool exists, files_.Exists(key));
    if (!exists) return {};
    THALWEG_ASSIGN(FileDescriptor lock, Lock());
    return files_.Delete(key);
  }

 private:
  static Status CheckKey(std::string_view key) {
    THALWEG_TRY(CheckRelativePath(key));
    if (key == kLockName) return UserError("Metadata key is kept for the lock file: {}", key);
    return {};
  }

  Result<CasOutcome> Create(std::string_view key, MetaEntry entry, TemporaryFile file) {
    THALWEG_ASSIGN(bool created, file.LinkIfAbsent());
    if (created) return CasOutcome{true, std::move(entry)};
    THALWEG_ASSIGN(std::optional<MetaEntry> current, Get(key));
    return CasOutcome{false, std::move(current)};
  }

  Result<CasOutcome> Update(std::string_view key, uint64_t expected, MetaEntry entry, TemporaryFile file) {
    THALWEG_ASSIGN(FileDescriptor lock, Lock());
    THALWEG_ASSIGN(std::optional<MetaEntry> current, Get(key));
    if (!current || current->version != expected) return CasOutcome{false, std::move(current)};
    THALWEG_TRY(file.Replace());
    return CasOutcome{true, std::move(entry)};
  }

  // Excludes updates and deletes of other threads and processes until the descriptor is closed.
  Result<FileDescriptor> Lock() {
    THALWEG_TRY(MakeFolders(folder_));
    std::string path = fmt::format("{}/{}", folder_, kLockName);
    FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!lock.valid()) return ErrnoError("open lock file", path, errno);
    while (::flock(lock.get(), LOCK_EX) != 0) {
      if (errno != EINTR) return ErrnoError("lock file", path, errno);
    }
    return lock;
  }

  const std::string folder_;
  LocalStorage files_;
};

}  // namespace

Result<std::shared_ptr<MetaStore>> OpenMetaStore(std::string_view uri) {
  THALWEG_ASSIGN(std::string folder, LocalFolder(uri));
  return std::shared_ptr<MetaStore>(std::make_shared<FileMetaStore>(std::move(folder)));
}

}  // namespace thalweg::io
