#include "graph/window_best_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::graph {
namespace {

using ::testing::HasSubstr;
using types::DataType;
using types::TypeId;

WindowBestSpec HighestBids() {
  WindowBestSpec spec;
  spec.input = types::Schema(
      {{"price", DataType(TypeId::kInt)}, {"who", DataType(TypeId::kString)}, {"ts", DataType::Timestamp(3)}});
  spec.time = 2;
  spec.size_ms = 10'000;
  return spec;
}

std::string Refusal(const WindowBestSpec& spec) {
  return std::string(DecodeWindowBest(Encode(spec)).status().message());
}

TEST(WindowBestSpec, SurvivesItsEncoding) {
  WindowBestSpec spec = HighestBids();
  spec.least = spec.begin_joins_before = true;
  spec.offset_ms = -3;
  const WindowBestSpec back = DecodeWindowBest(Encode(spec)).value();
  EXPECT_EQ(back.input, spec.input);
  EXPECT_EQ(back.time, 2);
  EXPECT_EQ(back.value, 0);
  EXPECT_TRUE(back.least);
  EXPECT_EQ(back.size_ms, 10'000);
  EXPECT_EQ(back.offset_ms, -3);
  EXPECT_TRUE(back.begin_joins_before);
  EXPECT_FALSE(DecodeWindowBest(Encode(HighestBids())).value().begin_joins_before);
}

TEST(WindowBestSpec, RefusesWhatMakesNoWindows) {
  WindowBestSpec spec = HighestBids();
  spec.time = 0;
  EXPECT_THAT(Refusal(spec), HasSubstr("column price is INT, not a TIMESTAMP"));
  spec = HighestBids();
  spec.value = 1;
  EXPECT_THAT(Refusal(spec), HasSubstr("column who is STRING, not a BIGINT or INT"));
  spec.value = 3;
  EXPECT_THAT(Refusal(spec), HasSubstr("value of a window"));
  spec = HighestBids();
  spec.size_ms = 0;
  EXPECT_THAT(Refusal(spec), HasSubstr("a size of 0 ms"));
  EXPECT_FALSE(DecodeWindowBest("\x09\x01x").ok()) << "a field that this build does not know";
}

}  // namespace
}  // namespace thalweg::graph
