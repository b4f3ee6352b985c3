// What flows through the clickstream job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/thalweg.h"

struct Click {
  int64_t event_id = 0;
  std::string user_id;
  std::string page_url;
  std::string event_type;
  int64_t ts = 0;                    // milliseconds since the epoch
  std::optional<int32_t> partition;  // where Kafka keeps it
  std::optional<int64_t> offset;
};
THALWEG_RECORD(Click, event_id, user_id, page_url, event_type, ts, partition, offset)

struct PageStats {
  std::string page_url;
  int64_t window_start = 0;
  int64_t window_end = 0;
  int64_t views = 0;
  int64_t unique_users = 0;
};
THALWEG_RECORD(PageStats, page_url, window_start, window_end, views, unique_users)

struct ClickEvent {
  int64_t event_id = 0;
  std::string user_id;
  std::string page_url;
  std::string event_type;
  int64_t ts = 0;
};
THALWEG_RECORD(ClickEvent, event_id, user_id, page_url, event_type, ts)

struct LateClick {
  std::optional<int32_t> partition;
  std::optional<int64_t> offset;
  ClickEvent event;
};
THALWEG_RECORD(LateClick, partition, offset, event)
