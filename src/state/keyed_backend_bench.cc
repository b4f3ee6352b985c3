// Cost of a keyed count, the commonest thing that state does: FindOrCreate and ++, keys uniform at random, per backend and number of
// keys; `ahead` is the distance of the batch prefetch (0: none). Reports bytes per key.
#include <benchmark/benchmark.h>

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/hash.h"
#include "base/random.h"
#include "state/hashmap_backend.h"
#include "state/rocksdb_backend.h"
#include "state/table.h"
#include "types/key_encoding.h"

namespace thalweg::state {
namespace {

constexpr KeyGroupRange kGroups{.first = 0, .last = 1023};

/// Keys in canonical bytes with their hashes, as a keyed batch carries them.
struct Keys {
  explicit Keys(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      types::AppendKey(static_cast<int64_t>(i), bytes);
      hashes.push_back(Hash64(View(i)));
    }
  }
  std::string_view View(size_t i) const { return std::string_view(bytes).substr(i * 9, 9); }
  KeyView operator[](size_t i) const {
    return {.bytes = View(i), .hash = hashes[i], .group = static_cast<uint16_t>(hashes[i] % 1024)};
  }
  std::string bytes;
  std::vector<uint64_t> hashes;
};

/// A batch of random keys, gathered into one place as keyBy does, so that reading the keys does not miss the cache.
constexpr size_t kBatch = 1024;
struct Batch {
  void Fill(const Keys& keys, Random& random) {
    bytes.clear();
    for (size_t i = 0; i < kBatch; ++i) {
      const size_t at = random.Below(keys.hashes.size());
      bytes += keys.View(at);
      hashes[i] = keys.hashes[at];
    }
  }
  KeyView operator[](size_t i) const {
    return {.bytes = std::string_view(bytes).substr(i * 9, 9),
            .hash = hashes[i],
            .group = static_cast<uint16_t>(hashes[i] % 1024)};
  }
  std::string bytes;
  uint64_t hashes[kBatch];
};

void Count(benchmark::State& state, KeyedBackend& backend, size_t key_count, size_t ahead, std::string_view ns) {
  const Keys keys(key_count);
  auto table = Table<int64_t>::Open(backend, {.name = "count", .kind = StateKind::kReducing}).value();
  for (size_t i = 0; i < key_count; ++i) table.FindOrCreate(keys[i], ns);
  Random random(1);
  Batch batch;
  for (auto _ : state) {
    state.PauseTiming();
    batch.Fill(keys, random);
    state.ResumeTiming();
    for (size_t i = 0; i < kBatch; ++i) {
      if (ahead > 0 && i + ahead < kBatch) table.Prefetch(batch.hashes[i + ahead], ns);
      ++table.FindOrCreate(batch[i], ns);
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatch));
  state.counters["bytes_per_key"] = static_cast<double>(backend.memory_bytes()) / static_cast<double>(key_count);
}

void HashMapCount(benchmark::State& state) {
  time::SystemClock clock;
  auto backend = MakeHashMapBackend({.groups = kGroups}, clock);
  Count(state, *backend, static_cast<size_t>(state.range(0)), static_cast<size_t>(state.range(1)), {});
}
BENCHMARK(HashMapCount)->ArgNames({"keys", "ahead"})->ArgsProduct({{1'000, 100'000, 1'000'000, 10'000'000}, {0, 16}});

void HashMapWindowCount(benchmark::State& state) {
  time::SystemClock clock;
  auto backend = MakeHashMapBackend({.groups = kGroups}, clock);
  Count(state, *backend, static_cast<size_t>(state.range(0)), static_cast<size_t>(state.range(1)), "8 bytes.");
}
BENCHMARK(HashMapWindowCount)->ArgNames({"keys", "ahead"})->ArgsProduct({{1'000, 100'000, 10'000'000}, {16}});

void HashMapInsert(benchmark::State& state) {
  time::SystemClock clock;
  const auto count = static_cast<size_t>(state.range(0));
  const Keys keys(count);
  for (auto _ : state) {
    auto backend = MakeHashMapBackend({.groups = kGroups}, clock);
    auto table = Table<int64_t>::Open(*backend, {.name = "count", .kind = StateKind::kReducing}).value();
    for (size_t i = 0; i < count; ++i) ++table.FindOrCreate(keys[i]);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * count));
}
BENCHMARK(HashMapInsert)->ArgName("keys")->Arg(1'000)->Arg(1'000'000);

/// Of this thread's processor time, so that what else runs on the machine does not count.
struct Clock {
  static std::chrono::nanoseconds now() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec);
  }
};
double MicrosSince(std::chrono::nanoseconds began) {
  return std::chrono::duration<double, std::micro>(Clock::now() - began).count();
}
double Quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(q * static_cast<double>(values.size())))];
}

