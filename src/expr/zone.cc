#include "expr/zone.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <date/tz.h>

#include "expr/calendar.h"
#include "types/scalar_text.h"

namespace thalweg::expr {
namespace {

constexpr int64_t kMaxOffsetSeconds = 18 * 3600;  // java.time.ZoneOffset's bound

// "+h", "+hh", "+hh:mm", "+hh:mm:ss", "+hhmm": seconds.
std::optional<int64_t> ParseOffset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int64_t sign = text[0] == '-' ? -1 : 1;
  std::string digits;
  for (char c : text.substr(1)) {
    if (types::IsDigit(c))
      digits += c;
    else if (c != ':')
      return std::nullopt;
  }
  if (digits.size() == 1) digits.insert(0, "0");
  if (digits.empty() || digits.size() % 2 != 0 || digits.size() > 6) return std::nullopt;
  digits.resize(6, '0');
  const int64_t seconds =
      std::stoi(digits.substr(0, 2)) * 3600 + std::stoi(digits.substr(2, 2)) * 60 + std::stoi(digits.substr(4));
  if (seconds > kMaxOffsetSeconds) return std::nullopt;
  return sign * seconds;
}

std::optional<int64_t> FixedOffset(std::string_view name) {
  if (name == "Z" || name == "UTC" || name == "GMT" || name == "UT") return 0;
  for (std::string_view prefix : {"UTC", "GMT", "UT", ""})
    if (name.substr(0, prefix.size()) == prefix && name.size() > prefix.size())
      if (std::optional<int64_t> offset = ParseOffset(name.substr(prefix.size()))) return offset;
  return std::nullopt;
}

// The short names of Java's time zones; "EST", "MST" and "HST" stay without summer time.
constexpr std::array<std::pair<std::string_view, const char*>, 28> kShortNames = {
    {{"ACT", "Australia/Darwin"},
     {"AET", "Australia/Sydney"},
     {"AGT", "America/Argentina/Buenos_Aires"},
     {"ART", "Africa/Cairo"},
     {"AST", "America/Anchorage"},
     {"BET", "America/Sao_Paulo"},
     {"BST", "Asia/Dhaka"},
     {"CAT", "Africa/Harare"},
     {"CNT", "America/St_Johns"},
     {"CST", "America/Chicago"},
     {"CTT", "Asia/Shanghai"},
     {"EAT", "Africa/Addis_Ababa"},
     {"ECT", "Europe/Paris"},
     {"EST", "-05:00"},
     {"HST", "-10:00"},
     {"IET", "America/Indiana/Indianapolis"},
     {"IST", "Asia/Kolkata"},
     {"JST", "Asia/Tokyo"},
     {"MIT", "Pacific/Apia"},
     {"MST", "-07:00"},
     {"NET", "Asia/Yerevan"},
     {"NST", "Pacific/Auckland"},
     {"PLT", "Asia/Karachi"},
     {"PNT", "America/Phoenix"},
     {"PRT", "America/Puerto_Rico"},
     {"PST", "America/Los_Angeles"},
     {"SST", "Pacific/Guadalcanal"},
     {"VST", "Asia/Ho_Chi_Minh"}}};

// The library of zones reports an unknown name, and a machine without a database, by exceptions.
const date::time_zone* Locate(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace

Result<Zone> Zone::FindShort(std::string_view name) {
  for (const auto& [short_name, full] : kShortNames) {
    if (short_name != name) continue;
    THALWEG_ASSIGN(Zone zone, Find(full));
    zone.name_ = name;
    return zone;
  }
  // Of offsets it knows those of GMT only, and takes all that it does not know for GMT.
  if (FixedOffset(name) && !name.starts_with("GMT")) return Zone();
  return Find(name);
}

Result<Zone> Zone::Find(std::string_view name) {
  Zone zone;
  zone.name_ = name;
  if (std::optional<int64_t> offset = FixedOffset(name)) {
    zone.fixed_offset_millis_ = *offset * 1000;
    return zone;
  }
  zone.zone_ = Locate(zone.name_);
  if (!zone.zone_) return UserError("Unknown time zone: '{}'", name);
  return zone;
}

int64_t Zone::OffsetAt(int64_t utc_millis) const {
  if (!zone_) return fixed_offset_millis_;
  const date::sys_seconds at{std::chrono::seconds(FloorDiv(utc_millis, 1000))};
  return std::chrono::milliseconds(zone_->get_info(at).offset).count();
}

int64_t Zone::ToUtc(int64_t local_millis) const {
  if (!zone_) return local_millis - fixed_offset_millis_;
  const date::local_seconds at{std::chrono::seconds(FloorDiv(local_millis, 1000))};
  // `first` is the offset before a shift: it moves skipped times forward, and is the earlier of two.
  return local_millis - std::chrono::milliseconds(zone_->get_info(at).first.offset).count();
}

}  // namespace thalweg::expr
