#include "connectors/file_enumerator.h"

#include <fnmatch.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "connectors/file_split.h"
#include "connectors/fixed_enumerator.h"
#include "io/compression.h"

namespace thalweg::connectors {
namespace {

constexpr uint8_t kFileEnumeratorVersion = 1;

bool IsGlob(std::string_view path) { return path.find_first_of("*?[") != std::string_view::npos; }

}  // namespace

bool IsHiddenPath(std::string_view path) {
  for (size_t begin = 0; begin < path.size();) {
    if (path[begin] == '.' || path[begin] == '_') return true;
    size_t slash = path.find('/', begin);
    begin = slash == std::string_view::npos ? path.size() : slash + 1;
  }
  return false;
}

Result<std::vector<std::string>> FileEnumerator::ListPartitions() const {
  const std::string folder = listing_.path.empty() ? "" : listing_.path + "/";
  THALWEG_ASSIGN(std::vector<std::string> files, listing_.storage->List(folder));
  std::erase_if(files,
                [&](const std::string& file) { return IsHiddenPath(std::string_view(file).substr(folder.size())); });
  for (const std::string& file : files)
    THALWEG_TRY(PartitionOfPath(listing_.partitions, std::string_view(file).substr(folder.size())).status());
  return files;
}

Status FileEnumerator::DropUnwanted(std::vector<std::string>& files) const {
  if (!listing_.wanted) return {};
  // Made here: it may be used on the thread that made it only, and each discovery has its own.
  THALWEG_ASSIGN(PartitionFilter filter, PartitionFilter::Make(listing_.partitions, *listing_.wanted, listing_.zone));
  const size_t folder = listing_.path.empty() ? 0 : listing_.path.size() + 1;
  std::map<std::vector<PartitionText>, bool> decided;
  std::erase_if(files, [&](const std::string& file) {
    const auto values = PartitionOfPath(listing_.partitions, std::string_view(file).substr(folder));
    if (!values.ok()) return false;
    auto [decision, is_new] = decided.try_emplace(*values);
    if (is_new) decision->second = filter.Wants(*values);
    return !decision->second;
  });
  return {};
}

Result<std::vector<std::string>> FileEnumerator::ListFiles() const {
  if (!listing_.partitions.empty()) return ListPartitions();
  const std::string& path = listing_.path;
  if (!path.empty()) {
    THALWEG_ASSIGN(bool exists, listing_.storage->Exists(path));
    if (exists) return std::vector<std::string>{path};
  }
  std::string folder = path.empty() ? "" : path + "/";
  THALWEG_ASSIGN(std::vector<std::string> files, listing_.storage->List(folder));
  std::erase_if(files,
                [&](const std::string& file) { return IsHiddenPath(std::string_view(file).substr(folder.size())); });
  // What is there under this very name wins over what it would match: [ stands in names, too.
  if (!files.empty() || !IsGlob(path)) return files;
  return ListMatching(path);
}

Result<std::vector<std::string>> FileEnumerator::ListMatching(const std::string& pattern) const {
  size_t folder = pattern.rfind('/', pattern.find_first_of("*?["));
  THALWEG_ASSIGN(std::vector<std::string> files,
                 listing_.storage->List(pattern.substr(0, folder == std::string::npos ? 0 : folder + 1)));
  std::erase_if(files, [&](const std::string& file) {
    return ::fnmatch(pattern.c_str(), file.c_str(), FNM_PATHNAME | FNM_PERIOD) != 0;
  });
  return files;
}

Result<flow::Discovery> FileEnumerator::Discover() {
  flow::Discovery discovery;
  if (restored_complete_) return discovery;
  THALWEG_ASSIGN(std::vector<std::string> files, ListFiles());
  if (files.empty() && listing_.bounded)
    return UserError(
        "File source finds no file: {}; check the path: it must be a file, a folder with files whose names do not "
        "begin "
        "with . or _, or a pattern that matches some",
        listing_.shown);
  THALWEG_TRY(DropUnwanted(files));
  for (const std::string& path : files) {
    io::FileStat stat;
    bool divide = listing_.split_bytes > 0 && io::CompressionOfPath(path) == io::Compression::kNone;
    if (divide || listing_.stat) {
      THALWEG_ASSIGN(stat, listing_.storage->Stat(path));
    }
    uint64_t pieces = divide ? std::max<uint64_t>(1, stat.size / listing_.split_bytes) : 1;
    for (uint64_t piece = 0; piece < pieces; ++piece) {
      FileSplit split;
      split.path = path;
      split.position = piece * listing_.split_bytes;
      split.find_start = piece > 0;
      split.line = piece == 0 ? listing_.first_line : 0;
      if (listing_.stat) {
        split.file_size = stat.size;
        split.modified_ms = stat.modified_ms;
      }
      if (piece + 1 < pieces) split.end = (piece + 1) * listing_.split_bytes;
      split.id = piece == 0 ? path : fmt::format("{}#{}", path, split.position);
      discovery.splits.push_back(split.ToSplit());
    }
  }
  return discovery;
}

std::vector<flow::EnumeratorAction> FileEnumerator::OnDiscovery(const flow::Discovery& discovery) {
  if (complete()) return {};
  discovered_ = true;
  std::set<std::string> found;
  for (const flow::Split& split : discovery.splits) {
    std::string path = split.id.substr(0, split.id.find('#'));
    if (Result<FileSplit> file = FileSplit::FromSplit(split); file.ok()) path = file->path;
    if (seen_.contains(path)) continue;
    found.insert(path);
    pending_.push_back(split);
  }
  seen_.merge(found);
  if (parallelism_ == 0) return {};
  std::vector<flow::EnumeratorAction> actions = DealSplits(std::exchange(pending_, {}), parallelism_, &next_);
  if (complete()) AddNoMoreSplits(parallelism_, &actions);
  return actions;
}

std::vector<flow::EnumeratorAction> FileEnumerator::OnStart(int parallelism, const std::vector<flow::Split>& restored) {
  parallelism_ = parallelism;
  std::vector<flow::Split> splits = restored;
  splits.insert(splits.end(), pending_.begin(), pending_.end());
  pending_.clear();
  next_ = 0;
  std::vector<flow::EnumeratorAction> actions = DealSplits(splits, parallelism_, &next_);
  if (complete()) AddNoMoreSplits(parallelism_, &actions);
  return actions;
}

std::string FileEnumerator::Snapshot() const {
  ByteWriter out;
  out.U8(kFileEnumeratorVersion);
  out.Bool(discovered_);
  out.Varint(seen_.size());
  for (const std::string& path : seen_) out.String(path);
  out.Varint(pending_.size());
  for (const flow::Split& split : pending_) {
    out.String(split.id);
    out.String(split.state);
  }
  return out.Take();
}

Status FileEnumerator::Restore(std::string_view bytes) {
  ByteReader in(bytes);
  bool known = in.U8() == kFileEnumeratorVersion;
  discovered_ = in.Bool();
  seen_.clear();
  for (uint64_t n = in.Varint(); n > 0 && !in.failed(); --n) seen_.emplace(in.String());
  pending_.clear();
  for (uint64_t n = in.Varint(); n > 0 && !in.failed(); --n) {
    std::string id(in.String());
    pending_.push_back({std::move(id), std::string(in.String())});
  }
  THALWEG_TRY(in.status());
  if (!known) return InternalError("File enumerator's state has an unknown version");
  restored_complete_ = complete();
  return {};
}

}  // namespace thalweg::connectors
