#include "checkpoint/checkpoint_store.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/hash.h"

namespace thalweg::checkpoint {
namespace {

constexpr std::string_view kChk = "chk-";
constexpr size_t kMaxFolderBytes =
    200;                              // file systems take 255 for a name; statement sets are named by all their tables
constexpr size_t kCutMarkBytes = 17;  // - and 16 digits of the whole name's hash
constexpr std::string_view kManifestName = "_metadata";
// A read that fails is tried again before the checkpoint counts as damaged: a wrong fall back costs more than a moment.
constexpr int kReadAttempts = 3;
// Unfinished files that a dead writer left. Long against the moment between making and locking one.
constexpr int64_t kAbandonedSeconds = 60;

// 7 of "chk-7", nothing of anything else ("chk-07": our names have one spelling).
std::optional<uint64_t> ParseChk(std::string_view name) {
  if (!name.starts_with(kChk)) return std::nullopt;
  name.remove_prefix(kChk.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || (name.size() > 1 && name[0] == '0'))
    return std::nullopt;
  return number;
}

// "chk-7/file" below a job's folder.
struct FileName {
  uint64_t checkpoint;
  std::string_view name;
};

// `path` as a file of the job in `folder`, nothing if it is none of ours.
std::optional<FileName> ParsePath(std::string_view folder, std::string_view path) {
  if (!path.starts_with(folder) || path.size() <= folder.size() || path[folder.size()] != '/') return std::nullopt;
  path.remove_prefix(folder.size() + 1);
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<uint64_t> checkpoint = ParseChk(path.substr(0, slash));
  if (!checkpoint) return std::nullopt;
  return FileName{*checkpoint, path.substr(slash + 1)};
}

std::string UnescapeJobFolder(std::string_view folder) {
  std::string job;
  for (size_t i = 0; i < folder.size(); ++i) {
    unsigned byte = 0;
    if (folder[i] == '%' && i + 2 < folder.size() &&
        std::from_chars(folder.data() + i + 1, folder.data() + i + 3, byte, 16).ptr == folder.data() + i + 3) {
      job += static_cast<char>(byte);
      i += 2;
    } else {
      job += folder[i];
    }
  }
  return job;
}

}  // namespace

std::string JobFolder(std::string_view job) {
  std::string folder;
  for (char c : job) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
                       c == '-' || (c == '.' && !folder.empty());
    if (plain)
      folder += c;
    else
      folder += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  if (folder.size() > kMaxFolderBytes) {
    // A name that has been cut stays what it is when it is taken for a job's: --from-checkpoint PATH does so.
    size_t cut = kMaxFolderBytes - kCutMarkBytes;
    if (const size_t escape = folder.rfind('%', cut - 1); escape != std::string::npos && escape + 3 > cut) cut = escape;
    folder = fmt::format("{}-{:016x}", folder.substr(0, cut), Hash64(job));
  }
  return folder.empty() ? "%" : folder;
}

std::string CheckpointFolder(std::string_view job, uint64_t checkpoint) {
  return fmt::format("{}/{}{}", JobFolder(job), kChk, checkpoint);
}

std::string ManifestKey(std::string_view job, uint64_t checkpoint) {
  return fmt::format("{}/{}", CheckpointFolder(job, checkpoint), kManifestName);
}

CheckpointStore::CheckpointStore(std::shared_ptr<io::Storage> storage, std::shared_ptr<io::MetaStore> meta,
                                 StoreOptions options)
    : storage_(std::move(storage)), meta_(std::move(meta)), options_(std::move(options)) {
  THALWEG_CHECK(options_.num_retained >= 1 && !options_.run.empty());
}

void CheckpointStore::Log(const std::string& line) const {
  if (options_.log) return options_.log(line);
  fmt::print(stderr, "{}\n", line);
}

Result<TaskState> CheckpointStore::WriteTask(const std::string& job, uint64_t checkpoint, const TaskId& task,
                                             const state::TaskSnapshot& snapshot) {
  if (KeyedBytes(snapshot) < options_.inline_bytes) return InlineTask(task, snapshot);
  const std::string path =
      fmt::format("{}/{}-{}.state", CheckpointFolder(job, checkpoint), TaskName(task), options_.run);
  Result<TaskState> state = WriteSnapshotFile(*storage_, path, {job, checkpoint, task}, snapshot);
  if (!state.ok())
    return state.status().WithContext(fmt::format("State of task {} for checkpoint {}", TaskName(task), checkpoint));
  return state;
}

CommitOutcome CheckpointStore::Commit(const Manifest& manifest) {
  using Kind = CommitOutcome::Kind;
  const Result<std::vector<uint64_t>> committed = List(manifest.job);
  if (!committed.ok()) return {Kind::kFailed, committed.status().message()};
  if (!committed->empty() && committed->back() > manifest.parent)
    return {Kind::kSuperseded, fmt::format("Another coordinator runs job '{}': it committed checkpoint {}",
                                           manifest.job, committed->back())};
  const std::string bytes = EncodeManifest(manifest);
  const std::string key = ManifestKey(manifest.job, manifest.checkpoint);
  const Result<io::CasOutcome> outcome = meta_->CompareAndSet(key, std::nullopt, bytes);
  if (outcome.ok()) {
    if (outcome->won) return {Kind::kCommitted, {}};
    return {Kind::kSuperseded, fmt::format("Another coordinator runs job '{}': it committed checkpoint {} first",
                                           manifest.job, manifest.checkpoint)};
  }
  // A key that shows after an error may not be durable: only its absence is certain.
  const Result<std::optional<io::MetaEntry>> entry = meta_->Get(key);
  const bool absent = entry.ok() && !entry->has_value();
  return {absent ? Kind::kFailed : Kind::kUnknown, outcome.status().message()};
}

Result<std::vector<uint64_t>> CheckpointStore::List(const std::string& job) {
  const std::string folder = JobFolder(job);
  THALWEG_ASSIGN(const std::vector<std::string> keys, meta_->List(folder + "/"));
  std::vector<uint64_t> numbers;
  for (const std::string& key : keys) {
    const std::optional<FileName> file = ParsePath(folder, key);
    if (file && file->name == kManifestName) numbers.push_back(file->checkpoint);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<Manifest> CheckpointStore::ReadManifest(const std::string& job, uint64_t checkpoint) {
  const std::string key = ManifestKey(job, checkpoint);
  THALWEG_ASSIGN(const std::optional<io::MetaEntry> entry, meta_->Get(key));
  if (!entry) return UserError("Checkpoint does not exist: {}", key);
  Result<Manifest> manifest = DecodeManifest(entry->value);
  if (!manifest.ok()) return manifest.status().WithContext(key);
  if (manifest->checkpoint != checkpoint || manifest->job != job)
    return ExternalError("Checkpoint manifest is of checkpoint {} of job '{}': {}", manifest->checkpoint, manifest->job,
                         key);
  return manifest;
}

Status CheckpointStore::Verify(const std::string& job, const Manifest& manifest) {
  for (const auto& [file, expected] : manifest.Files())
    THALWEG_TRY(VerifyFile(*storage_, CheckpointFolder(job, manifest.checkpoint) + "/" + file, expected.first,
                           expected.second));
  return {};
}

Result<Manifest> CheckpointStore::Read(const std::string& job, uint64_t checkpoint) {
  Status failure;
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    Result<Manifest> manifest = ReadManifest(job, checkpoint);
    failure = manifest.ok() ? Verify(job, *manifest) : manifest.status();
    if (failure.ok()) return manifest;
  }
  return failure;
}

// A crash leaves files without a manifest, and so does whoever deletes the manifest.
void CheckpointStore::TellUnfinished(const std::string& job, uint64_t newest) {
  const std::string folder = JobFolder(job);
  const Result<std::vector<std::string>> paths = storage_->List(folder + "/");
  uint64_t last = newest;
  for (const std::string& path : paths.ok() ? *paths : std::vector<std::string>{})
    if (const std::optional<FileName> file = ParsePath(folder, path)) last = std::max(last, file->checkpoint);
  if (last > newest)
    Log(fmt::format("Checkpoint {} of job '{}' was not completed, there is no {}: it is left out", last, job,
                    ManifestKey(job, last)));
}

Result<Latest> CheckpointStore::ReadLatest(const std::string& job) {
  THALWEG_ASSIGN(const std::vector<uint64_t> numbers, List(job));
  TellUnfinished(job, numbers.empty() ? 0 : numbers.back());
  Latest latest;
  if (numbers.empty()) return latest;
  latest.newest = numbers.back();
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    Result<Manifest> manifest = Read(job, *number);
    if (manifest.ok()) {
      if (!latest.rejected.empty())
        Log(fmt::format("FALLING BACK to checkpoint {} of job '{}': {} newer are damaged", *number, job,
                        latest.rejected.size()));
      latest.manifest = std::move(manifest).value();
      return latest;
    }
    Log(fmt::format("DAMAGED checkpoint {} of job '{}': {}", *number, job, manifest.status().message()));
    latest.rejected.push_back({*number, manifest.status().message()});
    const std::lock_guard lock(mutex_);
    damaged_.insert({job, *number});
  }
  return ExternalError("No checkpoint of job '{}' can be restored: {} exist and all are damaged; the newest: {}", job,
                       numbers.size(), latest.rejected.front().reason);
}

Result<state::KeyedSnapshot> CheckpointStore::ReadKeyGroups(const std::string& job, uint64_t checkpoint,
                                                            const SubtaskState& state, types::KeyGroupRange range) {
  return checkpoint::ReadKeyGroups(*storage_, CheckpointFolder(job, checkpoint), state, range);
}

void CheckpointStore::KeepEarlier(const std::string& job, const std::vector<uint64_t>& checkpoints,
                                  std::optional<uint64_t> claimed) {
  const std::lock_guard lock(mutex_);
  for (uint64_t number : checkpoints)
    if (number != claimed) earlier_.insert({job, number});
}

Status CheckpointStore::Subsume(const Manifest& newest) {
  THALWEG_ASSIGN(std::vector<uint64_t> numbers, List(newest.job));
  std::erase_if(numbers, [&](uint64_t number) { return number > newest.checkpoint; });  // another's: not ours to judge
  std::set<uint64_t> keep;
  {
    const std::lock_guard lock(mutex_);
    int retained = 0;
    for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
      const std::pair entry(newest.job, *number);
      if (earlier_.contains(entry)) {
        keep.insert(*number);
      } else if (retained < options_.num_retained && !damaged_.contains(entry)) {
        keep.insert(*number);
        ++retained;
      }
    }
  }
  // The manifest goes first: what lacks files must not look like a checkpoint.
  for (uint64_t number : numbers)
    if (!keep.contains(number)) THALWEG_TRY(meta_->Delete(ManifestKey(newest.job, number)));
  return DeleteFiles(newest.job, keep, newest);
}

