// A snapshot is the state as it was when it began, whatever happens before it is complete. A twin in memory that gets the same calls
// tells what the state was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"
#include "state/backends_for_test.h"
#include "state/table.h"

namespace thalweg::state {
namespace {

using ::testing::HasSubstr;

/// Its encoding is read from a copy of its slot.
struct Pair {
  int64_t count = 0;
  int32_t last = 0;
};

}  // namespace
}  // namespace thalweg::state

template <>
struct thalweg::types::Codec<thalweg::state::Pair> {
  static std::string Name() { return "pair"; }
  static void Encode(const thalweg::state::Pair& value, ByteWriter& out) {
    out.I64(value.count);
    out.U32(static_cast<uint32_t>(value.last));
  }
  static void Decode(ByteReader& in, thalweg::state::Pair& value) {
    value.count = in.I64();
    value.last = static_cast<int32_t>(in.U32());
  }
};

namespace thalweg::state {
namespace {

constexpr TtlSpec kReadTtl{.ttl_ms = 60, .update = TtlSpec::Update::kOnReadAndWrite};

/// A backend with a table of each sort, and timers.
struct Tables {
  explicit Tables(std::unique_ptr<KeyedBackend> made) : backend(std::move(made)) {
    plain = Table<Pair>::Open(*backend, {.name = "plain"}).value();
    expiring = Table<int64_t>::Open(*backend, {.name = "expiring", .ttl = kReadTtl}).value();
    text = Table<std::string>::Open(*backend, {.name = "text"}).value();
    map = Table<int64_t>::Open(*backend, {.name = "map", .kind = StateKind::kMap}).value();
    timers = backend->OpenTimers("timers").value();
  }
  std::unique_ptr<KeyedBackend> backend;
  Table<Pair> plain;
  Table<int64_t> expiring;
  Table<std::string> text;
  Table<int64_t> map;
  TimerQueue* timers = nullptr;
};

/// Thousands of keys, so that tables split, grow and shrink while they are saved.
class SnapshotUnderWayTest : public ::testing::TestWithParam<std::string> {
 protected:
  static constexpr uint64_t kKeys = 3000;

  /// One random call on both; `erase` of ten calls take something away.
  void Change(uint64_t erase) {
    const uint64_t number = random_.Below(kKeys);
    const std::string key =
        number % 7 == 0 ? fmt::format("a key that does not fit into its slot {}", number) : fmt::format("{}", number);
    const std::string ns = number % 5 == 0 ? "a window" : "";
    const bool remove = random_.Below(10) < erase;
    const auto now = clock_.NowMs();
    const uint64_t dice = random_.Below(6);
    const auto amount = static_cast<int64_t>(random_.Below(1000));
    for (Tables* each : {subject_.get(), twin_.get()}) {
      const KeyView view = KeyOf(key);
      switch (dice) {
        case 0:
          if (remove)
            each->plain.Erase(view, ns);
          else
            each->plain.FindOrCreate(view, ns) = {amount, 7};
          break;
        case 1:
          if (remove)
            each->text.Erase(view, ns);
          else
            each->text.FindOrCreate(view, ns) += static_cast<char>('a' + amount % 26);
          break;
        case 2:
          if (remove)
            each->map.Erase(view, ns);
          else
            each->map.FindOrCreate(view, ns) += amount;
          break;
        case 3:
          if (remove)
            each->expiring.Find(view, ns);
          else
            each->expiring.FindOrCreate(view, ns) = amount;
          break;
        case 4:
          if (remove)
            each->timers->Delete(now + amount % 50, view, ns);
          else
            each->timers->Register(now + amount % 50, view, ns);
          break;
        default:
          CountTogether(*each, view, ns);
          if (remove) each->timers->PopDue(now);
      }
    }
    if (random_.Below(20) == 0) clock_.Advance(1);
  }

