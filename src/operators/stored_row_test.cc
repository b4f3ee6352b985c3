#include "operators/stored_row.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "columns/format.h"
#include "columns/key_encoder.h"
#include "columns/test_batches.h"
#include "testing/golden_states.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

columns::Batch BatchOf(const types::Schema& schema, const std::vector<std::string>& rows, columns::BufferPool& pool) {
  columns::BatchBuilder builder(schema, pool);
  for (const std::string& row : rows) testing::AppendRowText(row, schema, builder);
  return builder.Take();
}

/// The bytes of all its columns: the same for the same rows.
std::string Cells(const columns::Batch& batch, int32_t row) {
  std::string bytes;
  for (int column = 0; column < batch.num_columns(); ++column)
    columns::AppendCellValue(batch.column(column), row, bytes);
  return bytes;
}

TEST(StoredRow, RowsOfEveryTypeComeBackAsTheyWere) {
  columns::BufferPool pool;
  Random random(7);
  const types::Schema schema = columns::EveryTypeSchema();
  for (int round = 0; round < 50; ++round) {
    const columns::Batch batch = columns::RandomBatch(random, schema, 20, pool);
    columns::BatchBuilder back(schema, pool);
    for (int32_t row = 0; row < batch.rows(); ++row) {
      ReadStoredRow(StoreRow(batch, row).bytes, back, 0, schema.size());
      back.FinishRow();
    }
    const columns::Batch read = back.Take();
    for (int32_t row = 0; row < batch.rows(); ++row) {
      ASSERT_EQ(Cells(read, row), Cells(batch, row));
      ASSERT_EQ(StoreRow(read, row), StoreRow(batch, row));
      std::string sized;
      AppendStoredRowWithLength(batch, row, sized);
      ByteReader in(sized);
      ASSERT_EQ(in.String(), StoreRow(batch, row).bytes);
      ASSERT_TRUE(in.AtEnd() && !in.failed());
    }
  }
}

TEST(StoredRow, HasTheBytesOfTheDocument) {
  columns::BufferPool pool;
  const columns::Batch batch = BatchOf(
      testing::ParseSchema("a BIGINT, s STRING, b BOOLEAN, d DOUBLE, t TIMESTAMP(6), n DECIMAL(20, 2), y TINYINT"),
      {"[-2, " + std::string(130, 'x') + ", true, 1.5, 1970-01-01 00:00:00.007, 1.00, 3]",
       "[null, ab, null, null, null, null, null]"},
      pool);
  std::string first = StoreRow(batch, 0).bytes;
  // The text of a test has no nanoseconds: its 0 are the document's 8.
  const std::string golden = testing::GoldenState("stored-row");
  ASSERT_EQ(first.size(), golden.size());
  const size_t nanos = golden.size() - 1 - 16 - 1;
  EXPECT_EQ(first[nanos], 0);
  first[nanos] = 8;
  EXPECT_EQ(first, golden);
  EXPECT_EQ(StoreRow(batch, 1).bytes, testing::GoldenState("stored-row-nulls"));
}

TEST(StoredRows, HaveTheBytesOfEachRowAlone) {
  columns::BufferPool pool;
  Random random(11);
  // With nested types and without: these are packed by the column, more rows than one stretch of it.
  for (const types::Schema& schema :
       {columns::EveryTypeSchema(), testing::ParseSchema("a BIGINT, s STRING, b BOOLEAN, d DOUBLE, t TIMESTAMP(6), n "
                                                         "DECIMAL(20, 2), y TINYINT, m TIMESTAMP(3), f FLOAT")}) {
    const columns::Batch batch = columns::RandomBatch(random, schema, 150, pool);
    StoredRows rows;
    for (int32_t from : {0, 7, 150}) {
      rows.Load(batch, from, batch.rows());
      for (int32_t row = from; row < batch.rows(); ++row) {
        const std::string alone = StoreRow(batch, row).bytes;
        ASSERT_EQ(rows[row], alone) << row;
        ByteReader in(rows.WithLength(row));
        ASSERT_EQ(in.String(), alone) << row;
        ASSERT_TRUE(in.AtEnd() && !in.failed());
      }
    }
  }
}

TEST(StoredRows, StretchesAreReadByTheColumn) {
  columns::BufferPool pool;
  Random random(12);
  const types::Schema schema = columns::EveryTypeSchema();
  const columns::Batch batch = columns::RandomBatch(random, schema, 90, pool);
  StoredRows rows;
  rows.Load(batch, 0, batch.rows());
  std::vector<std::string_view> stored;
  for (int32_t row = 0; row < batch.rows(); ++row) stored.push_back(rows[row]);
  columns::BatchBuilder back(schema, pool);
  StoredRowReader reader;
  reader.Start(stored, schema.size());
  for (const bool behind : {false, true})
    for (int column = 0; column < schema.size(); ++column) {
      if (LiesBehind(back.column(column).type()) != behind) continue;
      reader.Read(column, 0, 40, back.column(column));
      reader.Read(column, 40, 50, back.column(column));
    }
  reader.Finish();
  for (int32_t row = 0; row < batch.rows(); ++row) back.FinishRow();
  const columns::Batch read = back.Take();
  for (int32_t row = 0; row < batch.rows(); ++row) ASSERT_EQ(Cells(read, row), Cells(batch, row)) << row;
}

