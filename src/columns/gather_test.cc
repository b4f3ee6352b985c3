#include "columns/gather.h"

#include <gtest/gtest.h>

#include "columns/compare.h"
#include "columns/format.h"
#include "columns/scatter.h"
#include "columns/test_batches.h"

namespace thalweg::columns {
namespace {

struct Counted {
  static inline int live = 0;
  int value = 0;
  explicit Counted(int v = 0) : value(v) { ++live; }
  Counted(const Counted& other) : value(other.value) { ++live; }
  Counted(Counted&& other) noexcept : value(std::exchange(other.value, -1)) { ++live; }
  ~Counted() { --live; }
};

template <size_t Bytes>
struct Blob {
  unsigned char bytes[Bytes];
};

std::vector<Counted> Range(int n) {
  std::vector<Counted> values;
  for (int i = 0; i < n; ++i) values.emplace_back(i);
  return values;
}

std::vector<int> Values(const Batch& batch) {
  std::vector<int> result;
  for (int32_t i = 0; i < batch.rows(); ++i) result.push_back(batch.objects<Counted>()[i].value);
  return result;
}

class GatherTest : public ::testing::Test {
 protected:
  GatherTest() { Counted::live = 0; }
  ~GatherTest() override { EXPECT_EQ(Counted::live, 0); }
  BufferPool pool_;
  Random random_{7};
};

TEST_F(GatherTest, CopiesRowsInTheGivenOrderAndMayRepeatThem) {
  Batch batch = ObjectBatch(Range(5), pool_);
  int32_t rows[] = {4, 0, 4};
  EXPECT_EQ(Values(Gather(batch, rows, 3, pool_)), (std::vector<int>{4, 0, 4}));
  EXPECT_EQ(Values(batch), (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(GatherTest, TakeRowsMovesOnlyFromASoleOwner) {
  Batch batch = ObjectBatch(Range(4), pool_);
  Batch second = batch.Share(pool_);
  int32_t rows[] = {3, 1};
  EXPECT_EQ(Values(TakeRows(std::move(batch), rows, 2, pool_)), (std::vector<int>{3, 1}));
  EXPECT_EQ(Values(second), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(Values(TakeRows(std::move(second), rows, 2, pool_)), (std::vector<int>{3, 1}));
}

TEST_F(GatherTest, CompactKeepsTheChosenObjectsInPlace) {
  Batch batch = ObjectBatch(Range(6), pool_);
  const auto* before = batch.objects<Counted>();
  int32_t rows[] = {0, 2, 5};
  Batch kept = Compact(std::move(batch), rows, 3, pool_);
  EXPECT_EQ(kept.objects<Counted>(), before);
  EXPECT_EQ(Values(kept), (std::vector<int>{0, 2, 5}));
  EXPECT_EQ(Counted::live, 3);
}

TEST_F(GatherTest, CompactLeavesASharedBatchAlone) {
  Batch batch = ObjectBatch(Range(6), pool_);
  Batch second = batch.Share(pool_);
  int32_t rows[] = {1, 5};
  EXPECT_EQ(Values(Compact(std::move(batch), rows, 2, pool_)), (std::vector<int>{1, 5}));
  EXPECT_EQ(Values(second), (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST_F(GatherTest, CompactOfASliceDestroysWhatTheSliceHid) {
  Batch slice;
  {
    Batch batch = ObjectBatch(Range(6), pool_);
    slice = Slice(batch, 0, 4, pool_);
  }
  int32_t rows[] = {1, 3};
  EXPECT_EQ(Values(Compact(std::move(slice), rows, 2, pool_)), (std::vector<int>{1, 3}));
}

TEST_F(GatherTest, CompactEqualsGatherForEveryType) {
  for (bool shared : {false, true}) {
    Batch batch = RandomBatch(random_, EveryTypeSchema(), 100, pool_);
    batch.key_hashes() = pool_.Allocate(800);
    for (uint64_t i = 0; i < 100; ++i) batch.key_hashes().mutable_data<uint64_t>()[i] = i;
    Batch second = shared ? batch.Share(pool_) : Batch();
    uint8_t bitmap[13];
    for (uint8_t& byte : bitmap) byte = static_cast<uint8_t>(random_.Next());
    int32_t rows[100];
    int32_t n = RowsOfBitmap(bitmap, 100, rows);
    ASSERT_GT(n, 20);
    ASSERT_LT(rows[n - 1], 100);
    Batch expected = Gather(batch, rows, n, pool_);
    Batch kept = Compact(std::move(batch), rows, n, pool_);
    EXPECT_EQ(FirstDifference(kept, expected), "");
    for (int32_t i = 0; i < n; ++i) EXPECT_EQ(kept.key_hash(i), static_cast<uint64_t>(rows[i]));
  }
}

TEST_F(GatherTest, SlicesOfEveryTypeConcatenateToTheWhole) {
  Batch batch = RandomBatch(random_, EveryTypeSchema(), 60, pool_);
  std::vector<Batch> parts;
  parts.push_back(Slice(batch, 0, 25, pool_));
  parts.emplace_back();
  parts.push_back(Slice(batch, 25, 1, pool_));
  parts.push_back(Slice(batch, 26, 34, pool_));
  EXPECT_EQ(FirstDifference(Concat(parts, pool_), batch), "");
  EXPECT_EQ(parts[0].column(2).values.data(), batch.column(2).values.data()) << "a prefix copies nothing";
}

TEST_F(GatherTest, RowsOfBitmapIgnoresBitsBehindTheEnd) {
  uint8_t bitmap[] = {0b10000001, 0xff};
  int32_t rows[16];
  EXPECT_EQ(RowsOfBitmap(bitmap, 10, rows), 4);
  EXPECT_EQ((std::vector<int32_t>(rows, rows + 4)), (std::vector<int32_t>{0, 7, 8, 9}));
}

TEST_F(GatherTest, GathersTrivialObjectsOfAnySize) {
  auto check = [&]<size_t Bytes>() {
    std::vector<Blob<Bytes>> values(50);
    for (auto& value : values)
      for (auto& byte : value.bytes) byte = static_cast<unsigned char>(random_.Next());
    int32_t rows[] = {49, 3, 17};
    Batch picked = TakeRows(ObjectBatch(values, pool_), rows, 3, pool_);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(std::memcmp(&picked.objects<Blob<Bytes>>()[i], &values[static_cast<size_t>(rows[i])], Bytes), 0)
          << Bytes;
  };
  check.operator()<1>();
  check.operator()<8>();
  check.operator()<16>();
  check.operator()<20>();
  check.operator()<24>();
  check.operator()<32>();
  check.operator()<100>();
}

TEST_F(GatherTest, ScatterKeepsEachDestinationsRowsInOrder) {
  Scatterer scatterer(3, pool_, 8);
  std::vector<std::vector<int>> expected(3), seen(3);
  std::vector<Routed> full;
  int next = 0;
  for (int round = 0; round < 30; ++round) {
    auto rows = static_cast<int32_t>(1 + random_.Below(40));
    std::vector<Counted> values;
    std::vector<int32_t> to;
    for (int32_t i = 0; i < rows; ++i) {
      values.emplace_back(next);
      to.push_back(static_cast<int32_t>(random_.Below(3)));
      expected[static_cast<size_t>(to.back())].push_back(next++);
    }
    Batch batch = ObjectBatch(values, pool_);
    Batch second = round % 2 ? batch.Share(pool_) : Batch();
    scatterer.Add(std::move(batch), to.data(), full);
    if (second) {
      EXPECT_EQ(Values(second).back(), next - 1);
    }
  }
  for (Routed& routed : full) {
    EXPECT_EQ(routed.batch.rows(), 8);
    for (int value : Values(routed.batch)) seen[static_cast<size_t>(routed.destination)].push_back(value);
  }
  for (int32_t d = 0; d < 3; ++d) {
    EXPECT_LT(scatterer.rows(d), 8);
    for (int value : Values(scatterer.Take(d))) seen[static_cast<size_t>(d)].push_back(value);
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(GatherTest, ScatterCarriesEveryTypeAndTheRowsTimesKindsAndHashes) {
  Batch batch = RandomBatch(random_, EveryTypeSchema(), 64, pool_);
  batch.key_hashes() = pool_.Allocate(64 * 8);
  std::vector<int32_t> to, order[2];
  for (int32_t i = 0; i < 64; ++i) {
    batch.key_hashes().mutable_data<uint64_t>()[i] = static_cast<uint64_t>(i);
    to.push_back(static_cast<int32_t>(random_.Below(2)));
    order[to.back()].push_back(i);
  }
  Scatterer scatterer(2, pool_);
  std::vector<Routed> full;
  scatterer.Add(batch.Share(pool_), to.data(), full);
  EXPECT_TRUE(full.empty());
  for (int32_t d = 0; d < 2; ++d) {
    Batch part = scatterer.Take(d);
    ASSERT_EQ(part.rows(), static_cast<int32_t>(order[d].size()));
    for (int32_t i = 0; i < part.rows(); ++i) {
      EXPECT_TRUE(RowsEqual(part, i, batch, order[d][static_cast<size_t>(i)]));
      EXPECT_EQ(part.key_hash(i), static_cast<uint64_t>(order[d][static_cast<size_t>(i)]));
    }
  }
}

TEST_F(GatherTest, ScatterTakesBatchesOfOneRow) {
  Scatterer scatterer(3, pool_, 2);
  std::vector<Routed> full;
  for (int32_t i = 0; i < 5; ++i) {
    int32_t to = i == 1 ? 0 : 2;
    std::vector<Counted> value;
    value.emplace_back(i);
    scatterer.Add(ObjectBatch(value, pool_), &to, full);
  }
  ASSERT_EQ(full.size(), 2u);
  EXPECT_EQ(full[0].destination, 2);
  EXPECT_EQ(Values(full[0].batch), (std::vector<int>{0, 2}));
  EXPECT_EQ(Values(full[1].batch), (std::vector<int>{3, 4}));
  EXPECT_EQ(Values(scatterer.Take(0)), (std::vector<int>{1}));
  EXPECT_FALSE(scatterer.Take(1));
}

TEST_F(GatherTest, ScatterPassesAFullBatchForOneDestinationOnUncopied) {
  Scatterer scatterer(2, pool_, 4);
  Batch batch = ObjectBatch(Range(4), pool_);
  const auto* objects = batch.objects<Counted>();
  std::vector<Routed> full;
  int32_t to[] = {1, 1, 1, 1};
  scatterer.Add(std::move(batch), to, full);
  ASSERT_EQ(full.size(), 1u);
  EXPECT_EQ(full[0].destination, 1);
  EXPECT_EQ(full[0].batch.objects<Counted>(), objects);
}

}  // namespace
}  // namespace thalweg::columns
