// The one hash of keys, checksums and digests: XXH3-64, seed 0. Golden vectors in hash_test.cc: never change it.
#pragma once

#include <cstdint>
#include <string_view>

namespace thalweg {

/// XXH3-64 with seed 0 of `bytes`.
uint64_t Hash64(std::string_view bytes);

}  // namespace thalweg
