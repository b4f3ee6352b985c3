#include "io/faulty_storage.h"

#include <cerrno>

#include "io/errno_error.h"

namespace thalweg::io {

namespace {

bool IsWrite(StorageCall call) {
  return call == StorageCall::kPut || call == StorageCall::kAppend || call == StorageCall::kCommit;
}

std::string_view ActionOf(StorageCall call) {
  switch (call) {
    case StorageCall::kPut:
    case StorageCall::kAppend: return "write file";
    case StorageCall::kCommit: return "sync file";
    case StorageCall::kGet: return "read file";
    case StorageCall::kList: return "list folder";
    case StorageCall::kDelete: return "delete file";
  }
  return "call storage";
}

std::string WithFlippedBit(std::string_view bytes) {
  std::string flipped(bytes);
  if (!flipped.empty()) flipped[flipped.size() / 2] ^= 0x10;
  return flipped;
}

}  // namespace

class FaultyWriter final : public Writer {
 public:
  FaultyWriter(FaultyStorage* storage, std::string path, std::unique_ptr<Writer> inner)
      : storage_(storage), path_(std::move(path)), inner_(std::move(inner)) {}

  Status Append(std::string_view bytes) override {
    size_ += bytes.size();
    return storage_->Write(StorageCall::kAppend, path_, bytes,
                           [this](std::string_view part) { return inner_->Append(part); });
  }
  Status Commit() override {
    if (std::optional<Fault> fault = storage_->Next(StorageCall::kCommit, path_)) {
      return ErrnoError(ActionOf(StorageCall::kCommit), path_, fault->error_number);
    }
    return inner_->Commit();
  }
  void Abort() override { inner_->Abort(); }
  uint64_t size() const override { return size_; }

 private:
  FaultyStorage* const storage_;
  const std::string path_;
  const std::unique_ptr<Writer> inner_;
  uint64_t size_ = 0;
};

FaultyStorage::FaultyStorage(std::shared_ptr<Storage> inner, std::vector<Fault> plan, uint64_t seed,
                             FaultChances chances)
    : inner_(std::move(inner)), chances_(chances), plan_(std::move(plan)), random_(seed) {}

FaultyStorage::~FaultyStorage() = default;

void FaultyStorage::Add(Fault fault) {
  std::lock_guard lock(mutex_);
  plan_.push_back(std::move(fault));
}

uint64_t FaultyStorage::calls(StorageCall call) const {
  std::lock_guard lock(mutex_);
  return calls_[static_cast<size_t>(call)];
}

uint64_t FaultyStorage::injected() const {
  std::lock_guard lock(mutex_);
  return injected_;
}

std::optional<Fault> FaultyStorage::Next(StorageCall call, std::string_view path) {
  std::lock_guard lock(mutex_);
  ++calls_[static_cast<size_t>(call)];
  for (Fault& fault : plan_) {
    if (fault.call != call || fault.times == 0 || path.find(fault.path_contains) == std::string_view::npos) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    if (fault.times != kAlways) --fault.times;
    ++injected_;
    return fault;
  }
  double chance = IsWrite(call) ? chances_.write_error : call == StorageCall::kGet ? chances_.read_error : 0;
  if (chance == 0 || random_.Unit() >= chance) return std::nullopt;
  ++injected_;
  return Fault{.call = call, .error_number = IsWrite(call) ? ENOSPC : EIO};
}

Status FaultyStorage::Write(StorageCall call, std::string_view path, std::string_view bytes,
                            const std::function<Status(std::string_view)>& write) {
  std::optional<Fault> fault = Next(call, path);
  if (!fault) return write(bytes);
  switch (fault->kind) {
    case FaultKind::kError: break;
    case FaultKind::kTear: THALWEG_TRY(write(bytes.substr(0, bytes.size() / 2))); break;
    case FaultKind::kLoseTail: return write(bytes.substr(0, bytes.size() / 2));
    case FaultKind::kFlipBit: return write(WithFlippedBit(bytes));
  }
  return ErrnoError(ActionOf(call), path, fault->error_number);
}

Status FaultyStorage::Put(std::string_view path, std::string_view bytes) {
  return Write(StorageCall::kPut, path, bytes, [&](std::string_view part) { return inner_->Put(path, part); });
}

Result<std::unique_ptr<Writer>> FaultyStorage::OpenWriter(std::string_view path) {
  THALWEG_ASSIGN(std::unique_ptr<Writer> writer, inner_->OpenWriter(path));
  return std::unique_ptr<Writer>(std::make_unique<FaultyWriter>(this, std::string(path), std::move(writer)));
}

Result<std::string> FaultyStorage::Spoil(const Fault& fault, std::string_view path, Result<std::string> bytes) {
  if (fault.kind == FaultKind::kError || fault.kind == FaultKind::kTear) {
    return ErrnoError(ActionOf(StorageCall::kGet), path, fault.error_number);
  }
  if (!bytes.ok()) return bytes;
  return fault.kind == FaultKind::kFlipBit ? WithFlippedBit(*bytes) : bytes->substr(0, bytes->size() / 2);
}

Result<std::string> FaultyStorage::Get(std::string_view path) {
  std::optional<Fault> fault = Next(StorageCall::kGet, path);
  return fault ? Spoil(*fault, path, inner_->Get(path)) : inner_->Get(path);
}

Result<std::string> FaultyStorage::Get(std::string_view path, uint64_t offset, uint64_t length) {
  std::optional<Fault> fault = Next(StorageCall::kGet, path);
  return fault ? Spoil(*fault, path, inner_->Get(path, offset, length)) : inner_->Get(path, offset, length);
}

Result<std::vector<std::string>> FaultyStorage::List(std::string_view prefix) {
  if (std::optional<Fault> fault = Next(StorageCall::kList, prefix)) {
    return ErrnoError(ActionOf(StorageCall::kList), prefix, fault->error_number);
  }
  return inner_->List(prefix);
}

Status FaultyStorage::Delete(std::string_view path) {
  if (std::optional<Fault> fault = Next(StorageCall::kDelete, path)) {
    return ErrnoError(ActionOf(StorageCall::kDelete), path, fault->error_number);
  }
  return inner_->Delete(path);
}

}  // namespace thalweg::io
