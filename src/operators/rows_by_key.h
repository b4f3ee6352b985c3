// RowsByKey: rows of a batch put together by their keys, so that what lies under a key is looked up once for all of them.
// Rule: keys stand in the order in which they came first, the rows of each in theirs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "operators/row_keys.h"

namespace thalweg::operators {

/// One thread. Holds until the next Load, of this or of the keys.
class RowsByKey {
 public:
  /// `rows` of the batch that `keys` has loaded.
  void Load(const RowKeys& keys, std::span<const int32_t> rows);

  /// Different keys.
  size_t size() const { return keys_.size(); }
  const state::KeyView& key(size_t index) const { return keys_[index]; }
  std::span<const int32_t> rows(size_t index) const {
    return std::span(rows_).subspan(starts_[index], starts_[index + 1] - starts_[index]);
  }
  /// Index of the key of the `i`-th of the rows given to Load.
  size_t KeyOf(size_t i) const { return key_of_[i]; }

 private:
  uint32_t Number(const state::KeyView& key);

  std::vector<uint32_t> table_;  // open addressing: index of a key + 1; 0: free
  int bits_ = 0;                 // of a place in the table
  std::vector<state::KeyView> keys_;
  std::vector<uint32_t> key_of_;
  std::vector<size_t> starts_;  // of each key, in what follows; and the end
  std::vector<size_t> next_;    // where the next row of each key goes, while they are put in order
  std::vector<int32_t> rows_;
};

}  // namespace thalweg::operators
