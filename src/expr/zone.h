// Time zones: between instants and the local time of a zone, by the system's time zone database, as Java's ZoneId.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace date {
class time_zone;
}

namespace thalweg::expr {

/// Immutable, cheap to copy. Any thread.
class Zone {
 public:
  /// UTC.
  Zone() = default;
  /// "Europe/Berlin", "UTC", "Z", "+09:30", "GMT+8", "UTC-03:30". User error if there is no such zone.
  static Result<Zone> Find(std::string_view name);
  /// As java.util.TimeZone: "PST" and its kin, too, which Java's ZoneId does not know.
  static Result<Zone> FindShort(std::string_view name);

  const std::string& name() const { return name_; }
  /// Milliseconds of local time of an instant, and back. A local time that a shift forward skipped is moved by the shift; of one
  /// that occurs twice the first is meant.
  int64_t ToLocal(int64_t utc_millis) const { return utc_millis + OffsetAt(utc_millis); }
  int64_t ToUtc(int64_t local_millis) const;
  /// Milliseconds to add to UTC.
  int64_t OffsetAt(int64_t utc_millis) const;

 private:
  std::string name_ = "UTC";
  int64_t fixed_offset_millis_ = 0;
  const date::time_zone* zone_ = nullptr;  // of the database, which lives as long as the process
};

}  // namespace thalweg::expr
