#include "io/compression.h"
#include "testing/fuzz.h"

namespace thalweg::io {
namespace {

constexpr uint64_t kLimit = 1 << 20;
constexpr size_t kPieceBytes = 7;

// Decompresses in small pieces of input; gives up (nullopt) beyond the limit.
std::optional<Result<std::string>> InPieces(Compression compression, std::string_view input) {
  std::unique_ptr<Decompressor> decompressor = MakeDecompressor(compression);
  std::string bytes;
  for (size_t begin = 0; begin < input.size(); begin += kPieceBytes) {
    decompressor->Feed(input.substr(begin, kPieceBytes));
    while (true) {
      Result<std::string_view> chunk = decompressor->Next();
      if (!chunk.ok()) return Result<std::string>(chunk.status());
      if (chunk->empty()) break;
      THALWEG_CHECK(chunk->size() <= kDecompressChunkBytes);
      bytes.append(*chunk);
      if (bytes.size() > kLimit) return std::nullopt;
    }
  }
  Status finished = decompressor->Finish();
  return finished.ok() ? Result<std::string>(std::move(bytes)) : Result<std::string>(finished);
}

// Damaged input gives an error or bytes, the same by pieces as in one, and never more than the limit.
void Check(Compression compression, std::string_view input) {
  Result<std::string> whole = DecompressBytes(compression, input, kLimit);
  THALWEG_CHECK(!whole.ok() || whole->size() <= kLimit);
  if (input.size() % 4 != 0) return;  // a second context for each input would take most of the time
  std::optional<Result<std::string>> pieces = InPieces(compression, input);
  if (!pieces) return;
  THALWEG_CHECK(pieces->ok() == whole.ok(), "{} / {}", pieces->status().ToString(), whole.status().ToString());
  THALWEG_CHECK(!whole.ok() || **pieces == *whole);
}

std::vector<std::string> Seeds(Compression compression) {
  return {*CompressBytes(compression, ""), *CompressBytes(compression, "the line of fastest flow"),
          *CompressBytes(compression, std::string(3000, 'a')),
          *CompressBytes(compression, "one") + *CompressBytes(compression, "two")};
}

FUZZ_TARGET(Gzip, Seeds(Compression::kGzip)) { Check(Compression::kGzip, input); }

FUZZ_TARGET(Zstd, Seeds(Compression::kZstd)) { Check(Compression::kZstd, input); }

}  // namespace
}  // namespace thalweg::io
