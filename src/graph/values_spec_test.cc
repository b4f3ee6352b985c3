#include "graph/values_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::graph {
namespace {

TEST(ValuesSpec, SurvivesItsBytes) {
  const ValuesSpec spec{{"ab", "", "c"}};
  EXPECT_EQ(Encode(spec), std::string("\x01\x02"
                                      "ab\x01\x00\x01\x01"
                                      "c",
                                      9));
  EXPECT_EQ(*DecodeValues(Encode(spec)), spec);
  EXPECT_TRUE(DecodeValues("")->batches.empty());
}

TEST(ValuesSpec, WhatIsMalformedOrNewerIsAnError) {
  EXPECT_FALSE(DecodeValues("\x01\x09"
                            "ab")
                   .ok());
  EXPECT_THAT(DecodeValues(std::string("\x02\x00", 2)).status().message(), ::testing::HasSubstr("Newer values"));
}

}  // namespace
}  // namespace thalweg::graph
