#include "columns/key_encoder.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "columns/compare.h"
#include "columns/format.h"
#include "columns/test_batches.h"

namespace thalweg::columns {
namespace {

using types::DataType;
using types::TypeId;

TEST(KeyEncoder, EveryTypeReadsBackFromItsKeyBytes) {
  BufferPool pool;
  Random random(1);
  for (const DataType& type : EveryType()) {
    types::Schema schema({{"a", type}});
    Batch batch = RandomBatch(random, schema, 60, pool, 0);
    BatchBuilder back(schema, pool, 60);
    for (int32_t row = 0; row < 60; ++row) {
      std::string key;
      AppendCellKey(batch.column(0), row, key);
      types::KeyReader in(key);
      ReadCellKey(in, back.column(0));
      ASSERT_TRUE(!in.failed() && in.AtEnd()) << type.ToString();
      back.FinishRow();
    }
    EXPECT_EQ(FirstDifference(back.Take(), batch), "") << type.ToString();
  }
}

TEST(KeyEncoder, HashesAreThoseOfTheCanonicalBytesInEveryForm) {
  BufferPool pool;
  Random random(2);
  std::vector<std::vector<DataType>> keys{{DataType(TypeId::kBigInt, false)},
                                          {DataType(TypeId::kInt, false)},
                                          {DataType(TypeId::kString, false)},
                                          {DataType(TypeId::kBigInt)},
                                          {DataType(TypeId::kString)},
                                          {DataType(TypeId::kDouble)},
                                          {DataType(TypeId::kInt), DataType(TypeId::kString)}};
  for (const std::vector<DataType>& types : keys) {
    std::vector<types::Field> fields{{"value", DataType(TypeId::kBoolean)}};
    std::vector<int> columns;
    for (const DataType& type : types) {
      columns.push_back(static_cast<int>(fields.size()));
      fields.push_back({"k", type});
    }
    Batch batch = RandomBatch(random, types::Schema(fields), 40, pool);
    Batch second = batch.Share(pool);
    KeyEncoder encoder(types, columns);
    encoder.FillHashes(batch, pool);
    EXPECT_FALSE(second.key_hashes());
    for (int32_t row = 0; row < 40; ++row) {
      std::string key;
      encoder.Encode(batch, row, key);
      EXPECT_EQ(batch.key_hash(row), Hash64(key));
    }
  }
}

TEST(KeyEncoder, NullableAndNotNullColumnsHaveTheSameBytes) {
  BufferPool pool;
  std::string keys[2];
  for (bool nullable : {false, true}) {
    ColumnBuilder builder(DataType(TypeId::kInt, nullable), pool);
    builder.Append(int32_t{5});
    if (nullable) builder.AppendNull();
    AppendCellKey(builder.Take(), 0, keys[nullable]);
  }
  EXPECT_EQ(keys[0], keys[1]);
}

TEST(KeyEncoder, MapsWithEntriesInAnotherOrderAreTheSameKey) {
  BufferPool pool;
  DataType type = DataType::Map(DataType(TypeId::kString), DataType(TypeId::kInt));
  ColumnBuilder builder(type, pool);
  for (std::string_view order : {"ab", "ba"}) {
    for (char name : order) {
      builder.child(0).AppendString({&name, 1});
      builder.child(1).Append(int32_t{name});
    }
    builder.CloseRow();
  }
  Column column = builder.Take();
  std::string one, two;
  AppendCellKey(column, 0, one);
  AppendCellKey(column, 1, two);
  EXPECT_EQ(one, two);
}

TEST(KeyEncoder, ValuesKeepTheSignOfAZeroThatKeysDoNotTell) {
  BufferPool pool;
  const DataType type = DataType::Map(DataType(TypeId::kDouble), DataType::Array(DataType(TypeId::kFloat)));
  ColumnBuilder builder(type, pool);
  for (const double zero : {-0.0, 0.0}) {
    builder.child(0).Append(zero);
    builder.child(1).child(0).Append(static_cast<float>(zero));
    builder.child(1).CloseRow();
    builder.CloseRow();
  }
  const Column column = builder.Take();
  std::string keys[2], values[2];
  for (int32_t row : {0, 1}) {
    AppendCellKey(column, row, keys[row]);
    AppendCellValue(column, row, values[row]);
    types::KeyReader in(values[row]);
    ReadCellKey(in, builder);
    EXPECT_TRUE(!in.failed() && in.AtEnd());
  }
  EXPECT_EQ(keys[0], keys[1]);
  EXPECT_EQ(values[1], keys[1]);
  EXPECT_LT(values[0], values[1]);
  const Column back = builder.Take();
  EXPECT_TRUE(std::signbit(back.children[0].data<double>()[0]));
  EXPECT_TRUE(std::signbit(back.children[1].children[0].data<float>()[0]));
  EXPECT_FALSE(std::signbit(back.children[0].data<double>()[1]));
}

TEST(KeyEncoder, HostileKeyBytesFailAndNeverCrash) {
  BufferPool pool;
  Random random(3);
  for (const DataType& type : EveryType())
    for (int i = 0; i < 200; ++i) {
      std::string bytes;
      for (uint64_t n = random.Below(30); n > 0; --n) bytes.push_back("\x01\x00\x01\xff\x80"[random.Below(5)]);
      ColumnBuilder builder(type, pool);
      types::KeyReader in(bytes);
      ReadCellKey(in, builder);
      EXPECT_EQ(in.failed(), !in.status().ok());
    }
}

TEST(RowText, IsFlinksForm) {
  BufferPool pool;
  types::Schema schema({{"name", DataType(TypeId::kString)},
                        {"count", DataType(TypeId::kInt)},
                        {"price", DataType::Decimal(10, 2)},
                        {"at", DataType::TimestampLtz(3)},
                        {"local", DataType::Timestamp(9)},
                        {"day", DataType(TypeId::kDate)},
                        {"raw", DataType(TypeId::kBinary)},
                        {"tags", DataType::Map(DataType(TypeId::kString), DataType(TypeId::kBoolean))},
                        {"months", DataType(TypeId::kIntervalYearMonth)},
                        {"span", DataType(TypeId::kIntervalDayTime)}});
  BatchBuilder builder(schema, pool);
  builder.column(0).AppendString("alice");
  builder.column(1).Append(int32_t{1});
  builder.column(2).Append(static_cast<__int128>(-5));
  builder.column(3).Append(int64_t{0});
  builder.column(4).Append(types::TimestampValue{60'000, 1'000});
  builder.column(5).Append(int32_t{19'782});
  builder.column(6).AppendString("h\xff");
  builder.column(7).child(0).AppendString("a");
  builder.column(7).child(1).AppendBool(true);
  builder.column(7).CloseRow();
  builder.column(8).Append(int32_t{14});
  builder.column(9).Append(int64_t{93'780'500});
  builder.FinishRow(kNoTime, types::RowKind::kUpdateAfter);
  for (int c = 0; c < builder.num_columns(); ++c) builder.column(c).AppendNull();
  builder.FinishRow();
  Batch batch = builder.Take();
  EXPECT_EQ(RowText(batch, 0),
            "+U[alice, 1, -0.05, 1970-01-01T00:00:00Z, 1970-01-01T00:01:00.000001, 2024-02-29, [104, -1], {a=true}, "
            "P1Y2M, PT26H3M0.5S]");
  EXPECT_EQ(RowText(batch, 1), "+I[null, null, null, null, null, null, null, null, null, null]");
}

TEST(Compare, FirstDifferenceNamesTheRowOnBothSides) {
  BufferPool pool;
  types::Schema schema({{"a", DataType(TypeId::kDouble)}});
  auto batch = [&](double value, int64_t time) {
    BatchBuilder builder(schema, pool);
    builder.column(0).Append(value);
    builder.FinishRow(time);
    return builder.Take();
  };
  EXPECT_EQ(FirstDifference(batch(1, 5), batch(1, 5)), "");
  EXPECT_EQ(FirstDifference(batch(std::nan("1"), 5), batch(-std::nan("2"), 5)), "");
  EXPECT_EQ(FirstDifference(batch(1, 5), batch(1, kNoTime)), "row 0: +I[1.0] at 5 against +I[1.0] at no time");
  EXPECT_EQ(FirstDifference(batch(1, 5), Batch()), "1 rows against 0");
}

}  // namespace
}  // namespace thalweg::columns
