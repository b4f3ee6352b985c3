// Windows on the local time of a zone. Rule: an instant's local time is where its row goes; a window closes when no instant to come can have
// a local time in it, so an hour that occurs twice is one hour, which closes after the second.
#pragma once

#include <cstdint>

#include "expr/zone.h"

namespace thalweg::operators {

class WindowZone {
 public:
  /// UTC: all times are what they are.
  WindowZone() = default;
  explicit WindowZone(expr::Zone zone) : zone_(std::move(zone)), local_(true) {}

  int64_t ToLocal(int64_t utc_ms) const { return local_ ? zone_.ToLocal(utc_ms) : utc_ms; }
  /// The first instant with this local time.
  int64_t ToUtc(int64_t local_ms) const { return local_ ? zone_.ToUtc(local_ms) : local_ms; }
  /// The greatest local time that lies behind for good once `utc_ms` has been reached: never falls as time goes on.
  int64_t Passed(int64_t utc_ms) const;
  /// The instant at which Passed reaches a local time.
  int64_t ClosedAt(int64_t local_ms) const;

 private:
  expr::Zone zone_;
  bool local_ = false;
};

}  // namespace thalweg::operators
