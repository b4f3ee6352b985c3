#include "operators/window_zone.h"

namespace thalweg::operators {
namespace {

constexpr int64_t kDayMs = 86'400'000;  // longer than any repeated hour, shorter than between two shifts
constexpr int64_t kEndOfZones = int64_t{1} << 60;

bool IsBeyond(int64_t time) { return time > kEndOfZones || time < -kEndOfZones; }

/// How far clocks are put back within a day from `utc_ms` on; 0: they are not.
int64_t PutBack(const expr::Zone& zone, int64_t utc_ms) {
  const int64_t back = zone.OffsetAt(utc_ms) - zone.OffsetAt(utc_ms + kDayMs);
  return back > 0 ? back : 0;
}

}  // namespace

int64_t WindowZone::Passed(int64_t utc_ms) const {
  if (!local_ || IsBeyond(utc_ms)) return utc_ms;
  const int64_t local = zone_.ToLocal(utc_ms);
  const int64_t back = PutBack(zone_, utc_ms);
  if (back == 0 || zone_.ToLocal(utc_ms + back) != local) return local;
  // This local time comes again: only what lies before the repeated hour has passed. Where the clocks are put back:
  int64_t before = utc_ms, after = utc_ms + back;
  while (after - before > 1) {
    const int64_t middle = before + (after - before) / 2;
    (zone_.OffsetAt(middle) == zone_.OffsetAt(utc_ms) ? before : after) = middle;
  }
  return zone_.ToLocal(after) - 1;
}

int64_t WindowZone::ClosedAt(int64_t local_ms) const {
  if (!local_ || IsBeyond(local_ms)) return local_ms;
  const int64_t first = zone_.ToUtc(local_ms);
  const int64_t back = PutBack(zone_, first);
  return back != 0 && zone_.ToLocal(first + back) == local_ms ? first + back : first;
}

}  // namespace thalweg::operators
