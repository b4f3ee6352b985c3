// Keyed state over a KvStore: live objects in a bounded write-back cache, encoded when they leave it or at a snapshot.
#pragma once

#include <cstdint>
#include <memory>

#include "state/keyed_backend.h"
#include "state/kv_store.h"
#include "time/clock.h"

namespace thalweg::state {

struct StoreBackendOptions {
  KeyGroupRange groups;
  int64_t cache_bytes = int64_t{64} << 20;  // of live objects, approximately; the rest is in the store
};

/// Key in the store: [key group u16 BE][state id u16 BE][varint key size][key][namespace]; value: [flags u8: 1 = has expiry]
/// [expiry i64 ms, if so][encoded object]. Timers are in memory. A failure of the store is sticky in status(). `store` must be
/// empty; `clock` outlives the backend.
std::unique_ptr<KeyedBackend> MakeStoreBackend(const StoreBackendOptions& options, std::unique_ptr<KvStore> store,
                                               time::Clock& clock);

}  // namespace thalweg::state
