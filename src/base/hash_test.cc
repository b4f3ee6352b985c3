#include "base/hash.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>

namespace thalweg {

namespace {

// Computed by libxxhash 0.8.1 (XXH3_64bits, seed 0), whose output has been frozen since 0.8.0. Keys on disk are spread by this
// hash: a mismatch here means that no checkpoint taken before can be restored.
TEST(Hash64, IsXxh3OfShortTexts) {
  EXPECT_EQ(Hash64(""), 0x2d06800538d394c2u);
  EXPECT_EQ(Hash64("a"), 0xe6c632b61e964e1fu);
  EXPECT_EQ(Hash64("abc"), 0x78af5f94892f3950u);
  EXPECT_EQ(Hash64("page"), 0xf20db1776345c402u);
  EXPECT_EQ(Hash64("thalweg"), 0x6a518fb893bd6729u);
  EXPECT_EQ(Hash64("0123456789abcdef"), 0x64439946d8fa212du);
}

// The algorithm has a branch of its own for 1-3, 4-8, 9-16, 17-128, 129-240 and more than 240 bytes.
TEST(Hash64, IsXxh3OnBothSidesOfEachLengthBranch) {
  std::string bytes(5000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + 7);
  const std::pair<size_t, uint64_t> golden[] = {
      {1, 0x4c5cca45d0f4811fu},    {3, 0x15f7093b173d005cu},    {4, 0xdca012f95811b6b9u},   {8, 0xdec6a9a43575982eu},
      {9, 0xcbe393399f17ffbdu},    {16, 0x7e484c18d74895d0u},   {17, 0x208bde5ee2bed407u},  {128, 0xf92b70eaa21a6288u},
      {129, 0xf8f76713f2bb60fau},  {240, 0xccc7375172c41f03u},  {241, 0x0b3b630948ce4a00u}, {1024, 0x23bc880ebf0d29c6u},
      {1025, 0xc09fdfbc398c7d82u}, {5000, 0x559fff92c2b7f8eeu},
  };
  for (const auto& [size, hash] : golden) EXPECT_EQ(Hash64({bytes.data(), size}), hash) << size << " bytes";
}

TEST(Hash64, OfFewBytesInWordsIsThatOfTheBytes) {
  std::string bytes(9, '\0');
  for (uint64_t i = 0; i < 1000; ++i) {
    for (size_t at = 0; at < bytes.size(); ++at)
      bytes[at] = static_cast<char>((i + 1) * 0x9e3779b97f4a7c15u >> (at * 6));
    uint64_t first, last;
    std::memcpy(&first, bytes.data(), 8);
    std::memcpy(&last, bytes.data() + 1, 8);
    ASSERT_EQ(Hash64Of9Bytes(first, last), Hash64(bytes));
    uint32_t first4, last4;
    std::memcpy(&first4, bytes.data(), 4);
    std::memcpy(&last4, bytes.data() + 1, 4);
    ASSERT_EQ(Hash64Of5Bytes(first4, last4), Hash64({bytes.data(), 5}));
  }
}

}  // namespace

}  // namespace thalweg
