#include "columns/null_columns.h"

#include <gtest/gtest.h>

#include "columns/builder.h"
#include "columns/test_batches.h"

namespace thalweg::columns {
namespace {

using types::DataType;
using types::TypeId;

TEST(NullColumns, AreNullInEveryRowAndAreCopiedAsOthersAre) {
  BufferPool pool;
  NullColumns nulls;
  for (const DataType& type : EveryType()) {
    for (int32_t rows : {1, 9, kMaxBatchRows}) {
      const Column column = nulls.Make(type, rows, pool);
      ASSERT_EQ(column.length, rows);
      for (int32_t row = 0; row < rows; ++row) ASSERT_TRUE(column.IsNull(row)) << type.ToString();
      ColumnBuilder copy(type, pool, rows);
      copy.AppendRows(column, nullptr, rows);
      const Column copied = copy.Take();
      EXPECT_TRUE(copied.IsNull(rows - 1)) << type.ToString();
    }
  }
}

TEST(NullColumns, ShareTheirMemory) {
  BufferPool pool;
  NullColumns nulls;
  const Column a = nulls.Make(DataType(TypeId::kBigInt), 1024, pool);
  const Column b = nulls.Make(DataType(TypeId::kString), 1000, pool);
  EXPECT_EQ(a.values.data<char>(), b.values.data<char>());
  EXPECT_EQ(a.values.data<char>(), b.validity.data<char>());
}

}  // namespace
}  // namespace thalweg::columns
