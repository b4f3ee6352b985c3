// Parquet files, through Arrow (which stays in parquet_reader.cc and parquet_writer.cc).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "columns/batch.h"
#include "formats/encoder.h"
#include "io/storage.h"

namespace thalweg::formats {

/// Rows as Arrow read them, not yet columns of ours. Moves between threads.
class ParquetRows {
 public:
  virtual ~ParquetRows() = default;
  virtual int row_group() const = 0;
  /// Of the first row, in its group.
  virtual int64_t first_row() const = 0;
  virtual int32_t rows() const = 0;
  /// Rows `from` to the last. The pool's thread.
  virtual Result<columns::Batch> ToBatch(int32_t from, columns::BufferPool& pool) const = 0;
};

/// Reads one file from a place on. Blocks; one thread at a time.
class ParquetReader {
 public:
  virtual ~ParquetReader() = default;
  /// Columns are found by name; one that is absent is NULL. UserError if the file is no Parquet file or a column has another type.
  /// Errors name the file by `shown`.
  static Result<std::unique_ptr<ParquetReader>> Open(std::shared_ptr<io::Storage> storage, const std::string& path,
                                                     const std::string& shown, types::SchemaPtr schema);
  virtual int row_groups() const = 0;
  /// Rows (at most kBatchRows) from `row` of group `row_group` on; null at the end. Calls in order are fast, others seek.
  virtual Result<std::unique_ptr<ParquetRows>> Read(int row_group, int64_t row) = 0;
};

/// How a file is written.
struct ParquetOptions {
  enum class Codec : uint8_t { kNone, kSnappy, kGzip, kBrotli, kZstd, kLz4, kLz4Raw };
  /// By precision: INT64 of milliseconds, microseconds or nanoseconds. INT96 is what Hive writes.
  enum class Timestamps : uint8_t { kByPrecision, kInt96, kMillis, kMicros, kNanos };

  Codec codec = Codec::kZstd;
  Timestamps timestamps = Timestamps::kByPrecision;
  bool dictionary = true;
  int64_t page_bytes = 1 << 20, dictionary_page_bytes = 1 << 20;  // Parquet's own
};

/// Writes one file; row groups of up to kParquetGroupRows rows. UserError for types that Parquet cannot hold.
Result<std::unique_ptr<FileEncoder>> MakeParquetEncoder(types::SchemaPtr schema, const ParquetOptions& options = {});

constexpr size_t kParquetGroupBytes = 32 << 20;  // of rows as they came: a row group with more is ended
constexpr int64_t kParquetGroupRows = 1 << 17;   // with 100 bytes a row some 13 MB: what a writer holds in memory

}  // namespace thalweg::formats
