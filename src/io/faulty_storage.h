// A Storage that fails as disks do, for tests: on script, or by a seeded chance.
// Rule: an injected failure looks to the caller exactly as the real one would (same category, same words), and is counted.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "io/storage.h"

namespace thalweg::io {

enum class StorageCall : uint8_t { kPut, kAppend, kCommit, kGet, kList, kDelete };
inline constexpr size_t kStorageCalls = 6;

enum class FaultKind : uint8_t {
  kError,  // the call fails with `error_number` and does nothing
  kTear,   // Put, Append: the first half is written, then the call fails with `error_number`
  kLoseTail,  // Put, Append: the first half is written and the call says ok (a disk that lies). Get: the first half comes back
  kFlipBit,  // Put, Append, Get: one bit is wrong and the call says ok
};

/// A scripted fault: of the calls that match, leave `skip` alone, then fail the next `times`.
struct Fault {
  StorageCall call;
  FaultKind kind = FaultKind::kError;
  int error_number = 28;  // ENOSPC
  std::string path_contains;
  uint64_t skip = 0;
  uint64_t times = 1;
};
inline constexpr uint64_t kAlways = std::numeric_limits<uint64_t>::max();

/// Random faults beside the script: each call fails with this chance.
struct FaultChances {
  double write_error = 0;  // Put, Append, Commit: ENOSPC
  double read_error = 0;   // Get: EIO
};

/// Thread-safe. A torn Put leaves the torn file under its name, as a file system without our rename would.
class FaultyStorage final : public Storage {
 public:
  FaultyStorage(std::shared_ptr<Storage> inner, std::vector<Fault> plan, uint64_t seed = 0, FaultChances chances = {});
  ~FaultyStorage() override;

  Status Put(std::string_view path, std::string_view bytes) override;
  Result<std::string> Get(std::string_view path) override;
  Result<std::string> Get(std::string_view path, uint64_t offset, uint64_t length) override;
  Result<std::vector<std::string>> List(std::string_view prefix) override;
  Status Delete(std::string_view path) override;
  Status Rename(std::string_view from, std::string_view to) override { return inner_->Rename(from, to); }
  Result<bool> Exists(std::string_view path) override { return inner_->Exists(path); }
  Result<uint64_t> Size(std::string_view path) override { return inner_->Size(path); }
  Result<FileStat> Stat(std::string_view path) override { return inner_->Stat(path); }
  Result<std::unique_ptr<Writer>> OpenWriter(std::string_view path) override;
  Result<int64_t> DeleteAbandoned(std::string_view prefix, int64_t age_seconds) override {
    return inner_->DeleteAbandoned(prefix, age_seconds);
  }
  const std::string& uri() const override { return inner_->uri(); }

  /// Adds to the plan while in use.
  void Add(Fault fault);
  /// Calls so far, failed ones included.
  uint64_t calls(StorageCall call) const;
  uint64_t injected() const;

 private:
  friend class FaultyWriter;
  // The fault of this call, if any. Counts the call.
  std::optional<Fault> Next(StorageCall call, std::string_view path);
  // Writes `bytes`, changed by the fault if there is one, by `write`.
  Status Write(StorageCall call, std::string_view path, std::string_view bytes,
               const std::function<Status(std::string_view)>& write);
  Result<std::string> Spoil(const Fault& fault, std::string_view path, Result<std::string> bytes);

  const std::shared_ptr<Storage> inner_;
  const FaultChances chances_;
  mutable std::mutex mutex_;
  std::vector<Fault> plan_;
  Random random_;
  std::array<uint64_t, kStorageCalls> calls_{};
  uint64_t injected_ = 0;
};

}  // namespace thalweg::io
