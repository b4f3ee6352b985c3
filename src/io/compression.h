// Streaming gzip and zstd, for files larger than memory.
// Rule: output comes in chunks of a fixed limit whatever the input says (a bomb costs time, never memory), and a stream that
// stops in mid-member or fails its checksum is an error, never a short file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace thalweg::io {

enum class Compression : uint8_t { kNone, kGzip, kZstd };

std::string_view CompressionName(Compression compression);

/// By the path's last extension: .gz .gzip, .zst .zstd (any case); kNone for all others.
Compression CompressionOfPath(std::string_view path);

inline constexpr size_t kDecompressChunkBytes = 256 << 10;  // larger chunks gain < 1 % in zlib and zstd; stays in L2

/// One compressed stream, which may hold several members or frames one after another. One thread.
/// Use: Feed; Next until it gives an empty view; Feed ...; when the input has ended, Finish.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Input that follows what was fed before. Only when Next has given an empty view. `bytes` must live until it does again.
  virtual void Feed(std::string_view bytes) = 0;
  /// Up to kDecompressChunkBytes, valid until the next call; empty: all input is used up. External error if damaged.
  virtual Result<std::string_view> Next() = 0;
  /// The input has ended. External error if that is inside a member.
  virtual Status Finish() = 0;
};

/// kNone passes the bytes on, in the same chunks.
std::unique_ptr<Decompressor> MakeDecompressor(Compression compression);

class Compressor {
 public:
  virtual ~Compressor() = default;
  /// Compresses `bytes`, appending to `out` what is ready.
  virtual Status Append(std::string_view bytes, std::string* out) = 0;
  /// Ends the stream, appending its rest to `out`. The last call.
  virtual Status Finish(std::string* out) = 0;
};

/// At the library's default level (zlib 6, zstd 3).
std::unique_ptr<Compressor> MakeCompressor(Compression compression);

/// Whole values. Decompress fails with a user error when the result would exceed `limit_bytes`.
Result<std::string> CompressBytes(Compression compression, std::string_view bytes);
Result<std::string> DecompressBytes(Compression compression, std::string_view bytes, uint64_t limit_bytes);

}  // namespace thalweg::io
