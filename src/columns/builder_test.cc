#include "columns/builder.h"

#include <gtest/gtest.h>

#include "columns/compare.h"
#include "columns/format.h"
#include "columns/test_batches.h"

namespace thalweg::columns {
namespace {

using types::DataType;
using types::TypeId;

TEST(ColumnBuilder, LongStringsLieInHeapsAndShortOnesInTheView) {
  BufferPool pool;
  ColumnBuilder builder(DataType(TypeId::kString), pool, 2);
  std::vector<std::string> values{
      "", "123456789012", "1234567890123", std::string(5000, 'x'), std::string(3 << 20, 'y'), "end"};
  for (int round = 0; round < 40; ++round)
    for (const std::string& value : values) builder.AppendString(value);
  Column column = builder.Take();
  ASSERT_EQ(column.length, 240);
  for (int32_t row = 0; row < 240; ++row) EXPECT_EQ(column.String(row), values[static_cast<size_t>(row) % 6]);
  EXPECT_EQ(column.data<StringView16>()[2].ref.prefix[3], '4');
  EXPECT_EQ(column.data<StringView16>()[0].inlined[11], 0) << "Arrow wants the rest of a short view zero";
  EXPECT_EQ(builder.length(), 0);
}

TEST(ColumnBuilder, SharesLongStringsOfAnotherColumnAmongItsOwn) {
  BufferPool pool;
  const std::string one(40, 'a'), other(50, 'b'), own(60, 'c');
  ColumnBuilder from(types::DataType(types::TypeId::kString), pool);
  from.AppendString(one);
  from.AppendNull();
  from.AppendString("short");
  from.AppendString(other);
  const Column column = from.Take();
  ColumnBuilder more(types::DataType(types::TypeId::kString), pool);
  more.AppendString(other);
  more.AppendNull();
  const Column second = more.Take();
  ColumnBuilder to(types::DataType(types::TypeId::kString), pool);
  to.AppendString(own);
  const std::vector<int32_t> order = {3, ~0, 1, 2, ~1, 0};
  to.AppendMerged(column, second, order.data(), 6);
  to.AppendString(own);
  to.AppendString(std::string(1 << 20, 'd'));  // in a heap behind the shared ones
  const Column made = to.Take();
  EXPECT_EQ(made.heaps.size(), 4u);  // nothing was copied
  ASSERT_EQ(made.length, 9);
  EXPECT_EQ(made.String(0), own);
  EXPECT_EQ(made.String(1), other);
  EXPECT_EQ(made.String(2), other);
  EXPECT_TRUE(made.IsNull(3));
  EXPECT_EQ(made.String(4), "short");
  EXPECT_TRUE(made.IsNull(5));
  EXPECT_EQ(made.String(6), one);
  EXPECT_EQ(made.String(7), own);
  EXPECT_EQ(made.String(8), std::string(1 << 20, 'd'));
}

template <typename T>
void ExpectMerged(types::TypeId id, const std::vector<T>& ones, const std::vector<T>& others) {
  BufferPool pool;
  const types::DataType type = id == types::TypeId::kDecimal ? types::DataType::Decimal(38, 0) : types::DataType(id);
  const auto column = [&](const std::vector<T>& values) {
    ColumnBuilder builder(type, pool);
    for (const T& value : values) {
      if constexpr (std::is_same_v<T, bool>)
        builder.AppendBool(value);
      else
        builder.Append(value);
    }
    return builder.Take();
  };
  ColumnBuilder to(type, pool, 2);
  to.AppendNull();
  const std::vector<int32_t> order = {1, ~1, ~0, 0};
  to.AppendMerged(column(ones), column(others), order.data(), 4);
  const Column made = to.Take();
  const std::vector<T> expected = {ones[1], others[1], others[0], ones[0]};
  for (int32_t i = 0; i < 4; ++i) {
    if constexpr (std::is_same_v<T, bool>)
      EXPECT_EQ(made.Bool(i + 1), expected[static_cast<size_t>(i)]);
    else
      EXPECT_TRUE(made.data<T>()[i + 1] == expected[static_cast<size_t>(i)]) << i;
  }
}

TEST(ColumnBuilder, MergesValuesOfEveryWidth) {
  ExpectMerged<bool>(types::TypeId::kBoolean, {true, false}, {true, true});
  ExpectMerged<int8_t>(types::TypeId::kTinyInt, {1, 2}, {3, 4});
  ExpectMerged<int16_t>(types::TypeId::kSmallInt, {1, 2}, {3, 4});
  ExpectMerged<int32_t>(types::TypeId::kInt, {1, 2}, {3, 4});
  ExpectMerged<int64_t>(types::TypeId::kBigInt, {1, 2}, {3, 4});
  ExpectMerged<__int128>(types::TypeId::kDecimal, {1, 2}, {3, 4});
}

TEST(ColumnBuilder, NullsCostABitmapOnlyWhenThereAreSome) {
  BufferPool pool;
  ColumnBuilder builder(DataType(TypeId::kInt), pool, 1);
  builder.Append(int32_t{1});
  EXPECT_FALSE(builder.Take().validity);
  for (int32_t i = 0; i < 100; ++i) {
    if (i % 3 == 1)
      builder.AppendNull();
    else
      builder.Append(i);
  }
  Column column = builder.Take();
  for (int32_t i = 0; i < 100; ++i) {
    EXPECT_EQ(column.IsNull(i), i % 3 == 1) << i;
    EXPECT_EQ(column.data<int32_t>()[i], i % 3 == 1 ? 0 : i);
  }
}

TEST(ColumnBuilder, NestedRowsCloseOverTheirChildren) {
  BufferPool pool;
  DataType type = DataType::Array(DataType::Row({{"a", DataType(TypeId::kInt)}, {"b", DataType(TypeId::kString)}}));
  ColumnBuilder builder(type, pool, 1);
  for (int32_t length : {2, 0, 1}) {
    for (int32_t i = 0; i < length; ++i) {
      builder.child(0).child(0).Append(i);
      builder.child(0).child(1).AppendString("s");
      builder.child(0).CloseRow();
    }
    builder.CloseRow();
  }
  builder.AppendNull();
  Column column = builder.Take();
  std::string text;
  for (int32_t row = 0; row < 4; ++row) AppendCellText(column, row, text += " ");
  EXPECT_EQ(text, " [+I[0, s], +I[1, s]] [] [+I[0, s]] null");
}

TEST(ColumnBuilder, DestroysObjectsThatWereNeverTaken) {
  BufferPool pool;
  auto value = std::make_shared<int>(1);
  {
    ColumnBuilder builder(DataType::Object(types::ObjectTypeOf<std::shared_ptr<int>>()), pool, 1);
    for (int i = 0; i < 5; ++i) builder.AppendObject(value);
    EXPECT_EQ(value.use_count(), 6) << "growing moves";
  }
  EXPECT_EQ(value.use_count(), 1);
}

TEST(ColumnBuilder, CopiesAndMovesObjects) {
  BufferPool pool;
  auto value = std::make_shared<int>(1);
  Batch batch = ObjectBatch(std::vector<std::shared_ptr<int>>(4, value), pool);
  ColumnBuilder builder(batch.column(0).type, pool, 1);
  int32_t rows[] = {3, 1};
  builder.AppendRows(batch.column(0), rows, 2);
  EXPECT_EQ(value.use_count(), 7);
  builder.TakeRows(batch.column(0), rows, 2);
  EXPECT_EQ(value.use_count(), 7) << "moved";
  Batch shared = batch.Share(pool);
  rows[0] = 0, rows[1] = 2;
  builder.TakeRows(batch.column(0), rows, 2);
  EXPECT_EQ(value.use_count(), 9) << "shared objects are copied";
  Column column = builder.Take();
  EXPECT_EQ(column.length, 6);
  for (int32_t i = 0; i < 6; ++i) EXPECT_EQ(column.data<std::shared_ptr<int>>()[i], value);
}

TEST(ColumnBuilderDeathTest, RefusesAValueOfAnotherWidth) {
  BufferPool pool;
  ColumnBuilder builder(DataType(TypeId::kBigInt), pool);
  EXPECT_DEATH(builder.Append(int32_t{1}), "4 bytes for BIGINT");
}

TEST(BatchBuilder, KeepsTimesAndKindsGivenLate) {
  BufferPool pool;
  BatchBuilder builder(types::Schema({{"a", DataType(TypeId::kInt)}}), pool, 4);
  auto add = [&](int32_t value, int64_t time, types::RowKind kind) {
    builder.column(0).Append(value);
    builder.FinishRow(time, kind);
  };
  add(1, kNoTime, types::RowKind::kInsert);
  add(2, 77, types::RowKind::kInsert);
  add(3, kNoTime, types::RowKind::kDelete);
  EXPECT_FALSE(builder.full());
  add(4, 5, types::RowKind::kInsert);
  EXPECT_TRUE(builder.full());
  Batch batch = builder.Take();
  EXPECT_EQ(batch.time(0), kNoTime);
  EXPECT_EQ(batch.time(1), 77);
  EXPECT_EQ(batch.time(2), kNoTime);
  EXPECT_EQ(RowText(batch, 1), "+I[2]");
  EXPECT_EQ(RowText(batch, 2), "-D[3]");
  EXPECT_EQ(RowText(batch, 3), "+I[4]");
  EXPECT_FALSE(builder.Take()) << "no rows, no batch";
}

TEST(BatchBuilder, CarriesKeyHashesOnlyIfAllRowsHaveThem) {
  BufferPool pool;
  Random random(1);
  types::Schema schema({{"a", DataType(TypeId::kInt, false)}});
  Batch with = RandomBatch(random, schema, 3, pool), without = RandomBatch(random, schema, 3, pool);
  with.key_hashes() = pool.Allocate(24);
  for (uint64_t i = 0; i < 3; ++i) with.key_hashes().mutable_data<uint64_t>()[i] = i + 10;
  BatchBuilder builder(pool, 9);
  int32_t rows[] = {2, 0};
  builder.AppendRows(with, rows, 2);
  builder.AppendRows(with, nullptr, 1);
  Batch batch = builder.Take();
  EXPECT_EQ(batch.key_hash(0), 12u);
  EXPECT_EQ(batch.key_hash(1), 10u);
  EXPECT_EQ(batch.key_hash(2), 10u);
  builder.AppendRows(with, rows, 2);
  builder.AppendRows(without, rows, 2);
  builder.AppendRows(with, rows, 2);
  EXPECT_FALSE(builder.Take().key_hashes());
}

TEST(BatchBuilder, AppendsRowsOfEveryType) {
  BufferPool pool;
  Random random(2);
  Batch batch = RandomBatch(random, EveryTypeSchema(), 50, pool);
  std::vector<int32_t> rows;
  for (int i = 0; i < 200; ++i) rows.push_back(static_cast<int32_t>(random.Below(50)));
  BatchBuilder builder(pool, 250);
  builder.AppendRows(batch, rows.data(), 120);
  builder.TakeRows(batch, rows.data() + 120, 80);
  builder.AppendRows(batch, nullptr, 50);
  Batch copy = builder.Take();
  ASSERT_EQ(copy.rows(), 250);
  for (int32_t i = 0; i < 200; ++i)
    ASSERT_TRUE(RowsEqual(copy, i, batch, rows[static_cast<size_t>(i)])) << i << RowText(copy, i);
  for (int32_t i = 0; i < 50; ++i) ASSERT_TRUE(RowsEqual(copy, 200 + i, batch, i)) << i;
}

}  // namespace
}  // namespace thalweg::columns
