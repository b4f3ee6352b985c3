// How far two words are apart, for "did you mean".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg {

/// Levenshtein distance in bytes. Gives up above `limit`, with a number above it.
size_t EditDistance(std::string_view a, std::string_view b, size_t limit);

/// The word most like another one, the first of equals; none if even that takes more than a third of the letters (but two are
/// allowed), or shares none: a guess from afar misleads. Refers to the words.
class NearestWord {
 public:
  explicit NearestWord(std::string_view wanted);
  void Consider(std::string_view word);
  /// "" if none is near.
  std::string_view word() const { return word_; }
  /// "; did you mean 'word'?", or "".
  std::string Suggestion() const;

 private:
  std::string_view wanted_;
  size_t below_;  // nearer than this
  std::string_view word_;
};

}  // namespace thalweg
