#include "operators/row_keys.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "columns/key_encoder.h"

namespace thalweg::operators {
namespace {

using types::DataType;
using types::TypeId;

template <typename T>
columns::Batch IntegerRows(TypeId id, const std::vector<T>& values, bool with_null, columns::BufferPool& pool) {
  columns::ColumnBuilder out(DataType(id), pool);
  for (T value : values) out.Append(value);
  if (with_null) out.AppendNull();
  columns::Batch batch(pool, out.length());
  batch.AddColumn(out.Take());
  return batch;
}

void ExpectCanonicalKeys(const columns::Batch& batch) {
  RowKeys keys({0}, 128);
  keys.Load(batch, 1);
  for (int32_t row = 1; row < batch.rows(); ++row) {
    std::string bytes;
    columns::AppendCellKey(batch.column(0), row, bytes);
    EXPECT_EQ(keys[row].bytes, bytes);
    EXPECT_EQ(keys[row].hash, Hash64(bytes));
    EXPECT_EQ(keys[row].group, keys.ViewOf(bytes).group);
  }
}

TEST(RowKeys, OneIntegerHasTheBytesAndHashOfAnyKey) {
  columns::BufferPool pool;
  const std::vector<int64_t> wide = {0, 1, -1, INT64_MAX, INT64_MIN, 4711};
  const std::vector<int32_t> narrow = {0, 1, -1, INT32_MAX, INT32_MIN, 4711};
  for (bool with_null : {false, true}) {
    ExpectCanonicalKeys(IntegerRows(TypeId::kBigInt, wide, with_null, pool));
    ExpectCanonicalKeys(IntegerRows(TypeId::kInt, narrow, with_null, pool));
  }
}

TEST(RowKeys, SeveralIntegersHaveTheBytesOfAnyKey) {
  columns::BufferPool pool;
  for (bool with_null : {false, true}) {
    columns::Batch batch = IntegerRows<int64_t>(TypeId::kBigInt, {0, INT64_MIN, -1, INT64_MAX}, false, pool);
    batch.AddColumn(IntegerRows<int32_t>(TypeId::kInt,
                                         with_null ? std::vector{7, -7, 0} : std::vector{7, -7, 0, INT32_MIN},
                                         with_null, pool)
                        .column(0));
    RowKeys keys({1, 0}, 128);
    keys.Load(batch, 1);
    for (int32_t row = 1; row < batch.rows(); ++row) {
      std::string bytes;
      columns::AppendCellKey(batch.column(1), row, bytes);
      columns::AppendCellKey(batch.column(0), row, bytes);
      EXPECT_EQ(keys[row].bytes, bytes) << row;
      EXPECT_EQ(keys[row].hash, Hash64(bytes)) << row;
    }
  }
}

TEST(RowKeys, WithoutColumnsAllRowsHaveTheEmptyKey) {
  columns::BufferPool pool;
  RowKeys keys({}, 128);
  keys.Load(IntegerRows<int32_t>(TypeId::kInt, {1, 2}, false, pool), 0);
  EXPECT_EQ(keys[1].bytes, "");
  EXPECT_EQ(keys[1].hash, keys[0].hash);
  EXPECT_EQ(keys[1].hash, keys.ViewOf("").hash);
}

}  // namespace
}  // namespace thalweg::operators
