// The one hash of keys, checksums and digests: XXH3-64, seed 0. Golden vectors in hash_test.cc: never change it.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace thalweg {

/// XXH3-64 with seed 0 of `bytes`.
uint64_t Hash64(std::string_view bytes);

/// Hash64 of 9 bytes given as two overlapping little-endian words, bytes 0..7 and 1..8: the key of a BIGINT without a detour through
/// memory, where the tag's store would hold up the load of the word (9.5 -> 1.5 ns a row). XXH3's branch for 9..16 bytes.
inline uint64_t Hash64Of9Bytes(uint64_t first, uint64_t last) {
  uint64_t low = first ^ 0x6782737bea4239b9u, high = last ^ 0xaf56bc3b0996523au;  // words of XXH3's secret
  auto product = static_cast<unsigned __int128>(low) * high;
  uint64_t hash =
      9 + __builtin_bswap64(low) + high + (static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64));
  hash = (hash ^ (hash >> 37)) * 0x165667919e3779f9u;
  return hash ^ (hash >> 32);
}

/// Hash64 of 5 bytes given as bytes 0..3 and 1..4: the key of an INT. XXH3's branch for 4..8 bytes.
inline uint64_t Hash64Of5Bytes(uint32_t first, uint32_t last) {
  uint64_t hash = (last + (static_cast<uint64_t>(first) << 32)) ^ 0xc73ab174c5ecd5a2u;
  hash = (hash ^ std::rotl(hash, 49) ^ std::rotl(hash, 24)) * 0x9fb21c651e98df25u;
  hash = (hash ^ ((hash >> 35) + 5)) * 0x9fb21c651e98df25u;
  return hash ^ (hash >> 28);
}

}  // namespace thalweg
