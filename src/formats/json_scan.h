// Scans of JSON text for the few bytes that matter, a block at a time.
// Rule: a scan reads at most kScanBlock - 1 bytes beyond its end, and what it finds there is a place beyond the end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace thalweg::formats {

constexpr size_t kScanBlock = 16;

inline uint64_t LoadWord(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

/// Blocks of eight bytes, on any machine with the least significant byte first.
struct WordScan {
  static_assert(std::endian::native == std::endian::little);
  static constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;

  // High bit of each byte that is zero; exact for the lowest one, which is the one that counts.
  static uint64_t Zeros(uint64_t word) { return (word - kOnes) & ~word & kHighs; }

  /// First quote, backslash, control or (if `ascii`) non-ASCII byte in [at, end), or a place at or beyond `end`.
  template <bool ascii>
  static const char* Special(const char* at, const char* end) {
    for (; at < end; at += 8) {
      uint64_t word = LoadWord(at);
      uint64_t found =
          Zeros(word ^ kOnes * '"') | Zeros(word ^ kOnes * '\\') | ((word - kOnes * 0x20) & ~word & kHighs);
      if constexpr (ascii) found |= word & kHighs;
      if (found) return at + std::countr_zero(found) / 8;
    }
    return end;
  }
};

#ifdef __SSE2__
struct Sse2Scan {
  template <bool ascii>
  static const char* Special(const char* at, const char* end) {
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    for (; at < end; at += 16) {
      __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      // Signed, bytes from 0x80 on are less than a blank as well.
      __m128i low = ascii ? _mm_cmplt_epi8(block, _mm_set1_epi8(0x20))
                          : _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
      __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)), low);
      if (auto mask = static_cast<uint32_t>(_mm_movemask_epi8(found))) return at + std::countr_zero(mask);
    }
    return end;
  }
};
using Scan = Sse2Scan;
#else
using Scan = WordScan;
#endif

/// First byte of [at, end) that JSON escapes: quote, backslash or control; `end` if there is none. Reads nothing beyond `end`.
inline const char* FirstEscaped(const char* at, const char* end) {
  const char* whole = at + (end - at) / static_cast<ptrdiff_t>(kScanBlock) * static_cast<ptrdiff_t>(kScanBlock);
  const char* found = Scan::Special<false>(at, whole);
  if (found < whole) return found;
  for (at = whole; at < end; ++at)
    if (static_cast<unsigned char>(*at) < 0x20 || *at == '"' || *at == '\\') return at;
  return end;
}

/// How many of the eight bytes, from the first on, are digits.
inline int LeadingDigits(uint64_t word) {
  uint64_t digits = word ^ 0x3030303030303030;
  uint64_t others = (digits | (digits + 0x7676767676767676)) & WordScan::kHighs;
  return std::countr_zero(others) / 8;  // 8 if there are none
}

/// The value of the first `count` bytes, all digits; count >= 1. (Lemire's "quickly parsing eight digits", with zeros before.)
inline uint64_t DigitsValue(uint64_t word, int count) {
  word = (word - 0x3030303030303030) << (64 - 8 * count);
  word = word * 10 + (word >> 8);
  return (((word & 0x000000ff000000ff) * 0x000f424000000064) +
          (((word >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >>
         32;
}

}  // namespace thalweg::formats
