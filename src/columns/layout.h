// What follows from a type about its buffers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "types/data_type.h"

namespace thalweg::columns {

/// Bytes of a bitmap of `bits` bits.
inline size_t BitmapBytes(int32_t bits) { return (static_cast<size_t>(bits) + 7) / 8; }

/// Whether a column of the type has offsets into its children.
inline bool HasOffsets(types::TypeId id) {
  return id == types::TypeId::kArray || id == types::TypeId::kMap || id == types::TypeId::kMultiset;
}

}  // namespace thalweg::columns
