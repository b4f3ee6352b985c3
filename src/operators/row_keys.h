// Keys of the rows of a column batch as state wants them: canonical bytes, hash, key group. The columns' counterpart of keys.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columns/batch.h"
#include "columns/builder.h"
#include "state/keyed_backend.h"

namespace thalweg::operators {

/// The keys of one batch, held until the next Load. The task's thread.
class RowKeys {
 public:
  RowKeys() = default;
  /// `columns`: of the batches, in key order; none: all rows have the one empty key. `max_parallelism`: of the operator.
  RowKeys(std::vector<int> columns, int32_t max_parallelism)
      : columns_(std::move(columns)), max_parallelism_(max_parallelism) {}

  /// Encodes rows [from, batch.rows()).
  void Load(const columns::Batch& batch, int32_t from);
  /// Valid until the next Load.
  state::KeyView operator[](int32_t row) const;
  /// The key of these bytes, which must outlive it.
  state::KeyView ViewOf(std::string_view bytes) const;

  const std::vector<int>& columns() const { return columns_; }

 private:
  template <typename T>
  void LoadIntegers(const T* values, size_t count);
  bool LoadSeveralIntegers(const columns::Batch& batch, size_t count);

  std::vector<int> columns_;
  int32_t max_parallelism_ = 1;
  int32_t from_ = 0;
  std::string bytes_;
  std::vector<uint32_t> offsets_;
  std::vector<uint64_t> hashes_;
};

/// Appends the values of a key's bytes, or of a stored row's (stored_row.h), to `count` columns of `out` from `first` on. The bytes
/// are this process's or a snapshot's: it is a fault of the program if they are not of those types.
void AppendKeyColumns(std::string_view bytes, columns::BatchBuilder& out, int first, int count);

}  // namespace thalweg::operators
