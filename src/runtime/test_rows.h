// Rows of (key, value) with event times and key hashes, for this folder's tests.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "columns/batch.h"
#include "columns/key_codec.h"

namespace thalweg::runtime {

struct TestRow {
  int64_t key = 0;
  int64_t value = 0;
  int64_t time = 0;
  auto operator<=>(const TestRow&) const = default;
};

inline columns::Column BigIntColumn(columns::BufferPool& pool, const std::vector<TestRow>& rows,
                                    int64_t TestRow::* field) {
  columns::Column column;
  column.type = types::DataType(types::TypeId::kBigInt, false);
  column.length = static_cast<int32_t>(rows.size());
  column.values = pool.Allocate(sizeof(int64_t) * rows.size());
  for (size_t i = 0; i < rows.size(); ++i) column.values.mutable_data<int64_t>()[i] = rows[i].*field;
  return column;
}

/// At least one row.
inline columns::Batch BatchOf(columns::BufferPool& pool, const std::vector<TestRow>& rows) {
  columns::Batch batch(pool, static_cast<int32_t>(rows.size()));
  batch.AddColumn(BigIntColumn(pool, rows, &TestRow::key));
  batch.AddColumn(BigIntColumn(pool, rows, &TestRow::value));
  batch.times() = BigIntColumn(pool, rows, &TestRow::time).values;
  batch.key_hashes() = pool.Allocate(sizeof(uint64_t) * rows.size());
  for (size_t i = 0; i < rows.size(); ++i)
    batch.key_hashes().mutable_data<uint64_t>()[i] = columns::KeyCodec<int64_t>::Hash(rows[i].key);
  return batch;
}

inline TestRow RowAt(const columns::Batch& batch, int32_t row) {
  return {batch.column(0).data<int64_t>()[row], batch.column(1).data<int64_t>()[row], batch.time(row)};
}

inline std::vector<TestRow> RowsOf(const columns::Batch& batch) {
  std::vector<TestRow> rows;
  for (int32_t i = 0; i < batch.rows(); ++i) rows.push_back(RowAt(batch, i));
  return rows;
}

}  // namespace thalweg::runtime
