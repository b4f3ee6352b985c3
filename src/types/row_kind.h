// What a row of a changelog means. The byte values are Flink's and stand on disk and wire.
#pragma once

#include <cstdint>
#include <string_view>

namespace thalweg::types {

enum class RowKind : uint8_t { kInsert = 0, kUpdateBefore = 1, kUpdateAfter = 2, kDelete = 3 };

/// "+I", "-U", "+U", "-D".
constexpr std::string_view RowKindText(RowKind kind) {
  constexpr std::string_view kTexts[] = {"+I", "-U", "+U", "-D"};
  return kTexts[static_cast<uint8_t>(kind) & 3];
}

/// +1 for rows that add (+I, +U), -1 for rows that take away (-U, -D).
constexpr int RowKindSign(RowKind kind) { return kind == RowKind::kInsert || kind == RowKind::kUpdateAfter ? 1 : -1; }

}  // namespace thalweg::types
