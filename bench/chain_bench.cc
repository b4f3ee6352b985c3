// Cost of the engine itself: three operators over rows that cost next to nothing to make, by batch size.
//   chain.<rows>.*  map, filter, map in a whole job (its source, task and chain), beside the same three functions in a plain loop
//   chain.keyed.*   map, key-by and windowed count over 1,000 keys as a chain driven by hand (a job's exchange makes batches of its own)
// plain: rows of four integers; text: with a string of 30 characters, which both sides copy.
#include <memory>
#include <string>
#include <vector>

#include "bench/driven_chain.h"
#include "bench/measure.h"
#include "bench/metered_job.h"

namespace thalweg::bench {
namespace {

constexpr int32_t kPrepared = 1024;  // rows that are handed out again and again: 32 KB of integers
constexpr int32_t kBatchSizes[] = {1, 8, 64, 1024};

struct Bid {
  int64_t auction = 0;
  int64_t bidder = 0;
  int64_t price = 0;
  int64_t time = 0;
};
struct TextBid {
  int64_t auction = 0;
  int64_t price = 0;
  std::string url;
};
struct Sale {
  int64_t auction = 0;
  int64_t euros = 0;
};

Bid MakeRow(int32_t i, const Bid*) { return {i * 7919 % 1000, i, 100 + i * 31 % 10'000, i}; }
TextBid MakeRow(int32_t i, const TextBid*) {
  return {i * 7919 % 1000, 100 + i * 31 % 10'000, fmt::format("https://example.com/item/{:05}", i)};
}

// The three functions: the price in euros, most auctions, what is of interest.
constexpr auto kToEuros = [](const auto& bid) {
  auto converted = bid;
  converted.price = bid.price * 908 / 1000;
  return converted;
};
constexpr auto kIsWanted = [](const auto& bid) { return bid.auction % 4 != 0; };
constexpr auto kToSale = [](const auto& bid) { return Sale{bid.auction, bid.price}; };

/// ns of the task's thread a row.
template <typename Row>
double RunJob(int64_t rows, int32_t batch_rows, int64_t& sum) {
  StreamExecutionEnvironment env;
  env.Configure("thalweg.cores", "1");
  Meter meter;
  env.FromSource(Cycled<Row>(meter, rows, batch_rows, kPrepared,
                             [](int32_t i) { return MakeRow(i, static_cast<Row*>(nullptr)); }))
      .Map(kToEuros)
      .Filter(kIsWanted)
      .Map(kToSale)
      .SinkTo(MeteredSink<Sale>(meter, [&sum](const columns::Batch& batch) {
        const Sale* sales = batch.objects<Sale>();
        for (int32_t i = 0; i < batch.rows(); ++i) sum += sales[i].euros ^ sales[i].auction;
      }));
  env.Execute("chain").value();
  return static_cast<double>(meter.watch().thread_ns()) / static_cast<double>(rows);
}

/// The same by hand.
template <typename Row>
double RunLoop(const std::vector<Row>& prepared, int64_t rows, int64_t& sum) {
  Stopwatch watch;
  watch.Start();
  for (int64_t done = 0; done < rows; done += kPrepared) {
    for (const Row& row : prepared) {
      auto converted = kToEuros(row);
      if (!kIsWanted(converted)) continue;
      Sale sale = kToSale(converted);
      sum += sale.euros ^ sale.auction;
    }
    asm volatile("" : : "r"(prepared.data()) : "memory");  // the rows may have changed: each round is done anew
  }
  watch.Stop();
  return static_cast<double>(watch.thread_ns()) / static_cast<double>(rows);
}

template <typename Row>
void Stateless(const std::string& kind, int repetitions, int64_t scale) {
  std::vector<Row> prepared;
  for (int32_t i = 0; i < kPrepared; ++i) prepared.push_back(MakeRow(i, static_cast<Row*>(nullptr)));
  int64_t by_hand = 0;
  int64_t by_job = 0;
  std::vector<std::function<double()>> candidates;
  candidates.push_back([&] { return RunLoop(prepared, scale * kPrepared, by_hand); });
  for (int32_t batch_rows : kBatchSizes) {
    // About the same time for each size; by hand and by job the same rows.
    int64_t rows = scale * kPrepared / (batch_rows == 1 ? 16 : batch_rows == 8 ? 4 : 1);
    candidates.push_back([&, batch_rows, rows] { return RunJob<Row>(rows, batch_rows, by_job); });
  }
  auto samples = Interleave(repetitions, candidates);
  THALWEG_CHECK(by_hand != 0 && by_job != 0);
  double loop = Least(samples[0]);
  std::vector<double> jobs;
  for (size_t i = 1; i < samples.size(); ++i) jobs.push_back(Least(samples[i]));
  Report(fmt::format("chain.{}.hand", kind), loop, "ns/row");
  for (size_t i = 0; i < jobs.size(); ++i)
    Report(fmt::format("chain.{}.batch_{}", kind, kBatchSizes[i]), jobs[i], "ns/row");
  std::vector<double> ratios;
  for (size_t round = 0; round < samples[0].size(); ++round) ratios.push_back(samples[4][round] / samples[0][round]);
  Report(fmt::format("chain.{}.batch_1024.ratio", kind), Median(ratios), "x by hand");
  Report(fmt::format("chain.{}.over_hand", kind), jobs.back() - loop, "ns/row");
  Report(fmt::format("chain.{}.per_batch", kind), jobs.front() - jobs.back(), "ns/batch");
}

struct CountSales {
  int64_t CreateAccumulator() const { return 0; }
  void Add(int64_t& count, const Sale&) const { ++count; }
  int64_t GetResult(const int64_t& count) const { return count; }
  void Merge(int64_t& into, const int64_t& from) const { into += from; }
};

double RunKeyed(int64_t rows, int32_t batch_rows) {
  StreamExecutionEnvironment env;
  int64_t fired = 0;
  HandFed<Bid>(env)
      .Map([](const Bid& bid) { return Sale{bid.auction, bid.price * 908 / 1000}; })
      .KeyBy(&Sale::auction)
      .Window(Tumbling({.size = std::chrono::hours(1)}))
      .Aggregate(CountSales())
      .SinkTo(CountRows<int64_t>(fired));
  DrivenChain chain(env);
  BatchCycle<Bid> batches(
      chain.pool(), 8 * kPrepared, batch_rows, [](int32_t i) { return MakeRow(i, static_cast<Bid*>(nullptr)); },
      [](int32_t i) { return int64_t{i}; });
  for (int i = 0; i < 8 * kPrepared / batch_rows; ++i) chain.Rows(batches.Next());  // the keys are there from now on
  Stopwatch watch;
  watch.Start();
  for (int64_t done = 0; done < rows; done += batch_rows) chain.Rows(batches.Next());
  watch.Stop();
  chain.Watermark(std::chrono::milliseconds(std::chrono::hours(1)).count());
  THALWEG_CHECK(fired == 1000, "{} windows of 1000", fired);
  return static_cast<double>(watch.thread_ns()) / static_cast<double>(rows);
}

void Keyed(int repetitions, int64_t scale) {
  std::vector<std::function<double()>> candidates;
  for (int32_t batch_rows : kBatchSizes)
    candidates.push_back([=] { return RunKeyed(scale * kPrepared / (batch_rows == 1 ? 16 : 4), batch_rows); });
  auto samples = Interleave(repetitions, candidates);
  for (size_t i = 0; i < samples.size(); ++i)
    Report(fmt::format("chain.keyed.batch_{}", kBatchSizes[i]), Least(samples[i]), "ns/row");
}

}  // namespace
}  // namespace thalweg::bench

int main(int argc, char** argv) {
  using namespace thalweg::bench;
  bool quick = Argument(argc, argv, "quick") == "true";
  PreTouch(size_t{64} << 20);
  int repetitions = quick ? 1 : 7;
  int64_t scale = quick ? 64 : 16'384;
  if (IsWanted(argc, argv, "plain")) Stateless<Bid>("plain", repetitions, scale);
  if (IsWanted(argc, argv, "text")) Stateless<TextBid>("text", repetitions, scale / 4);
  if (IsWanted(argc, argv, "keyed")) Keyed(repetitions, scale);
  return 0;
}
