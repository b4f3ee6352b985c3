#include "base/edit_distance.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsAndChanges) {
  EXPECT_EQ(EditDistance("kitten", "sitting", 10), 3u);
  EXPECT_EQ(EditDistance("", "abc", 10), 3u);
  EXPECT_EQ(EditDistance("same", "same", 0), 0u);
}

TEST(EditDistance, GivesUpAboveTheLimit) {
  EXPECT_GT(EditDistance("kitten", "sitting", 2), 2u);
  EXPECT_GT(EditDistance("a", "abcdef", 3), 3u);
}

}  // namespace
}  // namespace thalweg
