#include "base/bytes.h"

namespace thalweg {

uint64_t ByteReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    uint8_t byte = U8();
    if (failed_) return 0;
    if (shift == 63 && byte > 1) break;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  Fail();
  return 0;
}

Status ByteReader::status() const {
  if (!failed_) return {};
  return ExternalError("Malformed or truncated bytes: a read ran past the end of {} bytes", bytes_.size());
}

}  // namespace thalweg
