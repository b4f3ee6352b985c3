#include "columns/record_convert.h"

#include <map>

#include "columns/gather.h"

#include <gtest/gtest.h>

#include "columns/compare.h"
#include "columns/format.h"
#include "columns/key_codec.h"
#include "columns/test_batches.h"

namespace thalweg::columns {
namespace {

using types::DataType;
using types::TypeId;

struct Line {
  std::string item;
  std::optional<int32_t> count;
  auto operator<=>(const Line&) const = default;
};
THALWEG_RECORD(Line, item, count)

enum class Color : uint16_t { kRed = 1, kBlue = 60'000 };

struct Everything {
  bool flag = false;
  int8_t tiny = 0;
  int16_t small = 0;
  int32_t normal = 0;
  int64_t big = 0;
  uint8_t u8 = 0;
  uint64_t u64 = 0;
  float f = 0;
  double d = 0;
  std::string text;
  Color color = Color::kRed;
  types::Timestamp at;
  types::SysMillis seen;
  std::optional<std::string> note;
  std::vector<Line> lines;
  std::map<std::string, std::optional<double>> prices;
  std::pair<int32_t, std::string> both;
  std::set<int32_t> opaque;
  std::vector<std::vector<bool>> bits;
  auto operator<=>(const Everything&) const = default;
};
THALWEG_RECORD(Everything, flag, tiny, small, normal, big, u8, u64, f, d, text, color, at, seen, note, lines, prices,
               both, opaque, bits)

std::vector<Everything> Some() {
  Everything a;
  a.flag = true, a.tiny = -8, a.small = -300, a.normal = 70'000, a.big = INT64_MIN, a.u8 = 255, a.u64 = UINT64_MAX;
  a.f = 1.5f, a.d = -2.25, a.text = "a text of more than twelve bytes", a.color = Color::kBlue, a.at = {-5};
  a.seen = types::SysMillis(std::chrono::milliseconds(7)), a.note = "n";
  a.lines = {{"pen", 3}, {"ink", {}}};
  a.prices = {{"x", 1.0}, {"y", {}}};
  a.both = {4, "four"}, a.opaque = {3, 1}, a.bits = {{true, false}, {}};
  return {a, Everything{}, a};
}

TEST(RecordConvert, RecordsBecomeColumnsAndComeBack) {
  BufferPool pool;
  Batch objects = ObjectBatch(Some(), pool);
  objects.times() = pool.Allocate(24);
  for (int64_t i = 0; i < 3; ++i) objects.times().mutable_data<int64_t>()[i] = i;
  Batch columns = RecordsToBatch<Everything>(objects, pool);
  EXPECT_EQ(columns.num_columns(), 19);
  EXPECT_EQ(columns.time(2), 2);
  EXPECT_EQ(RowText(columns, 0),
            "+I[true, -8, -300, 70000, -9223372036854775808, 255, 18446744073709551615, 1.5, -2.25, a text of more "
            "than twelve bytes, 60000, "
            "1969-12-31T23:59:59.995Z, 1970-01-01T00:00:00.007Z, n, [+I[pen, 3], +I[ink, null]], {x=1.0, y=null}, "
            "+I[4, four], [2, 1, 0, 0, 0, "
            "3, 0, 0, 0], [[true, false], []]]");
  auto back = BatchToRecords<Everything>(columns, *types::Record<Everything>::schema(), pool);
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(ObjectsOf<Everything>(*back), Some());
  EXPECT_EQ(back->time(2), 2);
}

struct Order {
  int64_t id = 0;
  double amount = 0;
  std::optional<int64_t> units;
};
THALWEG_RECORD(Order, id, amount, units)

std::string BindError(const types::Schema& schema) {
  auto reader = RecordReader<Order>::Bind(schema);
  return reader.ok() ? "" : reader.status().ToString();
}

TEST(RecordConvert, MissingRequiredColumnNamesItAndThoseThatExist) {
  EXPECT_EQ(BindError(types::Schema({{"id", DataType(TypeId::kBigInt)}, {"price", DataType(TypeId::kDouble)}})),
            "user error: No column for a field that is not optional: 'amount' of record Order; columns: id, price");
}

TEST(RecordConvert, MismatchedTypeNamesBoth) {
  EXPECT_EQ(BindError(types::Schema({{"id", DataType(TypeId::kBigInt)}, {"amount", DataType(TypeId::kString)}})),
            "user error: A column's type does not fit the field: 'amount' of record Order takes DOUBLE NOT NULL, the "
            "column is STRING");
  EXPECT_NE(BindError(types::Schema({{"id", DataType(TypeId::kBigInt)}, {"amount", DataType(TypeId::kBigInt)}})), "")
      << "a lossy widening";
  EXPECT_NE(BindError(types::Schema({{"id", DataType(TypeId::kDouble)}, {"amount", DataType(TypeId::kDouble)}})), "")
      << "a narrowing";
}

TEST(RecordConvert, WidensWithoutLossAndLeavesMissingOptionalsEmpty) {
  BufferPool pool;
  types::Schema schema(
      {{"amount", DataType(TypeId::kInt)}, {"other", DataType(TypeId::kString)}, {"id", DataType(TypeId::kSmallInt)}});
  BatchBuilder builder(schema, pool);
  builder.column(0).Append(int32_t{-7});
  builder.column(1).AppendString("ignored");
  builder.column(2).Append(int16_t{-300});
  builder.FinishRow();
  auto records = BatchToRecords<Order>(builder.Take(), schema, pool);
  ASSERT_TRUE(records.ok()) << records.status().ToString();
  EXPECT_EQ(records->objects<Order>()[0].id, -300);
  EXPECT_EQ(records->objects<Order>()[0].amount, -7.0);
  EXPECT_FALSE(records->objects<Order>()[0].units);
}

TEST(RecordConvert, NullInARequiredFieldNamesFieldAndRow) {
  BufferPool pool;
  for (TypeId id : {TypeId::kBigInt, TypeId::kInt}) {
    types::Schema schema(
        {{"id", DataType(id)}, {"amount", DataType(TypeId::kFloat)}, {"units", DataType(TypeId::kTinyInt)}});
    BatchBuilder builder(schema, pool);
    for (int row = 0; row < 2; ++row) {
      if (row == 1)
        builder.column(0).AppendNull();
      else if (id == TypeId::kInt)
        builder.column(0).Append(int32_t{1});
      else
        builder.column(0).Append(int64_t{1});
      builder.column(1).Append(1.5f);
      builder.column(2).AppendNull();
      builder.FinishRow();
    }
    auto records = BatchToRecords<Order>(builder.Take(), schema, pool);
    ASSERT_FALSE(records.ok());
    EXPECT_EQ(records.status().ToString(),
              "user error: Row 1 of the batch: Field 'id' of record Order: NULL where the C++ type takes none: make it "
              "std::optional");
  }
}

struct Tagged {
  int64_t id = 0;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::optional<std::string>> maybe;
};
THALWEG_RECORD(Tagged, id, tags, maybe)

TEST(RecordConvert, RowsThatDoNotFitAreToldAndLeftOut) {
  BufferPool pool;
  const DataType map = DataType::Map(DataType(TypeId::kString, false), DataType(TypeId::kString));
  types::Schema schema({{"id", DataType(TypeId::kBigInt)}, {"tags", map}, {"maybe", map}});
  BatchBuilder builder(schema, pool);
  for (int64_t row = 0; row < 5; ++row) {
    row == 1 || row == 3 ? builder.column(0).AppendNull() : builder.column(0).Append(row);
    for (int column : {1, 2}) {
      builder.column(column).child(0).AppendString("trace");
      bool null = column == 2 || row == 2 || row == 3;
      null ? builder.column(column).child(1).AppendNull() : builder.column(column).child(1).AppendString("x");
      builder.column(column).CloseRow();
    }
    builder.FinishRow(row * 100);
  }
  Batch batch = builder.Take();
  auto reader = RecordReader<Tagged>::Bind(schema);
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  std::vector<UnfitRow> unfit;
  auto records = reader->Read(batch, pool, &unfit);
  ASSERT_TRUE(records.ok()) << records.status().ToString();
  ASSERT_EQ(records->rows(), 2);
  EXPECT_EQ(records->objects<Tagged>()[0].id, 0);
  EXPECT_EQ(records->objects<Tagged>()[1].id, 4);
  EXPECT_EQ(records->time(1), 400);
  EXPECT_EQ(records->objects<Tagged>()[1].tags.at("trace"), "x");
  EXPECT_EQ(records->objects<Tagged>()[1].maybe.at("trace"), std::nullopt);
  std::vector<int32_t> rows;
  for (const UnfitRow& row : unfit) rows.push_back(row.row);
  EXPECT_EQ(rows, (std::vector<int32_t>{1, 2, 3}));
  EXPECT_EQ(unfit[0].reason, "Field 'id' of record Tagged: NULL where the C++ type takes none: make it std::optional");
  EXPECT_EQ(unfit[1].reason,
            "Field 'tags' of record Tagged: value of key 'trace': NULL where the C++ type takes none: make it "
            "std::optional");
  EXPECT_EQ(
      reader->Read(batch, pool).status().message(),
      "Row 1 of the batch: Field 'id' of record Tagged: NULL where the C++ type takes none: make it std::optional");
  unfit.clear();
  auto none = reader->Read(Slice(batch, 1, 3, pool), pool, &unfit);
  EXPECT_TRUE(none.ok() && !*none);
  EXPECT_EQ(unfit.size(), 3u);
}

struct Unsigned {
  uint32_t value = 0;
};
THALWEG_RECORD(Unsigned, value)

TEST(RecordConvert, NegativeNumberInAnUnsignedFieldIsAnError) {
  BufferPool pool;
  types::Schema schema({{"value", DataType(TypeId::kBigInt)}});
  BatchBuilder builder(schema, pool);
  builder.column(0).Append(int64_t{-1});
  builder.FinishRow();
  auto records = BatchToRecords<Unsigned>(builder.Take(), schema, pool);
  ASSERT_FALSE(records.ok());
  EXPECT_NE(records.status().message().find("out of range for an unsigned field of 32 bits"), std::string::npos);
}

/// Bytes, columns, and bytes of columns agree, and both read back.
template <typename K>
void ExpectKey(const K& key, int columns) {
  BufferPool pool;
  EXPECT_EQ(KeyCodec<K>::num_columns(), columns);
  ASSERT_EQ(KeyCodec<K>::Fields().size(), static_cast<size_t>(columns));
  std::string bytes;
  KeyCodec<K>::AppendBytes(key, bytes);
  EXPECT_EQ(KeyCodec<K>::Hash(key), Hash64(bytes));
  K back{};
  EXPECT_TRUE(KeyCodec<K>::ReadBytes(bytes, back).ok());
  EXPECT_EQ(back, key);
  EXPECT_FALSE(KeyCodec<K>::ReadBytes(bytes + '\x01', back).ok());
  EXPECT_FALSE(KeyCodec<K>::ReadBytes(std::string_view(bytes).substr(1), back).ok());

  std::vector<ColumnBuilder> builders;
  std::vector<int> indexes;
  for (const DataType& type : KeyCodec<K>::Types()) {
    indexes.push_back(static_cast<int>(builders.size()) + 1);
    builders.emplace_back(type, pool);
  }
  KeyCodec<K>::AppendColumns(key, builders);
  Batch batch(pool, 1);
  ColumnBuilder value(DataType(TypeId::kBoolean), pool);
  value.AppendBool(true);
  batch.AddColumn(value.Take());
  for (ColumnBuilder& builder : builders) batch.AddColumn(builder.Take());
  K from_columns{};
  EXPECT_TRUE(KeyCodec<K>::ReadColumns(batch, 1, 0, from_columns).ok());
  EXPECT_EQ(from_columns, key);
  std::string column_bytes;
  KeyEncoder(KeyCodec<K>::Types(), indexes).Encode(batch, 0, column_bytes);
  EXPECT_EQ(column_bytes, bytes);
}

TEST(KeyCodec, ColumnsAndBytesOfEveryKeyTypeAgree) {
  ExpectKey(int32_t{-5}, 1);
  ExpectKey(int64_t{5}, 1);
  ExpectKey(uint16_t{65'535}, 1);
  ExpectKey(UINT64_MAX, 1);
  ExpectKey(true, 1);
  ExpectKey(Color::kBlue, 1);
  ExpectKey(1.5, 1);
  ExpectKey(std::string("a\0key", 5), 1);
  ExpectKey(types::Timestamp{9}, 1);
  ExpectKey(std::optional<std::string>("x"), 1);
  ExpectKey(std::optional<int32_t>(), 1);
  ExpectKey(std::vector<int32_t>{1, 2}, 1);
  ExpectKey(std::set<int32_t>{1, 2}, 1);
  ExpectKey(std::make_pair(std::string("a"), int64_t{1}), 2);
  ExpectKey(std::make_tuple(int32_t{1}, std::string(""), std::make_pair(true, 1.0f)), 3);
  ExpectKey(Line{"pen", {}}, 2);
  ExpectKey(Some()[0], 19);
}

TEST(KeyCodec, RecordsNameTheirKeyColumns) {
  EXPECT_EQ(KeyCodec<Line>::Fields()[1].name, "count");
  EXPECT_EQ((KeyCodec<std::pair<int, int>>::Fields()[1].name), "f1");
  EXPECT_EQ(KeyCodec<std::string>::Fields()[0].name, "key");
}

}  // namespace
}  // namespace thalweg::columns
