// Object container files of Avro: a header with the writer's schema, then blocks of rows, each ended by the file's sync marker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "formats/encoder.h"
#include "formats/parse_avro.h"
#include "io/storage.h"

namespace thalweg::formats {

enum class AvroCodec : uint8_t { kNull, kDeflate, kZstandard };
/// "null", "deflate", "zstandard"; UserError naming those.
Result<AvroCodec> ParseAvroCodec(std::string_view name);

/// One block, uncompressed. Moves between threads.
struct AvroBlock {
  std::string bytes;
  int64_t rows = 0;
  uint64_t offset = 0;  // in the file, where it begins
  AvroTypePtr writer;
};

/// Blocks; one thread at a time. Errors name the file by `shown`.
class AvroFileReader {
 public:
  static Result<std::unique_ptr<AvroFileReader>> Open(std::shared_ptr<io::Storage> storage, std::string path,
                                                      std::string shown);
  /// The block that begins at `offset`, or if that is 0 the first; nullopt at the end of the file. UserError for damage.
  Result<std::optional<AvroBlock>> Read(uint64_t offset);
  /// Behind the block that was read last.
  uint64_t next() const { return next_; }
  const AvroTypePtr& writer() const { return writer_; }

 private:
  AvroFileReader(std::shared_ptr<io::Storage> storage, std::string path, std::string shown)
      : storage_(std::move(storage)), path_(std::move(path)), shown_(std::move(shown)) {}
  Status ReadHeader();
  Status Damaged(std::string_view why) const;
  Result<std::string> Uncompressed(std::string bytes) const;

  std::shared_ptr<io::Storage> storage_;
  std::string path_, shown_;
  AvroTypePtr writer_;
  AvroCodec codec_ = AvroCodec::kNull;
  std::string sync_;
  uint64_t first_ = 0;  // where the blocks begin
  uint64_t next_ = 0;
};

/// One file of rows of `schema`. UserError for types that Avro has not.
Result<std::unique_ptr<FileEncoder>> MakeAvroFileEncoder(types::SchemaPtr schema, const AvroOptions& options,
                                                         AvroCodec codec);

}  // namespace thalweg::formats
