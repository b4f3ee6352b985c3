#include "connectors/file_part_writer.h"

#include <filesystem>
#include <utility>

namespace thalweg::connectors {
namespace {

constexpr int64_t kBusyRetryMs = 10;  // when the I/O threads' queue is full

// " (3145728 bytes free)" of local folders.
std::string FreeSpaceText(const io::Storage& storage) {
  Result<std::string> folder = io::LocalFolder(storage.uri());
  std::error_code error;
  if (!folder.ok()) return "";
  auto space = std::filesystem::space(*folder, error);
  return error ? "" : fmt::format(" ({} bytes free)", space.available);
}

}  // namespace

FilePartWriter::FilePartWriter(std::shared_ptr<io::Storage> storage, flow::Context& context)
    : context_(&context), shared_(std::make_shared<Shared>()) {
  shared_->storage = std::move(storage);
  shared_->waker = context.waker();
}

FilePartWriter::~FilePartWriter() {
  std::lock_guard lock(shared_->mutex);
  shared_->cancelled = true;
}

void FilePartWriter::Write(const std::string& path, std::string bytes, bool last) {
  std::lock_guard lock(shared_->mutex);
  shared_->jobs.push_back({path, std::move(bytes), last});
}

Result<bool> FilePartWriter::AtMost(size_t jobs) {
  bool start, enough;
  {
    std::lock_guard lock(shared_->mutex);
    if (!shared_->error.ok()) return shared_->error;
    enough = shared_->jobs.size() <= jobs;
    start = !shared_->running && !shared_->jobs.empty();
    shared_->running |= start;
    if (!enough) shared_->wanted = jobs + 1;
  }
  if (start) Start();
  return enough;
}

void FilePartWriter::Start() {
  if (context_->RunBlocking([shared = shared_] { Work(*shared); }).ok()) return;
  {
    std::lock_guard lock(shared_->mutex);
    shared_->running = false;
  }
  context_->RequestTimer(context_->clock().NowMs() + kBusyRetryMs);
}

void FilePartWriter::Work(Shared& shared) {
  std::unique_lock lock(shared.mutex);
  while (!shared.jobs.empty() && shared.error.ok() && !shared.cancelled) {
    Job& job = shared.jobs.front();  // stays in place: only this job pops
    lock.unlock();
    Status status = Do(shared, job);
    lock.lock();
    if (!status.ok()) shared.error = std::move(status);
    shared.jobs.pop_front();
    bool wake = shared.wanted > 0 && (shared.jobs.size() < shared.wanted || !shared.error.ok()) && !shared.cancelled;
    if (!wake) continue;
    shared.wanted = 0;
    shared.waker->Wake();
  }
  if (shared.cancelled) shared.writers.clear();
  shared.running = false;
}

Status FilePartWriter::Do(Shared& shared, const Job& job) {
  Status status = [&]() -> Status {
    std::unique_ptr<io::Writer>& writer = shared.writers[job.path];
    if (!writer) {
      THALWEG_ASSIGN(writer, shared.storage->OpenWriter(job.path));
    }
    THALWEG_TRY(writer->Append(job.bytes));
    if (!job.last) return {};
    THALWEG_TRY(writer->Commit());
    shared.writers.erase(job.path);
    return {};
  }();
  return status.ok()
             ? status
             : status.WithContext(fmt::format("File sink cannot write {}{}", job.path, FreeSpaceText(*shared.storage)));
}

}  // namespace thalweg::connectors
