#include "base/edit_distance.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsAndChanges) {
  EXPECT_EQ(EditDistance("kitten", "sitting", 10), 3u);
  EXPECT_EQ(EditDistance("", "abc", 10), 3u);
  EXPECT_EQ(EditDistance("same", "same", 0), 0u);
}

std::string_view Nearest(std::string_view wanted, std::initializer_list<std::string_view> words) {
  NearestWord nearest(wanted);
  for (std::string_view word : words) nearest.Consider(word);
  return nearest.word();
}

TEST(NearestWord, IsTheFirstOfTheNearest) {
  EXPECT_EQ(Nearest("rnu", {"doctor", "run", "rnx"}), "rnx");
  EXPECT_EQ(Nearest("rux", {"run", "rut"}), "run");
  EXPECT_EQ(Nearest("run", {"rut", "run", "rum"}), "run");
}

TEST(NearestWord, IsNoneWhereTheNearestIsFar) {
  EXPECT_EQ(Nearest("frobnicate", {"run", "doctor", "version"}), "");
  EXPECT_EQ(Nearest("go", {"up", "run"}), "") << "nothing in common";
  EXPECT_EQ(Nearest("abcdefghi", {"abcdef"}), "abcdef") << "a third";
  EXPECT_EQ(Nearest("abcdefgh", {"abcde"}), "");
  EXPECT_EQ(Nearest("", {"a", "run"}), "");
}

TEST(NearestWord, SuggestsOnlyWhatIsNear) {
  NearestWord nearest("rnu");
  EXPECT_EQ(nearest.Suggestion(), "");
  nearest.Consider("run");
  EXPECT_EQ(nearest.Suggestion(), "; did you mean 'run'?");
}

TEST(NearestWord, NothingIsNearerThanTheSameInOtherCase) {
  EXPECT_EQ(Nearest("NAME", {"name", "NAMES"}), "name");
  EXPECT_EQ(Nearest("T", {"u", "t"}), "t");
}

TEST(EditDistance, GivesUpAboveTheLimit) {
  EXPECT_GT(EditDistance("kitten", "sitting", 2), 2u);
  EXPECT_GT(EditDistance("a", "abcdef", 3), 3u);
}

}  // namespace
}  // namespace thalweg
