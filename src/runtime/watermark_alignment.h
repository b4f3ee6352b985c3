// WatermarkAlignment: bounded drift between the splits of the sources of a group. Every reader reports its least watermark; what
// lies further ahead of the group's least than the allowed drift is paused by its reader until the others have caught up.
// Rule: pure, told the time. docs/internals/watermarks.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flow/program.h"

namespace thalweg::runtime {

/// Of one attempt; the job's thread.
class WatermarkAlignment {
 public:
  struct Announcement {
    int task = 0;
    int64_t limit = 0;  // splits whose watermark is above are to be paused
  };

  /// `task` is a subtask of a source in `spec.group`. The first source's drift and interval count for the group.
  void Add(int task, const flow::WatermarkAlignmentSpec& spec, int64_t now_ms);
  /// The least watermark of the reader's splits; kMaxWatermark: it has none that counts (idle, ended).
  void Report(int task, int64_t watermark);
  /// What has changed, for groups whose interval is over. Until each reader has reported there is no limit.
  std::vector<Announcement> OnTime(int64_t now_ms);
  int64_t next_ms() const;

 private:
  struct Group {
    flow::WatermarkAlignmentSpec spec;
    std::map<int, int64_t> watermarks;  // by task, of those that have reported
    size_t readers = 0;
    int64_t announced = INT64_MAX;
    int64_t next_ms = INT64_MAX;
  };
  static int64_t LimitOf(const Group& group);
  std::map<std::string, Group> groups_;
  std::map<int, std::string> group_of_;
};

}  // namespace thalweg::runtime
