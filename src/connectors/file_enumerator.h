// Which files a source reads, and who reads them.
// Rule: a path is given out once in a job's life; what the checkpoint held is given out again, what was seen is not.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/file_partitions.h"
#include "flow/source.h"
#include "io/storage.h"

namespace thalweg::connectors {

struct FileListing {
  std::shared_ptr<io::Storage> storage;
  std::string path;   // relative to the storage's root: a file, a folder or a glob; empty: all
  std::string shown;  // as the user wrote it
  bool bounded = true;
  int64_t discovery_interval_ms = 0;
  uint64_t split_bytes = 0;                               // 0: files are not divided
  uint64_t first_line = 1;                                // of a new split; see FileSplit::line
  bool stat = false;                                      // fill in FileSplit::file_size and modified_ms
  std::optional<expr::Expression> wanted = std::nullopt;  // of the partitions' values: as in FileSourceOptions
  std::string zone = {};
  FilePartitions partitions = {};  // by which each file must lie in a folder; `path` is then a folder, and no pattern
};

/// True if `path` has a component that begins with . or _ (files in progress, markers).
bool IsHiddenPath(std::string_view path);

class FileEnumerator final : public flow::SplitEnumerator {
 public:
  explicit FileEnumerator(FileListing listing) : listing_(std::move(listing)) {}

  /// UserError if a bounded source finds no file, or one that lies in no partition of a table that has some.
  Result<flow::Discovery> Discover() override;
  int64_t discovery_interval_ms() const override { return listing_.bounded ? 0 : listing_.discovery_interval_ms; }
  std::vector<flow::EnumeratorAction> OnDiscovery(const flow::Discovery& discovery) override;
  std::vector<flow::EnumeratorAction> OnStart(int parallelism, const std::vector<flow::Split>& restored) override;
  std::string Snapshot() const override;
  Status Restore(std::string_view bytes) override;

 private:
  Result<std::vector<std::string>> ListFiles() const;
  Result<std::vector<std::string>> ListPartitions() const;
  /// Takes out the files of partitions that nobody wants.
  Status DropUnwanted(std::vector<std::string>& files) const;
  Result<std::vector<std::string>> ListMatching(const std::string& pattern) const;
  bool complete() const { return listing_.bounded && discovered_; }

  FileListing listing_;
  bool restored_complete_ = false;  // set before any thread starts: there is nothing left to discover
  bool discovered_ = false;
  int parallelism_ = 0;               // 0: not started
  int next_ = 0;                      // subtask of the next split
  std::set<std::string> seen_;        // paths
  std::vector<flow::Split> pending_;  // found before the start
};

}  // namespace thalweg::connectors
