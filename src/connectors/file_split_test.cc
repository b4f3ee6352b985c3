#include "connectors/file_split.h"

#include <gtest/gtest.h>

#include "testing/golden_states.h"

namespace thalweg::connectors {
namespace {

// docs/internals/files.md
TEST(FileSplit, ItsBytesAreTheGoldenOnes) {
  FileSplit split;
  split.path = "in/a.json";
  split.position = 300;
  split.line = 7;
  split.end = 0x1000;
  split.find_start = true;
  split.file_size = 5000;
  split.modified_ms = 1'700'000'000'123;
  split.id = "in/a.json#256";
  EXPECT_EQ(split.ToSplit().id, "in/a.json#256");
  EXPECT_EQ(split.ToSplit().state, testing::GoldenState("file-split"));
}

TEST(FileSplit, ReadsWhatTheFirstVersionWrote) {
  FileSplit split;
  split.path = split.id = "in/a.json";
  split.position = 300;
  flow::Split written = split.ToSplit();
  written.state[0] = 1;
  written.state.resize(written.state.size() - 9);  // without size and time
  EXPECT_EQ(FileSplit::FromSplit(written)->ToSplit(), split.ToSplit());
}

TEST(FileSplit, ReadsBackWhatItWritesAndRefusesEveryCut) {
  FileSplit split;
  split.path = "in/a.json";
  split.position = 1'000'000;
  split.id = split.path;
  flow::Split encoded = split.ToSplit();
  FileSplit read = *FileSplit::FromSplit(encoded);
  EXPECT_EQ(read.ToSplit(), encoded);
  EXPECT_EQ(read.end, UINT64_MAX);
  for (size_t size = 0; size < encoded.state.size(); ++size)
    EXPECT_FALSE(FileSplit::FromSplit({encoded.id, encoded.state.substr(0, size)}).ok()) << size;
  encoded.state[0] = 3;
  EXPECT_EQ(FileSplit::FromSplit(encoded).status().message(), "File split has an unknown version: in/a.json");
}

}  // namespace
}  // namespace thalweg::connectors