/// What a task feels of a snapshot: batches of a keyed count with uniform keys, as the core interleaves them with pieces of the
/// snapshot. Microseconds: begin_*, piece_* (each piece), batch_* (1024 rows while it is under way), calm_* (without a snapshot);
/// saved_ms until nothing more is needed of the backend, take_ms on another thread's time.
void Pause(benchmark::State& state, KeyedBackend& backend, size_t key_count) {
  constexpr double kPieceUs = 100;
  constexpr double kQuantumUs = 250;
  constexpr int64_t kPieceBytes = 16 << 10;
  const Keys keys(key_count);
  auto table = Table<int64_t>::Open(backend, {.name = "count", .kind = StateKind::kReducing}).value();
  for (size_t i = 0; i < key_count; ++i) table.FindOrCreate(keys[i]);
  Random random(1);
  Batch batch;
  std::vector<double> begins, pieces, batches, calm, saved, took;
  const auto run_batch = [&](std::vector<double>& times) {
    batch.Fill(keys, random);
    const auto began = Clock::now();
    for (size_t i = 0; i < kBatch; ++i) {
      if (i + 16 < kBatch) table.Prefetch(batch.hashes[i + 16]);
      ++table.FindOrCreate(batch[i]);
    }
    times.push_back(MicrosSince(began));
    return times.back();
  };
  for (auto _ : state) {
    for (int i = 0; i < 2000; ++i) run_batch(calm);
    auto began = Clock::now();
    auto pending = backend.BeginSnapshot();
    begins.push_back(MicrosSince(began));
    const auto saving = Clock::now();
    for (bool done = false; !done;) {
      for (double used = 0; used < kQuantumUs;) used += run_batch(batches);
      began = Clock::now();
      while (!(done = pending->Advance(kPieceBytes)) && MicrosSince(began) < kPieceUs) {
      }
      pieces.push_back(MicrosSince(began));
    }
    saved.push_back(MicrosSince(saving) / 1000);
    began = Clock::now();
    benchmark::DoNotOptimize(pending->Take());
    took.push_back(MicrosSince(began) / 1000);
  }
  for (const auto& [name, values] :
       {std::pair{"begin", &begins}, {"piece", &pieces}, {"batch", &batches}, {"calm", &calm}}) {
    state.counters[fmt::format("{}_p50", name)] = Quantile(*values, 0.5);
    state.counters[fmt::format("{}_p99", name)] = Quantile(*values, 0.99);
    state.counters[fmt::format("{}_max", name)] = Quantile(*values, 1);
  }
  state.counters["saved_ms"] = Quantile(saved, 0.5);
  state.counters["take_ms"] = Quantile(took, 0.5);
  state.counters["pieces"] = static_cast<double>(pieces.size()) / static_cast<double>(state.iterations());
}

void HashMapPause(benchmark::State& state) {
  time::SystemClock clock;
  auto backend = MakeHashMapBackend({.groups = kGroups}, clock);
  Pause(state, *backend, static_cast<size_t>(state.range(0)));
}
BENCHMARK(HashMapPause)
    ->ArgName("keys")
    ->Arg(1'000'000)
    ->Arg(10'000'000)
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond);

void RocksDbPause(benchmark::State& state) {
  time::SystemClock clock;
  const auto directory = std::filesystem::temp_directory_path() / fmt::format("thalweg-bench-{}", getpid());
  auto instance = RocksDbInstance::Open({.directory = directory.string()}).value();
  {
    auto backend = MakeRocksDbBackend(instance, 0, {.groups = kGroups, .cache_bytes = 64 << 20}, clock).value();
    Pause(state, *backend, static_cast<size_t>(state.range(0)));
  }
  instance.reset();
  std::filesystem::remove_all(directory);
}
BENCHMARK(RocksDbPause)->ArgName("keys")->Arg(1'000'000)->Iterations(3)->Unit(benchmark::kMillisecond);

void RocksDbCount(benchmark::State& state) {
  time::SystemClock clock;
  const auto directory = std::filesystem::temp_directory_path() / fmt::format("thalweg-bench-{}", getpid());
  auto instance = RocksDbInstance::Open({.directory = directory.string()}).value();
  {
    auto backend =
        MakeRocksDbBackend(instance, 0, {.groups = kGroups, .cache_bytes = state.range(1) << 20}, clock).value();
    Count(state, *backend, static_cast<size_t>(state.range(0)), 0, {});
    if (!backend->status().ok()) state.SkipWithError(backend->status().message().c_str());
  }
  instance.reset();
  std::filesystem::remove_all(directory);
}
BENCHMARK(RocksDbCount)->ArgNames({"keys", "cache_mb"})->Args({1'000, 64})->Args({100'000, 64})->Args({1'000'000, 8});

}  // namespace
}  // namespace thalweg::state