Status CheckpointStore::DeleteFiles(const std::string& job, const std::set<uint64_t>& keep, const Manifest& newest) {
  const std::string folder = JobFolder(job);
  const auto referred = newest.Files();
  THALWEG_ASSIGN(const std::vector<std::string> paths, storage_->List(folder + "/"));
  for (const std::string& path : paths) {
    const std::optional<FileName> file = ParsePath(folder, path);
    if (!file || file->name == kManifestName || file->checkpoint > newest.checkpoint) continue;
    // Files of a kept checkpoint are looked at once, when it is the newest.
    const bool kept = keep.contains(file->checkpoint) &&
                      (file->checkpoint != newest.checkpoint || referred.contains(std::string(file->name)));
    if (!kept) THALWEG_TRY(storage_->Delete(path));
  }
  return storage_->DeleteAbandoned(folder + "/", kAbandonedSeconds).status();
}

Result<CheckpointPath> ResolveCheckpointPath(std::string_view path) {
  THALWEG_ASSIGN(std::string local, io::LocalFolder(path));
  auto last = [&] { return std::string_view(local).substr(local.rfind('/') + 1); };
  auto up = [&] { local.resize(std::max<size_t>(local.rfind('/'), 1)); };
  while (local.size() > 1 && local.back() == '/') local.pop_back();
  if (last() == kManifestName) up();
  CheckpointPath resolved;
  if ((resolved.checkpoint = ParseChk(last()))) up();
  std::set<std::string> jobs;
  if (!resolved.checkpoint) {
    // A job's folder, or the directory of jobs: the manifests below tell.
    THALWEG_ASSIGN(const std::shared_ptr<io::MetaStore> meta, io::OpenMetaStore(local));
    THALWEG_ASSIGN(const std::vector<std::string> keys, meta->List(""));
    bool is_job = false;
    for (const std::string& key : keys) {
      const size_t slash = key.find('/');
      if (slash == std::string::npos || !key.ends_with(kManifestName)) continue;
      if (ParseChk(std::string_view(key).substr(0, slash)))
        is_job = true;
      else if (ParsePath(key.substr(0, slash), key))
        jobs.insert(key.substr(0, slash));
    }
    if (!is_job && jobs.empty()) return UserError("No checkpoint is found in {}", path);
    if (!is_job && jobs.size() > 1)
      return UserError("Several jobs have checkpoints in {}: {}; name one of these folders", path,
                       fmt::join(jobs, ", "));
    if (!is_job) local += "/" + *jobs.begin();
  }
  resolved.job = UnescapeJobFolder(last());
  up();
  resolved.directory = local;
  return resolved;
}

}  // namespace thalweg::checkpoint
