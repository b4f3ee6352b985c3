// What two descriptions of one state have in common or not, in words; and what a TTL means for one entry.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "base/status.h"
#include "state/snapshot.h"
#include "time/clock.h"
#include "types/object_type.h"

namespace thalweg::state {

/// "value state 'count' of i64, version 1, ttl 1000 ms".
std::string Describe(const StateSpec& spec);

/// UserError with both spelled out unless entries written under `restored` can be read under `asked`. The TTL may differ:
/// entries that had none live one TTL from the opening, entries of a state that has none any more live for ever.
Status CheckCompatible(const StateSpec& restored, const StateSpec& asked);

/// InternalError if a table of `value` may not be described so: no name, kind of timers, another codec, or a type without codec.
Status CheckTableSpec(const StateSpec& spec, const types::ObjectType& value);

/// One state's TTL on one clock.
class TtlPolicy {
 public:
  TtlPolicy(const TtlSpec& spec, time::Clock& clock) : spec_(spec), clock_(&clock) {}
  bool enabled() const { return spec_.ttl_ms > 0; }
  /// Expiry of an entry written now, ms since the epoch.
  int64_t NewExpiry() const {
    const int64_t now = clock_->NowMs();
    return spec_.ttl_ms > std::numeric_limits<int64_t>::max() - now ? std::numeric_limits<int64_t>::max()
                                                                    : now + spec_.ttl_ms;
  }
  /// As in Flink: at its expiry an entry is expired.
  bool Expired(int64_t expiry_ms) const { return expiry_ms <= clock_->NowMs(); }
  bool refreshes_on_read() const { return spec_.update == TtlSpec::Update::kOnReadAndWrite; }
  bool returns_expired() const { return spec_.visibility == TtlSpec::Visibility::kReturnExpiredIfNotCleanedUp; }

 private:
  TtlSpec spec_;
  time::Clock* clock_;
};

}  // namespace thalweg::state
