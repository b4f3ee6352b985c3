#include "operators/rows_by_key.h"

#include <gmock/gmock.h>

#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using ::testing::ElementsAre;

columns::Batch RowsByKeySample(columns::BufferPool& pool, int32_t rows, int64_t keys) {
  const types::Schema schema = testing::ParseSchema("k BIGINT, t STRING");
  columns::BatchBuilder builder(schema, pool);
  for (int32_t row = 0; row < rows; ++row)
    testing::AppendRowText(fmt::format("[{}, x]", row * 7 % keys), schema, builder);
  return builder.Take();
}

TEST(RowsByKey, KeysStandInTheOrderInWhichTheyCameFirstAndTheirRowsInTheirs) {
  columns::BufferPool pool;
  const columns::Batch batch = RowsByKeySample(pool, 8, 3);  // keys 0 1 2 0 1 2 0 1
  RowKeys keys({0}, 128);
  keys.Load(batch, 0);
  RowsByKey by_key;
  const std::vector<int32_t> rows{1, 3, 4, 6, 7};
  by_key.Load(keys, rows);
  ASSERT_EQ(by_key.size(), 2u);
  EXPECT_EQ(by_key.key(0).bytes, keys[1].bytes);
  EXPECT_EQ(by_key.key(1).bytes, keys[0].bytes);
  EXPECT_THAT(by_key.rows(0), ElementsAre(1, 4, 7));
  EXPECT_THAT(by_key.rows(1), ElementsAre(3, 6));
  EXPECT_EQ(by_key.KeyOf(2), 0u);
  EXPECT_EQ(by_key.KeyOf(3), 1u);
}

TEST(RowsByKey, ManyDifferentKeysAreAllToldApart) {
  columns::BufferPool pool;
  const columns::Batch batch = RowsByKeySample(pool, 1000, 997);
  RowKeys keys({0}, 128);
  keys.Load(batch, 0);
  std::vector<int32_t> rows;
  for (int32_t row = 0; row < batch.rows(); ++row) rows.push_back(row);
  RowsByKey by_key;
  by_key.Load(keys, rows);
  ASSERT_EQ(by_key.size(), 997u);
  EXPECT_THAT(by_key.rows(by_key.KeyOf(0)), ElementsAre(0, 997));
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(by_key.key(by_key.KeyOf(i)).bytes, keys[rows[i]].bytes);
}

TEST(RowsByKey, NoRowsHaveNoKeysAndASecondLoadForgetsTheFirst) {
  columns::BufferPool pool;
  const columns::Batch batch = RowsByKeySample(pool, 4, 2);
  RowKeys keys({0}, 128);
  keys.Load(batch, 0);
  RowsByKey by_key;
  by_key.Load(keys, std::vector<int32_t>{0, 1, 2});
  by_key.Load(keys, {});
  EXPECT_EQ(by_key.size(), 0u);
  by_key.Load(keys, std::vector<int32_t>{1});
  ASSERT_EQ(by_key.size(), 1u);
  EXPECT_THAT(by_key.rows(0), ElementsAre(1));
}

}  // namespace
}  // namespace thalweg::operators
