// Keyed state in memory (`state.backend.type: hashmap`).
#pragma once

#include <memory>

#include "state/keyed_backend.h"
#include "time/clock.h"

namespace thalweg::state {

struct HashMapBackendOptions {
  KeyGroupRange groups;
};

/// Never fails but by Restore and OpenTable. `clock` (for TTL) outlives the backend.
std::unique_ptr<KeyedBackend> MakeHashMapBackend(const HashMapBackendOptions& options, time::Clock& clock);

}  // namespace thalweg::state