TEST(StoredRowsDeathTest, HaveNoOtherRows) {
  columns::BufferPool pool;
  const columns::Batch batch = BatchOf(testing::ParseSchema("a INT"), {"[1]", "[2]"}, pool);
  StoredRows rows;
  rows.Load(batch, 1, 2);
  EXPECT_DEATH(rows[0], "row 0 of 1 from 1");
}

TEST(StoredRow, StandsAmongOtherColumns) {
  columns::BufferPool pool;
  const columns::Batch batch = BatchOf(testing::ParseSchema("a INT, s STRING"), {"[1, x]"}, pool);
  const types::Schema wide = testing::ParseSchema("before INT, a INT, s STRING, behind INT");
  columns::BatchBuilder out(wide, pool);
  out.column(0).Append(int32_t{8});
  ReadStoredRow(StoreRow(batch, 0).bytes, out, 1, 2);
  out.column(3).Append(int32_t{9});
  out.FinishRow();
  EXPECT_EQ(columns::RowText(out.Take(), 0), "+I[8, 1, x, 9]");
}

TEST(StoredRow, TextsOfAnyLengthAndBytesComeBack) {
  columns::BufferPool pool;
  const types::Schema schema = testing::ParseSchema("s STRING, n INT");
  columns::BatchBuilder builder(schema, pool), back(schema, pool);
  std::vector<std::string> texts;
  for (size_t size : {0, 1, 12, 13, 127, 128, 16383, 16384}) texts.emplace_back(size, size % 2 ? 'x' : '\0');
  for (const std::string& text : texts) {
    builder.column(0).AppendString(text);
    builder.column(1).Append(int32_t{7});
    builder.FinishRow();
  }
  const columns::Batch batch = builder.Take();
  for (int32_t row = 0; row < batch.rows(); ++row) {
    ReadStoredRow(StoreRow(batch, row).bytes, back, 0, 2);
    back.FinishRow();
  }
  const columns::Batch read = back.Take();
  for (int32_t row = 0; row < read.rows(); ++row)
    EXPECT_EQ(read.column(0).String(row), texts[static_cast<size_t>(row)]);
}

TEST(StoredRow, ComesOutWithTheZeroThatItHad) {
  columns::BufferPool pool;
  const types::Schema schema =
      testing::ParseSchema("d DOUBLE, f FLOAT, a ARRAY<DOUBLE>, r ROW<f FLOAT>, m MAP<DOUBLE, FLOAT>");
  for (const std::string& row :
       {"[0.0, 0.0, [0.0], +I[0.0], {0.0=0.0}]", "[-0.0, -0.0, [-0.0], +I[-0.0], {-0.0=-0.0}]"}) {
    const columns::Batch batch = BatchOf(schema, {row}, pool);
    columns::BatchBuilder back(schema, pool);
    ReadStoredRow(StoreRow(batch, 0).bytes, back, 0, schema.size());
    back.FinishRow();
    EXPECT_EQ(columns::RowText(back.Take(), 0), "+I" + row);
  }
}

TEST(StoredRow, ZeroAndMinusZeroAreTwoRowsAndNanIsOne) {
  columns::BufferPool pool;
  const types::Schema schema = testing::ParseSchema("d DOUBLE, f FLOAT");
  columns::BatchBuilder builder(schema, pool);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (double value : {0.0, -0.0, nan, -nan}) {
    builder.column(0).Append(value);
    builder.column(1).Append(static_cast<float>(value));
    builder.FinishRow();
  }
  const columns::Batch batch = builder.Take();
  EXPECT_NE(StoreRow(batch, 0), StoreRow(batch, 1));
  EXPECT_EQ(StoreRow(batch, 2), StoreRow(batch, 3));
  EXPECT_NE(StoreRow(batch, 0), StoreRow(batch, 2));
}

TEST(StoredRow, NullIsNoValue) {
  columns::BufferPool pool;
  const types::Schema schema = testing::ParseSchema("a INT, s STRING");
  const columns::Batch batch = BatchOf(schema, {"[null, x]", "[0, x]", "[0, null]"}, pool);
  EXPECT_NE(StoreRow(batch, 0), StoreRow(batch, 1));
  EXPECT_NE(StoreRow(batch, 1), StoreRow(batch, 2));
}

TEST(StoredRowDeathTest, BytesOfOtherTypesStopTheProcess) {
  columns::BufferPool pool;
  const columns::Batch batch = BatchOf(testing::ParseSchema("a INT"), {"[1]"}, pool);
  columns::BatchBuilder other(testing::ParseSchema("a BIGINT"), pool);
  EXPECT_DEATH(ReadStoredRow(StoreRow(batch, 0).bytes, other, 0, 1), "Bytes of a row of other types");
}

TEST(StoredRow, RowsOneBehindAnotherGrowByAHalfAndNotToTwiceTheirSize) {
  columns::BufferPool pool;
  const types::Schema schema = testing::ParseSchema("t STRING");
  const columns::Batch batch = BatchOf(schema, {"[" + std::string(99, 'x') + "]"}, pool);
  std::string kept;
  for (int i = 0; i < 5; ++i) AppendStoredRowWithLength(batch, 0, kept);
  EXPECT_EQ(kept.size(), 5u * 102u);
  EXPECT_LT(kept.capacity(), 600u);
}

}  // namespace
}  // namespace thalweg::operators
