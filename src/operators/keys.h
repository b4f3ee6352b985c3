// Keys of a batch's rows as state wants them: canonical bytes, hash, key group.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columns/batch.h"
#include "state/keyed_backend.h"
#include "types/key_encoding.h"
#include "types/key_group.h"

namespace thalweg::operators {

/// Key columns stand behind the object column.
constexpr int kFirstKeyColumn = 1;

/// The canonical key bytes of one batch, held until the next Load. The task's thread.
class BatchKeys {
 public:
  explicit BatchKeys(int32_t max_parallelism = types::kDefaultMaxParallelism) : max_parallelism_(max_parallelism) {}
  /// Encodes rows [from, batch.rows()). Error if the batch has no key columns or no hashes.
  Status Load(const columns::Batch& batch, int32_t from);
  state::KeyView operator[](int32_t row) const {
    auto i = static_cast<size_t>(row - from_);
    std::string_view bytes(bytes_.data() + offsets_[i], offsets_[i + 1] - offsets_[i]);
    return {bytes, hashes_[row], static_cast<uint16_t>(types::KeyGroupOf(hashes_[row], max_parallelism_))};
  }

 private:
  int32_t max_parallelism_;
  int32_t from_ = 0;
  const uint64_t* hashes_ = nullptr;
  std::string bytes_;
  std::vector<size_t> offsets_;
};

/// A C++ key from its canonical bytes: pairs, tuples and records from several columns, other types from one.
template <typename K>
K KeyFromBytes(std::string_view bytes) {
  K key{};
  types::KeyReader in(bytes);
  if constexpr (types::HasParts<K>) types::internal::ForEachPart(key, [&](auto& part) { types::ReadKey(in, part); });
  else types::ReadKey(in, key);
  THALWEG_CHECK(!in.failed() && in.AtEnd(), "Malformed key bytes: {} of {}", bytes.size(), types::CodecName<K>());
  return key;
}

/// The bytes KeyFromBytes reads.
template <typename K>
void AppendKeyBytes(const K& key, std::string& out) {
  if constexpr (types::HasParts<K>) types::internal::ForEachPart(key, [&](const auto& part) { types::AppendKey(part, out); });
  else types::AppendKey(key, out);
}

/// Appends key columns and key hashes to `batch`; `key_of(row)` gives each row's key.
template <typename K, typename KeyOf>
void AppendKeyColumns(columns::Batch& batch, columns::BufferPool& pool, KeyOf&& key_of);

}  // namespace thalweg::operators
