#include "base/edit_distance.h"

#include <algorithm>
#include <vector>

#include "base/ascii.h"

namespace thalweg {

size_t EditDistance(std::string_view a, std::string_view b, size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  std::vector<size_t> above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
    }
    if (*std::min_element(row.begin(), row.end()) > limit) return limit + 1;
    above.swap(row);
  }
  return above[b.size()];
}

NearestWord::NearestWord(std::string_view wanted)
    : wanted_(wanted), below_(std::max<size_t>(2, wanted.size() / 3) + 1) {}

namespace {

bool SameButForCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return AsciiLower(x) == AsciiLower(y); });
}

}  // namespace

void NearestWord::Consider(std::string_view word) {
  if (below_ == 0) return;
  if (!word.empty() && SameButForCase(wanted_, word)) {  // nothing is nearer
    below_ = 0;
    word_ = word;
    return;
  }
  const size_t distance = EditDistance(wanted_, word, below_ - 1);
  if (distance >= below_ || distance >= std::max(wanted_.size(), word.size())) return;
  below_ = std::max<size_t>(distance, 1);
  word_ = word;
}

std::string NearestWord::Suggestion() const {
  return word_.empty() ? std::string() : "; did you mean '" + std::string(word_) + "'?";
}

}  // namespace thalweg
