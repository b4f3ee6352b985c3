#include "io/compression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "base/random.h"

namespace thalweg::io {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kLimit = 64 << 20;

std::string SampleText(size_t size) {
  Random random(3);
  std::string text;
  while (text.size() < size)
    text += fmt::format("{{\"page\":\"/p{}\",\"user\":{}}}\n", random.Below(100), random.Below(1000000));
  text.resize(size);
  return text;
}

class CompressionOf : public ::testing::TestWithParam<Compression> {};

TEST_P(CompressionOf, BytesComeBackWhateverThePiecesOfTheInput) {
  std::string text = SampleText(3 << 20);
  std::string packed = *CompressBytes(GetParam(), text);
  EXPECT_LT(packed.size(), text.size() / 3);
  for (size_t piece : {size_t{777}, size_t{65536}, packed.size()}) {
    auto decompressor = MakeDecompressor(GetParam());
    std::string unpacked;
    for (size_t begin = 0; begin < packed.size(); begin += piece) {
      decompressor->Feed(std::string_view(packed).substr(begin, piece));
      while (true) {
        auto chunk = decompressor->Next();
        ASSERT_TRUE(chunk.ok()) << chunk.status().ToString();
        if (chunk->empty()) break;
        EXPECT_LE(chunk->size(), kDecompressChunkBytes);
        unpacked.append(*chunk);
      }
    }
    EXPECT_TRUE(decompressor->Finish().ok());
    EXPECT_TRUE(unpacked == text) << piece;
  }
}

TEST_P(CompressionOf, MembersOneAfterAnotherAreOneStream) {
  std::string packed =
      *CompressBytes(GetParam(), "first ") + *CompressBytes(GetParam(), "") + *CompressBytes(GetParam(), "second");
  EXPECT_EQ(*DecompressBytes(GetParam(), packed, kLimit), "first second");
  EXPECT_EQ(*DecompressBytes(GetParam(), "", kLimit), "") << "no member at all";
}

TEST_P(CompressionOf, EveryTruncationIsAnError) {
  std::string packed = *CompressBytes(GetParam(), SampleText(300));
  for (size_t size = 1; size < packed.size(); ++size) {
    Status status = DecompressBytes(GetParam(), std::string_view(packed).substr(0, size), kLimit).status();
    EXPECT_THAT(status.ToString(), HasSubstr("external error: Truncated")) << size;
  }
}

TEST_P(CompressionOf, DamagedContentIsAnErrorAndNeverOtherBytes) {
  std::string text = SampleText(2000);
  std::string packed = *CompressBytes(GetParam(), text);
  Random random(11);
  int errors = 0;
  for (int round = 0; round < 400; ++round) {
    std::string damaged = packed;
    damaged[random.Below(damaged.size())] ^= static_cast<char>(1 << random.Below(8));
    auto unpacked = DecompressBytes(GetParam(), damaged, kLimit);
    if (!unpacked.ok()) ++errors;
    // Header fields such as gzip's time stamp carry no content: a flip there may pass, but the bytes are right.
    EXPECT_TRUE(!unpacked.ok() || *unpacked == text);
  }
  EXPECT_GT(errors, 350);
}

TEST_P(CompressionOf, ABombStopsAtTheLimit) {
  std::string packed = *CompressBytes(GetParam(), std::string(8 << 20, '0'));
  Status status = DecompressBytes(GetParam(), packed, 1 << 20).status();
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_THAT(status.message(), HasSubstr("exceed the limit of 1048576 bytes"));
}

TEST_P(CompressionOf, OutputThatEndsExactlyAtAChunkIsWhole) {
  std::string text = SampleText(2 * kDecompressChunkBytes);
  EXPECT_TRUE(*DecompressBytes(GetParam(), *CompressBytes(GetParam(), text), kLimit) == text);
}

INSTANTIATE_TEST_SUITE_P(All, CompressionOf, ::testing::Values(Compression::kGzip, Compression::kZstd),
                         [](const auto& info) { return std::string(CompressionName(info.param)); });

TEST(Compression, ZstdFrameWithoutChecksumIsWholeThoughItsLastBlockSpansTwoChunks) {
  // Two frames, so that the last block of 128 KiB begins before the end of a chunk and ends after it.
  std::string text, packed;
  for (size_t size : {size_t{100}, 2 * kDecompressChunkBytes - 50}) {
    std::string part(size, 'z');
    std::string frame(ZSTD_compressBound(size), '\0');
    frame.resize(ZSTD_compress(frame.data(), frame.size(), part.data(), part.size(), 1));
    text += part;
    packed += frame;
  }
  Result<std::string> unpacked = DecompressBytes(Compression::kZstd, packed, kLimit);
  ASSERT_TRUE(unpacked.ok()) << unpacked.status().ToString();
  EXPECT_TRUE(*unpacked == text);
}

TEST(Compression, OtherBytesAreCalledDamaged) {
  EXPECT_THAT(DecompressBytes(Compression::kGzip, "plain text, no gzip", kLimit).status().message(),
              HasSubstr("Damaged gzip stream: incorrect header check"));
  EXPECT_THAT(DecompressBytes(Compression::kZstd, "plain text, no zstd", kLimit).status().message(),
              HasSubstr("Damaged zstd stream: Unknown frame descriptor"));
}

TEST(Compression, ExtensionDecides) {
  EXPECT_EQ(CompressionOfPath("a/b.json.gz"), Compression::kGzip);
  EXPECT_EQ(CompressionOfPath("B.GZIP"), Compression::kGzip);
  EXPECT_EQ(CompressionOfPath("b.csv.zst"), Compression::kZstd);
  EXPECT_EQ(CompressionOfPath("b.zstd"), Compression::kZstd);
  EXPECT_EQ(CompressionOfPath("b.json"), Compression::kNone);
  EXPECT_EQ(CompressionOfPath("dir.gz/file"), Compression::kNone);
  EXPECT_EQ(CompressionOfPath("gz"), Compression::kNone);
}

TEST(Compression, NonePassesBytesOnInBoundedChunks) {
  std::string text = SampleText(kDecompressChunkBytes + 5);
  auto decompressor = MakeDecompressor(Compression::kNone);
  decompressor->Feed(text);
  EXPECT_EQ(decompressor->Next()->size(), kDecompressChunkBytes);
  EXPECT_EQ(decompressor->Next()->size(), 5u);
  EXPECT_TRUE(decompressor->Next()->empty());
  EXPECT_EQ(*DecompressBytes(Compression::kNone, *CompressBytes(Compression::kNone, text), kLimit), text);
}

}  // namespace
}  // namespace thalweg::io
