#include "columns/buffer.h"

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "types/object_type.h"

namespace thalweg::columns {
namespace {

TEST(BufferPool, ReusesAFreedSlab) {
  BufferPool pool;
  const std::byte* first = pool.Allocate(1000).data();
  int64_t reserved = pool.reserved_bytes();
  EXPECT_EQ(pool.Allocate(1024).data(), first) << "same size class";
  EXPECT_EQ(pool.reserved_bytes(), reserved);
  EXPECT_NE(pool.Allocate(1025).data(), first) << "next size class";
}

TEST(BufferPool, DataIsAlignedToACacheLineAndAsLargeAsAsked) {
  BufferPool pool;
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{64}, size_t{65}, size_t{4} << 20, (size_t{4} << 20) + 1}) {
    BufferRef buffer = pool.Allocate(bytes);
    EXPECT_GE(buffer.capacity(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0u);
    if (bytes) std::memset(buffer.mutable_data(), 1, bytes);
  }
}

TEST(BufferPool, LargeSlabsGoBackToTheSystemAtOnce) {
  BufferPool pool;
  int64_t before = pool.reserved_bytes();
  BufferRef buffer = pool.Allocate(10 << 20);
  EXPECT_GE(pool.reserved_bytes(), before + (10 << 20));
  buffer.Reset();
  EXPECT_EQ(pool.reserved_bytes(), before);
}

TEST(BufferPool, AccountSumsItsPoolsAndIsZeroWhenAllIsGone) {
  auto account = std::make_shared<MemoryAccount>();
  {
    BufferPool a(account), b(account);
    BufferRef x = a.Allocate(100), y = b.Allocate(100'000);
    EXPECT_EQ(account->bytes.load(), a.reserved_bytes() + b.reserved_bytes());
    EXPECT_GE(account->bytes.load(), 100'100);
  }
  EXPECT_EQ(account->bytes.load(), 0);
}

TEST(BufferPool, BuffersOutliveTheirPool) {
  auto account = std::make_shared<MemoryAccount>();
  BufferRef large, small, other;
  {
    BufferPool pool(account);
    small = pool.Allocate(10);
    large = pool.Allocate(8 << 20);
    other = small;
  }
  EXPECT_GT(account->bytes.load(), 8 << 20);
  large.Reset();
  small.Reset();
  *other.mutable_data<char>() = 1;
  EXPECT_GT(account->bytes.load(), 0);
  std::thread([&] { other.Reset(); }).join();
  EXPECT_EQ(account->bytes.load(), 0);
}

TEST(BufferPool, BuffersOutliveThePoolAndEveryOtherHolderOfTheAccount) {
  BufferRef kept;
  std::weak_ptr<MemoryAccount> account;
  {
    auto of_a_job = std::make_shared<MemoryAccount>();
    account = of_a_job;
    BufferPool pool(of_a_job);
    kept = pool.Allocate(100);
  }
  ASSERT_FALSE(account.expired());
  EXPECT_GE(account.lock()->bytes.load(), 100);
  kept.Reset();
  EXPECT_TRUE(account.expired());
}

TEST(BufferPool, SlabsFreedByOtherThreadsComeHome) {
  BufferPool pool;
  BufferRef buffer = pool.Allocate(500);
  const std::byte* data = buffer.data();
  std::thread([moved = std::move(buffer)]() mutable { moved.Reset(); }).join();
  EXPECT_EQ(pool.Allocate(500).data(), data);
}

TEST(BufferPool, ManyThreadsMayFreeWhileTheOwnerAllocates) {
  auto account = std::make_shared<MemoryAccount>();
  {
    BufferPool pool(account);
    for (int round = 0; round < 20; ++round) {
      std::vector<std::thread> threads;
      for (int t = 0; t < 3; ++t) {
        std::vector<BufferRef> buffers;
        for (int i = 0; i < 50; ++i) buffers.push_back(pool.Allocate(64u << (i % 6)));
        threads.emplace_back([moved = std::move(buffers)]() mutable {
          for (BufferRef& buffer : moved) buffer.Reset();
        });
      }
      for (int i = 0; i < 50; ++i) *pool.Allocate(256).mutable_data<char>() = 1;
      for (std::thread& thread : threads) thread.join();
    }
    // 150 slabs a round are out at once; after each round all are home.
    EXPECT_LT(account->bytes.load(), 4 * 150 * (2048 + 128));
  }
  EXPECT_EQ(account->bytes.load(), 0);
}

TEST(BufferPool, OwnerMayCloseItWhileOtherThreadsFree) {
  for (int round = 0; round < 50; ++round) {
    auto account = std::make_shared<MemoryAccount>();
    auto pool = std::make_unique<BufferPool>(account);
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      std::vector<BufferRef> buffers;
      for (int i = 0; i < 20; ++i) buffers.push_back(pool->Allocate(100));
      threads.emplace_back([moved = std::move(buffers)]() mutable { moved.clear(); });
    }
    pool.reset();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(account->bytes.load(), 0);
  }
}

TEST(BufferPool, MovesToAnotherThread) {
  BufferPool pool;
  BufferRef mine = pool.Allocate(100);
  std::thread([&] {
    pool.BindToThread();
    BufferRef theirs = pool.Allocate(100);
    *theirs.mutable_data<char>() = 1;
  }).join();
  mine.Reset();
  pool.BindToThread();
  EXPECT_TRUE(pool.Allocate(100));
}

TEST(BufferPoolDeathTest, RefusesToAllocateOnAnotherThread) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        BufferPool pool;
        std::thread([&] { pool.Allocate(1); }).join();
      },
      "owner's thread only");
}

TEST(BufferRef, SharedBuffersAreNoLongerWritable) {
  BufferPool pool;
  BufferRef one = pool.Allocate(1);
  EXPECT_TRUE(one.sole_owner());
  BufferRef two = one;
  EXPECT_FALSE(one.sole_owner());
  EXPECT_DEATH(one.mutable_data(), "A shared buffer is immutable");
  two.Reset();
  EXPECT_TRUE(one.sole_owner());
}

TEST(BufferRef, LastReferenceDestroysTheObjects) {
  BufferPool pool;
  auto value = std::make_shared<int>(1);
  BufferRef buffer = pool.Allocate(2 * sizeof(value));
  for (int i = 0; i < 2; ++i) new (buffer.mutable_data<std::shared_ptr<int>>() + i) std::shared_ptr<int>(value);
  buffer.SetObjects(&types::ObjectTypeOf<std::shared_ptr<int>>(), 2);
  BufferRef second = buffer;
  buffer.Reset();
  EXPECT_EQ(value.use_count(), 3);
  std::thread([&] { second.Reset(); }).join();
  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
}  // namespace thalweg::columns
