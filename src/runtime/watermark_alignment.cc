#include "runtime/watermark_alignment.h"

#include <algorithm>

#include "time/watermark.h"

namespace thalweg::runtime {

void WatermarkAlignment::Add(int task, const flow::WatermarkAlignmentSpec& spec, int64_t now_ms) {
  auto [entry, fresh] = groups_.try_emplace(spec.group);
  Group& group = entry->second;
  if (fresh) {
    group.spec = spec;
    group.next_ms = now_ms + spec.update_interval_ms;
  }
  ++group.readers;
  group_of_[task] = spec.group;
}

void WatermarkAlignment::Report(int task, int64_t watermark) {
  if (auto group = group_of_.find(task); group != group_of_.end()) groups_[group->second].watermarks[task] = watermark;
}

int64_t WatermarkAlignment::LimitOf(const Group& group) {
  if (group.watermarks.size() < group.readers) return time::kMaxWatermark;
  int64_t least = time::kMaxWatermark;
  for (const auto& [task, watermark] : group.watermarks) least = std::min(least, watermark);
  int64_t limit = 0;
  return __builtin_add_overflow(least, group.spec.max_drift_ms, &limit) ? time::kMaxWatermark : limit;
}

std::vector<WatermarkAlignment::Announcement> WatermarkAlignment::OnTime(int64_t now_ms) {
  std::vector<Announcement> announcements;
  for (auto& [name, group] : groups_) {
    if (now_ms < group.next_ms) continue;
    group.next_ms = now_ms + group.spec.update_interval_ms;
    int64_t limit = LimitOf(group);
    if (limit == group.announced) continue;
    group.announced = limit;
    for (const auto& [task, of] : group_of_)
      if (of == name) announcements.push_back({task, limit});
  }
  return announcements;
}

int64_t WatermarkAlignment::next_ms() const {
  int64_t next = INT64_MAX;
  for (const auto& [name, group] : groups_) next = std::min(next, group.next_ms);
  return next;
}

}  // namespace thalweg::runtime
