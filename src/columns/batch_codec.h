// A batch as bytes, for network exchange, in-flight data and state. docs/internals/batch.md has them; golden file tests/golden/batch_v1.hex.
// Rule: bytes of any origin decode to a valid batch of the expected types or to an error, in memory proportional to their number.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "columns/batch.h"

namespace thalweg::columns {

constexpr uint8_t kBatchFormat = 1;

/// The column types of a batch.
std::vector<types::DataType> TypesOf(const Batch& batch);

/// Encodes and decodes the batches of one edge or state. Immutable; any thread.
class BatchCodec {
 public:
  /// OBJECT only at the top level, and with a codec: else Encode and Decode fail.
  explicit BatchCodec(std::vector<types::DataType> types);

  /// Appends the batch (1..kMaxBatchRows rows, columns of the codec's types). Fails, having written nothing, if a type's values
  /// have no codec (user error).
  Status Encode(const Batch& batch, ByteWriter& out) const;
  /// Exactly one batch. External error if malformed, of a newer format, or of other types (names both).
  Result<Batch> Decode(std::string_view bytes, BufferPool& pool) const;

 private:
  std::vector<types::DataType> types_;
  std::vector<std::string> encoded_types_;
};

}  // namespace thalweg::columns