  /// As engine operators do for a batch: all at once, then one by one what was not at hand.
  static void CountTogether(Tables& tables, const KeyView& key, std::string_view ns) {
    const KeyView other = KeyOf("1");
    const KeyView keys[] = {key, other};
    void* objects[2];
    tables.plain.FindEach(keys, ns, objects);
    bool found[2];
    for (int i = 0; i < 2; ++i)
      if ((found[i] = objects[i] != nullptr)) ++static_cast<Pair*>(objects[i])->count;
    for (int i = 0; i < 2; ++i)
      if (!found[i]) ++tables.plain.FindOrCreate(keys[i], ns).count;
  }

  time::ManualClock clock_{1000};
  Random random_{5};
  TestBackends backends_{GetParam(), 20'000};
  std::unique_ptr<Tables> subject_ = std::make_unique<Tables>(backends_.Make(clock_));
  std::unique_ptr<Tables> twin_ = std::make_unique<Tables>(MakeHashMapBackend({.groups = kAllGroups}, clock_));
};
INSTANTIATE_TEST_SUITE_P(Backends, SnapshotUnderWayTest, ::testing::ValuesIn(TestBackendKinds()),
                         [](const auto& param) { return param.param; });

TEST_P(SnapshotUnderWayTest, IsTheStateOfItsBeginningWhateverChangesUntilItIsTaken) {
  int changed_meanwhile = 0;
  for (int round = 0; round < 24; ++round) {
    const uint64_t erase = round % 6 < 4 ? 1 : 9;  // tables grow in some rounds and shrink in others
    for (int i = 0; i < 1500; ++i) Change(erase);
    const KeyedSnapshot expected = twin_->backend->Snapshot().value();
    std::unique_ptr<PendingSnapshot> pending = subject_->backend->BeginSnapshot();
    const auto budget = static_cast<int64_t>(1 + random_.Below(round % 2 == 0 ? 300 : 8000));
    while (!pending->Advance(budget)) {
      for (uint64_t i = random_.Below(12); i > 0; --i) Change(erase);
      ++changed_meanwhile;
    }
    // Another thread takes it while this one goes on.
    Result<KeyedSnapshot> taken = InternalError("not taken");
    std::thread io([&] { taken = pending->Take(); });
    for (int i = 0; i < 200; ++i) Change(erase);
    io.join();
    ASSERT_TRUE(taken.ok()) << taken.status().ToString();
    ASSERT_EQ(taken->specs, expected.specs);
    ASSERT_EQ(taken->segments, expected.segments) << "round " << round;
  }
  EXPECT_GT(changed_meanwhile, 100);
}

TEST_P(SnapshotUnderWayTest, DroppedOnesLeaveTheNextWhole) {
  for (int round = 0; round < 30; ++round) {  // more than there are epochs
    for (int i = 0; i < 100; ++i) Change(2);
    std::unique_ptr<PendingSnapshot> dropped = subject_->backend->BeginSnapshot();
    for (int i = 0; i < 30; ++i) {
      Change(2);
      dropped->Advance(100);
    }
  }
  const KeyedSnapshot expected = twin_->backend->Snapshot().value();
  EXPECT_EQ(subject_->backend->Snapshot()->segments, expected.segments);
}

TEST_P(SnapshotUnderWayTest, IsSavedWholeWhenTheNextBegins) {
  for (int i = 0; i < 2000; ++i) Change(1);
  const KeyedSnapshot first = twin_->backend->Snapshot().value();
  std::unique_ptr<PendingSnapshot> one = subject_->backend->BeginSnapshot();
  one->Advance(1000);
  for (int i = 0; i < 500; ++i) Change(3);
  const KeyedSnapshot second = twin_->backend->Snapshot().value();
  std::unique_ptr<PendingSnapshot> two = subject_->backend->BeginSnapshot();
  for (int i = 0; i < 500; ++i) Change(3);
  EXPECT_TRUE(one->Advance(1));
  EXPECT_EQ(one->Take()->segments, first.segments);
  while (!two->Advance(1000)) Change(3);
  EXPECT_EQ(two->Take()->segments, second.segments);
}

TEST_P(SnapshotUnderWayTest, OutlivesItsBackendWhenItIsSaved) {
  for (int i = 0; i < 2000; ++i) Change(1);
  const KeyedSnapshot expected = twin_->backend->Snapshot().value();
  std::unique_ptr<PendingSnapshot> saved = subject_->backend->BeginSnapshot();
  while (!saved->Advance(1000)) Change(5);
  subject_.reset();
  EXPECT_EQ(saved->Take()->segments, expected.segments);
}

TEST_P(SnapshotUnderWayTest, IsAnErrorWhenItsBackendWentBeforeItWasSaved) {
  for (int i = 0; i < 2000; ++i) Change(1);
  std::unique_ptr<PendingSnapshot> pending = subject_->backend->BeginSnapshot();
  EXPECT_FALSE(pending->Advance(1));
  subject_.reset();
  EXPECT_TRUE(pending->Advance(1));
  EXPECT_THAT(pending->Take().status().message(), HasSubstr("whose backend has gone"));
}

TEST_P(SnapshotUnderWayTest, CountsAsMemoryUntilItIsTaken) {
  for (int i = 0; i < 4000; ++i) Change(0);
  const int64_t before = subject_->backend->memory_bytes();
  std::unique_ptr<PendingSnapshot> pending = subject_->backend->BeginSnapshot();
  while (!pending->Advance(1000)) {
  }
  EXPECT_GT(subject_->backend->memory_bytes(), before);
  ASSERT_TRUE(pending->Take().ok());
  EXPECT_EQ(subject_->backend->memory_bytes(), before);
}

TEST_P(SnapshotUnderWayTest, HasWhatExpiresAfterItsBeginningAndNotWhatHadExpired) {
  for (Tables* each : {subject_.get(), twin_.get()}) each->expiring.FindOrCreate(KeyOf("early")) = 1;
  clock_.Advance(30);
  for (Tables* each : {subject_.get(), twin_.get()}) each->expiring.FindOrCreate(KeyOf("late")) = 2;
  clock_.Advance(30);
  const KeyedSnapshot expected = twin_->backend->Snapshot().value();
  std::unique_ptr<PendingSnapshot> pending = subject_->backend->BeginSnapshot();
  clock_.Advance(30);
  EXPECT_EQ(subject_->expiring.Find(KeyOf("late")), nullptr);
  while (!pending->Advance(1000)) {
  }
  const KeyedSnapshot taken = pending->Take().value();
  EXPECT_EQ(taken.segments, expected.segments);
  EXPECT_EQ(taken.segments.size(), 1u);
}

TEST_P(SnapshotUnderWayTest, HoldsAStateThatIsOpenedMeanwhile) {
  for (int i = 0; i < 500; ++i) Change(0);
  const KeyedSnapshot saved = subject_->backend->Snapshot().value();
  auto backend = backends_.Make(clock_);
  ASSERT_TRUE(backend->Restore(saved).ok());
  std::unique_ptr<PendingSnapshot> pending = backend->BeginSnapshot();
  auto text = Table<std::string>::Open(*backend, {.name = "text"}).value();
  for (int i = 0; i < 100; ++i) text.FindOrCreate(KeyOf(fmt::format("{}", i))) = "changed";
  while (!pending->Advance(100)) {
  }
  EXPECT_EQ(pending->Take()->segments, saved.segments);
}

/// A table over a store that the test looks into.
struct OverMemory {
  explicit OverMemory(int64_t cache_bytes) {
    auto made = std::make_unique<MemoryKvStore>();
    store = made.get();
    backend = MakeStoreBackend({.groups = kAllGroups, .cache_bytes = cache_bytes}, std::move(made), clock);
    table = Table<int64_t>::Open(*backend, {.name = "n"}).value();
  }
  time::ManualClock clock;
  MemoryKvStore* store = nullptr;
  std::unique_ptr<KeyedBackend> backend;
  Table<int64_t> table;
};

TEST(StoreSnapshot, AStoreThatFailsFailsIt) {
  OverMemory over(1 << 20);
  over.table.FindOrCreate(KeyOf("a")) = 1;
  over.store->FailWith(ExternalError("Disk is full: {}", "/state"));
  std::unique_ptr<PendingSnapshot> pending = over.backend->BeginSnapshot();
  ASSERT_TRUE(pending->Advance(1'000'000));
  EXPECT_THAT(pending->Take().status().message(), HasSubstr("Disk is full: /state"));
}

TEST(StoreSnapshot, ACallThatFailedWhileItWasSavedFailsIt) {
  OverMemory over(1 << 20);
  over.table.FindOrCreate(KeyOf("a")) = 1;
  over.table.ForEach(
      [](const KeyView&, std::string_view, int64_t) {});  // writes what is dirty: the store is asked from now on
  std::unique_ptr<PendingSnapshot> pending = over.backend->BeginSnapshot();
  over.store->FailWith(ExternalError("Disk is full: {}", "/state"));
  over.table.Find(KeyOf("not cached"));
  ASSERT_TRUE(pending->Advance(1'000'000));
  EXPECT_THAT(pending->Take().status().message(), HasSubstr("Disk is full: /state"));
  EXPECT_THAT(over.backend->status().message(), HasSubstr("Disk is full: /state"));
}

TEST(StoreTable, DoesNotAskAStoreInWhichItHasNothing) {
  OverMemory over(1 << 20);
  over.store->FailWith(ExternalError("Disk is full: {}", "/state"));
  EXPECT_EQ(over.table.Find(KeyOf("not there")), nullptr);
  over.table.FindOrCreate(KeyOf("a")) = 1;
  std::vector<KeyView> keys = {KeyOf("a"), KeyOf("b")};
  std::vector<void*> found(keys.size());
  over.table.FindEach(keys, {}, found.data());
  EXPECT_NE(found[0], nullptr);
  EXPECT_EQ(found[1], nullptr);
  EXPECT_TRUE(over.backend->status().ok());
}

TEST(StoreSnapshot, WritesNothingToTheStoreAndWhatIsDirtyIsInTheNextOneToo) {
  OverMemory over(1 << 20);
  over.table.FindOrCreate(KeyOf("a")) = 1;
  over.table.FindOrCreate(KeyOf("b")) = 2;
  const KeyedSnapshot first = over.backend->Snapshot().value();
  EXPECT_FALSE(first.segments.empty());
  EXPECT_TRUE(over.store->entries().empty());
  EXPECT_EQ(over.backend->Snapshot().value().segments, first.segments);
  over.table.ForEach([](const KeyView&, std::string_view, int64_t) {});  // writes what is dirty
  EXPECT_EQ(over.store->entries().size(), 2u);
  EXPECT_EQ(over.backend->Snapshot().value().segments, first.segments);
  over.table.Erase(KeyOf("a"));
  over.table.FindOrCreate(KeyOf("b")) = 3;
  const KeyedSnapshot later = over.backend->Snapshot().value();
  OverMemory only_b(1 << 20);
  only_b.table.FindOrCreate(KeyOf("b")) = 3;
  EXPECT_EQ(later.segments, only_b.backend->Snapshot().value().segments);
}

TEST(StoreBackend, OneCallEvictsNoMoreThanSomeHundredEntries) {
  constexpr int kKeys = 60'000;  // half of them fit
  OverMemory over(1 << 20);
  size_t written = 0, most = 0;
  for (int i = 0; i < kKeys; ++i) {
    over.table.FindOrCreate(KeyOf(std::to_string(i))) = i;
    most = std::max(most, over.store->entries().size() - written);
    written = over.store->entries().size();
  }
  EXPECT_GT(written, 0u);
  EXPECT_GT(most, 10u) << "entries are written together";
  EXPECT_LT(most, 700u);
}

}  // namespace
}  // namespace thalweg::state
