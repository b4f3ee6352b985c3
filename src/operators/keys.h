// Keys of a batch's rows as state wants them: canonical bytes, hash, key group.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "columns/batch.h"
#include "columns/builder.h"
#include "columns/key_codec.h"
#include "state/keyed_backend.h"
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
  /// Keys that View gives at a time.
  static constexpr int32_t kViews = 128;
  /// Those of rows [from, to), at most kViews; valid until the next View or Load.
  std::span<const state::KeyView> View(int32_t from, int32_t to) {
    for (int32_t row = from; row < to; ++row) views_[static_cast<size_t>(row - from)] = (*this)[row];
    return {views_.data(), static_cast<size_t>(to - from)};
  }
  state::KeyView operator[](int32_t row) const {
    auto i = static_cast<size_t>(row - from_);
    std::string_view bytes(bytes_.data() + offsets_[i], size_t{offsets_[i + 1]} - offsets_[i]);
    return {bytes, hashes_[row], static_cast<uint16_t>(types::KeyGroupOf(hashes_[row], max_parallelism_))};
  }

 private:
  int32_t max_parallelism_;
  int32_t from_ = 0;
  const uint64_t* hashes_ = nullptr;
  std::string bytes_;
  std::vector<uint32_t> offsets_;
  std::array<state::KeyView, kViews> views_;
};

/// A C++ key from its canonical bytes, which this process or a snapshot of it wrote.
template <typename K>
K KeyFromBytes(std::string_view bytes) {
  K key{};
  Status status = columns::KeyCodec<K>::ReadBytes(bytes, key);
  THALWEG_CHECK(status.ok(), "Key bytes of another type: {}", status.message());
  return key;
}

/// Keys that are one column of their own bits, and hashed in registers.
template <typename K>
constexpr bool kPlainKey = std::is_integral_v<K> && std::is_signed_v<K> && (sizeof(K) == 4 || sizeof(K) == 8);

/// Appends key columns and key hashes to a batch that has none; `key_of(row)` gives each row's key. If that throws, the batch has
/// got nothing.
template <typename K, typename KeyOf>
void AppendKeyColumns(columns::Batch& batch, columns::BufferPool& pool, KeyOf&& key_of) {
  using Codec = columns::KeyCodec<K>;
  if constexpr (kPlainKey<K>) {
    using Word = std::conditional_t<sizeof(K) == 4, int32_t, int64_t>;
    const int32_t rows = batch.rows();
    columns::Column column;
    column.type = Codec::Fields()[0].type;
    column.length = rows;
    column.values = pool.Allocate(sizeof(K) * static_cast<size_t>(rows));
    columns::BufferRef hashes = pool.Allocate(sizeof(uint64_t) * static_cast<size_t>(rows));
    auto* keys = column.values.mutable_data<Word>();
    auto* hash = hashes.mutable_data<uint64_t>();
    for (int32_t row = 0; row < rows; ++row) keys[row] = key_of(row);
    for (int32_t row = 0; row < rows; ++row) hash[row] = types::HashKeyInteger(keys[row]);
    batch.AddColumn(std::move(column));
    batch.key_hashes() = std::move(hashes);
    return;
  }
  std::vector<columns::ColumnBuilder> builders;
  for (const types::Field& field : Codec::Fields()) builders.emplace_back(field.type, pool, batch.rows());
  columns::BufferRef hashes = pool.Allocate(sizeof(uint64_t) * static_cast<size_t>(batch.rows()));
  auto* hash = hashes.mutable_data<uint64_t>();
  std::string bytes;
  for (int32_t row = 0; row < batch.rows(); ++row) {
    const K& key = key_of(row);
    bytes.clear();
    Codec::AppendBytes(key, bytes);
    hash[row] = Hash64(bytes);
    Codec::AppendColumns(key, builders);
  }
  for (columns::ColumnBuilder& builder : builders) batch.AddColumn(builder.Take());
  batch.key_hashes() = std::move(hashes);
}

}  // namespace thalweg::operators
