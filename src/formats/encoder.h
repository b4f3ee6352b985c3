// From rows to bytes.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "columns/batch.h"

namespace thalweg::formats {

/// One row as one record (a Kafka message, a line). One thread.
class RowEncoder {
 public:
  virtual ~RowEncoder() = default;
  /// Appends row `row` without terminator. UserError, naming the column, for what the format cannot say; `out` is then unspecified.
  virtual Status Encode(const columns::Batch& batch, int32_t row, std::string* out) = 0;
};

/// One file. One thread.
class FileEncoder {
 public:
  virtual ~FileEncoder() = default;
  /// Takes rows from..to-1 and appends to `out` what is ready of the file.
  virtual Status Append(const columns::Batch& batch, int32_t from, int32_t to, std::string* out) = 0;
  /// The rest of the file. The last call.
  virtual Status Finish(std::string* out) = 0;
  /// Bytes taken but not yet given out (estimated).
  virtual size_t buffered_bytes() const { return 0; }
};

/// Rows of `encoder`, each followed by \n.
std::unique_ptr<FileEncoder> MakeLineEncoder(std::unique_ptr<RowEncoder> encoder);

}  // namespace thalweg::formats
