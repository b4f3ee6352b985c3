#include "formats/parquet.h"

#include <gtest/gtest.h>

#include "formats/test_rows.h"

namespace thalweg::formats {
namespace {

TEST(ParquetEncoder, ARowGroupEndsByItsBytes) {
  const types::SchemaPtr schema = MakeSchema({{"s", types::DataType(types::TypeId::kString)}});
  const std::unique_ptr<FileEncoder> encoder = *MakeParquetEncoder(schema, {.codec = ParquetOptions::Codec::kNone});
  const std::string mebi(1 << 20, 'x');
  columns::BufferPool pool;
  columns::BatchBuilder builder(*schema, pool, 1);
  builder.column(0).AppendString(mebi);
  builder.FinishRow();
  const columns::Batch row = builder.Take();
  std::string file;
  size_t most = 0;
  for (int i = 0; i < 80; ++i) {
    ASSERT_TRUE(encoder->Append(row, 0, 1, &file).ok());
    most = std::max(most, encoder->buffered_bytes());
  }
  EXPECT_GT(most, kParquetGroupBytes - (2 << 20));
  EXPECT_LT(most, kParquetGroupBytes + (4 << 20));
  EXPECT_LT(encoder->buffered_bytes(), kParquetGroupBytes);
  ASSERT_TRUE(encoder->Finish(&file).ok());
  EXPECT_EQ(encoder->buffered_bytes(), 0u);
}

}  // namespace
}  // namespace thalweg::formats
