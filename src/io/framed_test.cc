#include "io/framed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/hash.h"
#include "testing/source_folder.h"

namespace thalweg::io {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr FrameFormat kFormat{"example", {'T', 'W', 'E', 'X'}, 1};
constexpr std::string_view kPayload = "the line of fastest flow";

std::string Golden(const std::string& name) {
  std::ifstream file(SourceFolder() + "/tests/golden/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Frame, BytesAreThoseOfTheGoldenFile) {
  EXPECT_EQ(EncodeFrame(kFormat, kPayload), Golden("framed_v1.bin"));
  EXPECT_EQ(DecodeFrame(kFormat, Golden("framed_v1.bin"))->payload, kPayload);
}

TEST(Frame, ChecksumIsXxh3OfHeaderAndPayload) {
  std::string bytes = EncodeFrame(kFormat, kPayload);
  uint64_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + 16, 8);
  EXPECT_EQ(checksum, Hash64(bytes.substr(0, 16) + std::string(kPayload)));
}

TEST(Frame, EmptyPayloadSurvives) {
  std::string bytes = EncodeFrame(kFormat, "");
  EXPECT_EQ(bytes.size(), kFrameHeaderBytes);
  EXPECT_EQ(DecodeFrame(kFormat, bytes)->payload, "");
}

TEST(Frame, FramesFollowEachOther) {
  std::string bytes = EncodeFrame(kFormat, "one") + EncodeFrame(kFormat, "two");
  std::string_view rest = bytes;
  EXPECT_EQ(DecodeNextFrame(kFormat, &rest)->payload, "one");
  EXPECT_EQ(DecodeNextFrame(kFormat, &rest)->payload, "two");
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(DecodeFrame(kFormat, bytes).status().message(), "Damaged example: 27 bytes follow its end");
}

TEST(Frame, EveryTruncationIsCalledOne) {
  std::string bytes = EncodeFrame(kFormat, kPayload);
  for (size_t size = 0; size < bytes.size(); ++size) {
    Status status = DecodeFrame(kFormat, std::string_view(bytes).substr(0, size)).status();
    EXPECT_THAT(status.message(), StartsWith("Truncated example: ")) << size;
    EXPECT_EQ(status.category(), ErrorCategory::kExternal);
  }
  EXPECT_EQ(DecodeFrame(kFormat, bytes.substr(0, 30)).status().message(),
            "Truncated example: the header promises 24 bytes, 6 are there");
}

TEST(Frame, OtherMagicIsNotOurs) {
  FrameFormat other{"checkpoint manifest", {'T', 'W', 'C', 'M'}, 1};
  Status status = DecodeFrame(other, EncodeFrame(kFormat, kPayload)).status();
  EXPECT_EQ(status.message(), "Not a checkpoint manifest: the first bytes are not 'TWCM'");
  EXPECT_EQ(status.category(), ErrorCategory::kExternal);
}

TEST(Frame, NewerVersionAsksForANewerBuildAndOlderIsRead) {
  FrameFormat newer = kFormat;
  newer.version = 2;
  Status status = DecodeFrame(kFormat, EncodeFrame(newer, kPayload)).status();
  EXPECT_EQ(status.message(), "Newer example: its version is 2, this build reads up to 1; use the build that wrote it");
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_EQ(DecodeFrame(newer, EncodeFrame(kFormat, kPayload))->version, 1);
}

TEST(Frame, EveryFlippedBitIsNoticed) {
  std::string bytes = EncodeFrame(kFormat, kPayload);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    EXPECT_FALSE(DecodeFrame(kFormat, damaged).ok()) << bit;
  }
  bytes.back() ^= 1;
  EXPECT_THAT(DecodeFrame(kFormat, bytes).status().message(), HasSubstr("Damaged example: the header's checksum is "));
}

}  // namespace
}  // namespace thalweg::io
