// When a partition of a file sink is whole, and who is told: a file of an agreed name appears in its folder.
// Rule: a partition is told only by the subtask that all its rows go to, when a checkpoint that holds them is complete and published; what
// waits stands in every checkpoint until one tells it, so it is told at least once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "connectors/file_partitions.h"
#include "expr/date_pattern.h"
#include "expr/zone.h"
#include "flow/context.h"

namespace thalweg::connectors {

/// The time that a partition's values say.
struct PartitionTimeExtractor {
  std::string pattern;    // "$dt $hour:00:00"; empty: the first column's value
  std::string formatter;  // of java.time; empty: "2024-1-31 8:00:00" or "2024-1-31"

  /// Milliseconds of local time. UserError if the text that the pattern makes is no time.
  Result<int64_t> TimeOf(const FilePartitions& partitions, const std::vector<PartitionText>& values) const;
};

struct PartitionCommitOptions {
  enum class Trigger : uint8_t {
    kProcessTime,    // the clock has passed the partition's first row by the delay
    kPartitionTime,  // the watermark has passed the partition's time by the delay
  };
  std::string success_file;  // empty: nobody is told
  Trigger trigger = Trigger::kProcessTime;
  int64_t delay_ms = 0;
  std::string watermark_zone = "UTC";  // of the partitions' times
  PartitionTimeExtractor time;

  bool enabled() const { return !success_file.empty(); }
  /// UserError for a zone or a formatter that there is not.
  Status Check() const;
};

/// The partitions that wait to be told, of one subtask. One thread.
class PartitionCommits {
 public:
  PartitionCommits(PartitionCommitOptions options, FilePartitions partitions)
      : options_(std::move(options)), partitions_(std::move(partitions)) {}

  /// Takes over what waited, as far as it is this subtask's now.
  Status Open(flow::Context& context);
  /// A part of `folder` was begun for row `row`. UserError if the partition has no time and needs one.
  Status OnRows(const std::string& folder, const columns::Batch& batch, const std::vector<int>& keys, int32_t row);
  void OnWatermark(int64_t watermark) { watermark_ = watermark; }
  /// Nothing more comes: all that waits is whole with the next checkpoint.
  void OnEnd() { ended_ = true; }
  /// All rows that came are in parts of `checkpoint` or earlier ones.
  void OnSnapshot(uint64_t checkpoint);
  /// Checkpoint `checkpoint` is complete and its parts are published: the folders of the partitions that are whole, sorted. They wait no
  /// longer, unless rows came since.
  std::vector<std::string> OnComplete(uint64_t checkpoint);

 private:
  struct Waiting {
    uint64_t hash = 0;     // of the partition's columns, as the exchange sees it
    int64_t since_ms = 0;  // clock at the first row
    int64_t time_ms = 0;   // UTC, from which on the watermark is beyond the partition; of kPartitionTime
    uint64_t first = 0;    // checkpoint that holds rows; 0: none yet
    uint64_t last = 0;     // that holds all rows; 0: some came since the last
  };
  bool IsDue(const Waiting& waiting, int64_t watermark) const;
  Status Restore(std::string_view item);

  PartitionCommitOptions options_;
  FilePartitions partitions_;
  flow::Context* context_ = nullptr;
  std::vector<std::string>* saved_ = nullptr;
  std::map<std::string, Waiting> waiting_;  // by folder
  std::map<uint64_t, int64_t> watermarks_;  // by checkpoint that is not complete
  int64_t watermark_ = INT64_MIN;
  bool ended_ = false;
};

}  // namespace thalweg::connectors
