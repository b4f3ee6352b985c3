#include "columns/batch_codec.h"

#include <fstream>

#include <gtest/gtest.h>

#include "columns/compare.h"
#include "columns/format.h"
#include "columns/gather.h"
#include "columns/test_batches.h"
#include "testing/source_folder.h"

namespace thalweg::columns {
namespace {

using types::DataType;
using types::TypeId;
using Pair = std::pair<std::string, int32_t>;

std::string Encoded(const Batch& batch) {
  ByteWriter out;
  Status status = BatchCodec(TypesOf(batch)).Encode(batch, out);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return out.Take();
}

std::string GoldenBytes() {
  std::ifstream file(SourceFolder() + "/tests/golden/batch_v1.hex");
  std::string bytes, line;
  while (std::getline(file, line))
    for (size_t i = 0; i + 1 < line.find(" "); i += 2)
      bytes.push_back(static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16)));
  return bytes;
}

/// The batch of tests/golden/batch.py.
Batch GoldenBatch(BufferPool& pool) {
  types::Schema schema({{"", DataType(TypeId::kBigInt, false)},
                        {"", DataType(TypeId::kString)},
                        {"", DataType(TypeId::kBoolean)},
                        {"", DataType::Array(DataType(TypeId::kInt))},
                        {"", DataType::Row({{"a", DataType(TypeId::kInt, false)}, {"b", DataType(TypeId::kString)}})},
                        {"", DataType::Timestamp(9)},
                        {"", DataType::Object(types::ObjectTypeOf<Pair>())}});
  BatchBuilder builder(schema, pool);
  for (int i = 0; i < 3; ++i) {
    builder.column(0).Append(i == 0 ? int64_t{1} : i == 1 ? int64_t{-1} : int64_t{1} << 40);
    if (i == 1)
      builder.column(1).AppendNull();
    else
      builder.column(1).AppendString(i ? "a string of more than twelve bytes" : "alice");
    builder.column(2).AppendBool(i != 1);
    if (i == 0) builder.column(3).child(0).Append(int32_t{1}), builder.column(3).child(0).AppendNull();
    if (i == 1)
      builder.column(3).AppendNull();
    else
      builder.column(3).CloseRow();
    builder.column(4).child(0).Append(int32_t{7 + i});
    if (i == 1)
      builder.column(4).child(1).AppendNull();
    else
      builder.column(4).child(1).AppendString(i ? "" : "x");
    builder.column(4).CloseRow();
    builder.column(5).Append(types::TimestampValue{i, i ? 0u : 7u});
    builder.column(6).AppendObject(Pair(i == 0 ? "a" : i == 1 ? "b" : "", i + 1));
    builder.FinishRow(i == 1 ? kNoTime : 10 + 10 * i,
                      i == 0 ? types::RowKind::kInsert : static_cast<types::RowKind>(i + 1));
  }
  Batch batch = builder.Take();
  batch.key_hashes() = pool.Allocate(24);
  for (uint64_t i = 0; i < 3; ++i) batch.key_hashes().mutable_data<uint64_t>()[i] = i + 1;
  return batch;
}

TEST(BatchCodec, BytesAreTheGoldenFiles) {
  BufferPool pool;
  Batch batch = GoldenBatch(pool);
  std::string golden = GoldenBytes();
  EXPECT_EQ(Encoded(batch), golden);
  auto decoded = BatchCodec(TypesOf(batch)).Decode(golden, pool);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(FirstDifference(*decoded, batch), "");
  EXPECT_EQ(decoded->key_hash(2), 3u);
}

TEST(BatchCodec, RandomBatchesOfEveryTypeRoundTrip) {
  BufferPool pool;
  Random random(1);
  types::Schema schema = EveryTypeSchema();
  for (int round = 0; round < 30; ++round) {
    Batch batch = RandomBatch(random, schema, static_cast<int32_t>(1 + random.Below(40)), pool, round & 3);
    auto decoded = BatchCodec(TypesOf(batch)).Decode(Encoded(batch), pool);
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    EXPECT_EQ(FirstDifference(*decoded, batch), "");
    EXPECT_FALSE(decoded->key_hashes());
    EXPECT_EQ(static_cast<bool>(decoded->times()), static_cast<bool>(batch.times()));
  }
}

