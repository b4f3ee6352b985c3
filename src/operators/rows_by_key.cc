#include "operators/rows_by_key.h"

#include <bit>

namespace thalweg::operators {

void RowsByKey::Load(const RowKeys& keys, std::span<const int32_t> rows) {
  bits_ = std::bit_width(2 * rows.size() + 1);  // at most half full
  table_.assign(size_t{1} << bits_, 0);
  keys_.clear();
  key_of_.resize(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) key_of_[i] = Number(keys[rows[i]]);

  starts_.assign(keys_.size() + 1, 0);
  for (uint32_t key : key_of_) ++starts_[key + 1];
  for (size_t key = 0; key < keys_.size(); ++key) starts_[key + 1] += starts_[key];
  rows_.resize(rows.size());
  next_.assign(starts_.begin(), starts_.end());
  for (size_t i = 0; i < rows.size(); ++i) rows_[next_[key_of_[i]]++] = rows[i];
}

uint32_t RowsByKey::Number(const state::KeyView& key) {
  const size_t mask = table_.size() - 1;
  for (size_t at = key.hash * 0x9e3779b97f4a7c15ULL >> (64 - bits_);; at = (at + 1) & mask) {
    if (table_[at] == 0) {
      keys_.push_back(key);
      table_[at] = static_cast<uint32_t>(keys_.size());
    }
    const state::KeyView& found = keys_[table_[at] - 1];
    if (found.hash == key.hash && found.bytes == key.bytes) return table_[at] - 1;
  }
}

}  // namespace thalweg::operators