TEST(BatchCodec, SlicesEncodeOnlyTheirRows) {
  BufferPool pool;
  Random random(2);
  Batch batch = RandomBatch(random, EveryTypeSchema(), 40, pool);
  Batch slice = Slice(batch, 0, 11, pool);
  auto decoded = BatchCodec(TypesOf(batch)).Decode(Encoded(slice), pool);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(FirstDifference(*decoded, slice), "");
}

TEST(BatchCodec, EveryTruncationIsAnError) {
  BufferPool pool;
  Batch batch = GoldenBatch(pool);
  BatchCodec codec(TypesOf(batch));
  std::string bytes = Encoded(batch);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(codec.Decode(bytes.substr(0, size), pool).ok()) << size;
  EXPECT_EQ(codec.Decode(bytes + '\0', pool).status().ToString(), "external error: Malformed batch: bytes left over");
}

TEST(BatchCodec, BatchOfOtherTypesNamesBoth) {
  BufferPool pool;
  Random random(3);
  std::string bytes = Encoded(RandomBatch(random, types::Schema({{"a", DataType(TypeId::kInt)}}), 2, pool));
  EXPECT_EQ(BatchCodec({DataType(TypeId::kString)}).Decode(bytes, pool).status().ToString(),
            "external error: A batch of other columns: column 0 is INT, expected STRING");
  EXPECT_EQ(BatchCodec({}).Decode(bytes, pool).status().ToString(),
            "external error: A batch of other columns: 1 columns, expected 0");
  std::string objects = Encoded(ObjectBatch(std::vector<int32_t>{1}, pool));
  std::string error =
      BatchCodec({DataType::Object(types::ObjectTypeOf<int64_t>())}).Decode(objects, pool).status().ToString();
  EXPECT_NE(error.find("i32"), std::string::npos) << error;
  EXPECT_NE(error.find("OBJECT<i64>"), std::string::npos) << error;
}

TEST(BatchCodec, NewerFormatIsNamed) {
  BufferPool pool;
  EXPECT_EQ(BatchCodec({}).Decode("\x02", pool).status().ToString(),
            "external error: Newer batch: format 2, this build reads 1");
}

TEST(BatchCodec, LyingLengthsCostNoMemory) {
  auto account = std::make_shared<MemoryAccount>();
  BufferPool pool(account);
  for (const DataType& element : {DataType(TypeId::kNull), DataType(TypeId::kInt), DataType::Row({})}) {
    BatchCodec codec({DataType::Array(element)});
    ByteWriter out;
    BatchBuilder builder(types::Schema({{"a", DataType::Array(element)}}), pool);
    builder.column(0).CloseRow();
    builder.FinishRow();
    ASSERT_TRUE(codec.Encode(builder.Take(), out).ok());
    std::string bytes = out.Take();
    // The one varint length, 0, becomes 2^30.
    size_t at = bytes.size() - 2;
    ASSERT_EQ(bytes[at], 0);
    bytes.replace(at, 1, "\x80\x80\x80\x80\x04", 5);
    EXPECT_FALSE(codec.Decode(bytes, pool).ok());
  }
  EXPECT_LT(account->bytes.load(), 200'000);
}

struct NoCodec {
  int value = 0;
};

TEST(BatchCodec, TypeWithoutCodecIsAUserError) {
  BufferPool pool;
  Batch batch = ObjectBatch(std::vector<NoCodec>{{1}}, pool);
  ByteWriter out;
  Status status = BatchCodec(TypesOf(batch)).Encode(batch, out);
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_NE(status.message().find("No codec for the stream's type"), std::string::npos);
  EXPECT_EQ(out.size(), 0u);
}

TEST(BatchCodec, DamagedObjectDestroysWhatWasDecodedBefore) {
  BufferPool pool;
  std::vector<std::string> values{std::string(100, 'a'), std::string(100, 'b')};
  Batch batch = ObjectBatch(values, pool);
  std::string bytes = Encoded(batch);
  bytes[bytes.size() - 101] = 127;  // the second string's length
  auto decoded = BatchCodec(TypesOf(batch)).Decode(bytes, pool);
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.status().message().find("Column 0 of a batch"), std::string::npos) << decoded.status().ToString();
}

}  // namespace
}  // namespace thalweg::columns
