// Latency through map, filter and a keyed exchange to the other core at 10 % of the job's greatest rate: rows come from outside on a thread
// of their own, a burst every 100 us, and each is stamped just before it is handed over.
//   latency.exchange.*   from the stamp until the counting task on the other core has done the row
//   latency.ping_pong.*  two bare threads at the same pace: there and back through a mutex and a condition variable, which is as many
//                        hand-overs as the rows make (to the source's core, to the other core)
//   latency.ratio.*      the one over the other, quantile by quantile
#include <sys/prctl.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/measure.h"
#include "bench/metered_job.h"
#include "connectors/fixed_enumerator.h"
#include "exchange/ring.h"

namespace thalweg::bench {
namespace {

constexpr int64_t kPaceNs = 100'000;
constexpr double kLoad = 0.1;
constexpr int64_t kKeys = 1'000;

/// Calls `send` at each beat, on the calling thread.
void KeepPace(int64_t beats, const std::function<void()>& send) {
  prctl(PR_SET_TIMERSLACK, 1);  // ns; 50 us otherwise
  int64_t start = WallNs();
  for (int64_t i = 1; i <= beats; ++i) {
    int64_t due = start + i * kPaceNs;
    timespec at{due / 1'000'000'000, due % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
    send();
  }
}

/// A burst of rows at each beat of its own thread; every row's value is the time at which the burst was handed over.
class PacedReader final : public flow::SourceReader {
 public:
  PacedReader(int64_t beats, int32_t burst) : beats_(beats), burst_(burst), stamps_(static_cast<size_t>(beats) + 1) {}
  ~PacedReader() override {
    if (thread_.joinable()) thread_.join();
  }
  Status Open(flow::Context& context) override {
    waker_ = context.waker();
    return {};
  }
  Status AddSplits(const std::vector<flow::Split>&) override {
    thread_ = std::thread([this] {
      KeepPace(beats_, [this] {
        THALWEG_CHECK(stamps_.Push(WallNs()), "the ring holds every burst");
        waker_->Wake();
      });
    });
    return {};
  }
  void NoMoreSplits() override {
    if (!thread_.joinable()) beats_ = 0;  // the other subtask has the split
  }
  void PauseSplit(const std::string&, bool) override {}
  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override {
    int64_t stamp = 0;
    while (out.has_credit() && stamps_.Pop(stamp)) {
      columns::ObjectWriter<Event> writer(out.pool(), burst_);
      for (int32_t i = 0; i < burst_; ++i) writer.Append({key_++ % kKeys, stamp});
      out.Emit("paced", writer.Take());
      if (++taken_ == beats_) out.FinishSplit("paced");
    }
    if (taken_ == beats_) return flow::ReadProgress::kFinished;
    return out.has_credit() ? flow::ReadProgress::kIdle : flow::ReadProgress::kMore;
  }
  std::vector<flow::Split> SnapshotSplits() const override { return {}; }

 private:
  int64_t beats_;
  int32_t burst_;
  exchange::SpscRing<int64_t> stamps_;
  std::shared_ptr<flow::Waker> waker_;
  std::thread thread_;
  int64_t taken_ = 0;
  int64_t key_ = 0;
};

class PacedSource final : public flow::Source {
 public:
  PacedSource(int64_t beats, int32_t burst) : beats_(beats), burst_(burst) {}
  bool bounded() const override { return true; }
  Result<std::unique_ptr<flow::SplitEnumerator>> CreateEnumerator() override {
    return std::unique_ptr<flow::SplitEnumerator>(
        std::make_unique<connectors::FixedEnumerator>([](int) { return std::vector<flow::Split>{{"paced", ""}}; }));
  }
  Result<std::unique_ptr<flow::SourceReader>> CreateReader() override {
    return std::unique_ptr<flow::SourceReader>(std::make_unique<PacedReader>(beats_, burst_));
  }

 private:
  int64_t beats_;
  int32_t burst_;
};

api::Source<Event> PacedEvents(int64_t beats, int32_t burst) {
  return {.kind = "paced", .name = "paced", .make = [=](const graph::Node&) -> Result<std::shared_ptr<flow::Source>> {
            return std::shared_ptr<flow::Source>(std::make_shared<PacedSource>(beats, burst));
          }};
}

struct CountAndPass {
  void Open(RuntimeContext& runtime) { count = runtime.GetState(state::ValueStateDescriptor<int64_t>{"count"}); }
  void ProcessElement(const Event& event, KeyedContext<int64_t>&, Collector<Event>& out) {
    count.Update(count.ValueOr(0) + 1);
    out.Collect(event);
  }
  state::ValueState<int64_t> count;
};

/// A source and a counting task on each of two cores.
void RunJob(const api::Source<Event>& source, const api::Sink<Event>& sink) {
  StreamExecutionEnvironment env;
  env.SetParallelism(2);
  env.Configure("thalweg.cores", "2");
  env.Configure("thalweg.pin-cores", "true");
  env.FromSource(source)
      .Map([](const Event& event) { return Event{event.key + 1, event.value}; })
      .Filter([](const Event& event) { return event.key >= 0; })
      .KeyBy(&Event::key)
      .Process<Event>(CountAndPass())
      .SinkTo(sink);
  env.Execute("latency").value();
}

/// Rows a second that the job can do at most.
double GreatestRate(int64_t rows) {
  Meter meter;
  RunJob(ScatteredEvents(meter, {.rows = rows, .keys = kKeys}),
         MeteredSink<Event>(meter, [](const columns::Batch&) {}));
  return static_cast<double>(rows) * 1e9 / static_cast<double>(meter.watch().wall_ns());
}

/// Keeps how old the rows are when they come; only of the subtask on the other core.
class AgeSink final : public flow::Operator {
 public:
  explicit AgeSink(std::vector<double>& ages_us) : ages_us_(&ages_us) {}
  Status Open(flow::Context& context) override {
    other_core_ = context.task().subtask == 1;
    return {};
  }
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    columns::Batch batch = rows.TakeAll();
    if (!other_core_) return flow::Progress::kDone;
    const Event* events = batch.objects<Event>();
    int64_t now = WallNs();
    int64_t last = 0;
    for (int32_t i = 0; i < batch.rows(); ++i)
      if (std::exchange(last, events[i].value) != events[i].value)
        ages_us_->push_back(static_cast<double>(now - events[i].value) / 1000);
    return flow::Progress::kDone;
  }

 private:
  std::vector<double>* ages_us_;
  bool other_core_ = false;
};

void RunPaced(int64_t beats, int32_t burst, std::vector<double>& ages_us) {
  RunJob(PacedEvents(beats, burst),
         api::Sink<Event>{.kind = "age",
                          .name = "age",
                          .make = [&ages_us](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
                            return std::unique_ptr<flow::Operator>(std::make_unique<AgeSink>(ages_us));
                          }});
}

/// A place for one number that a thread waits for.
class Mailbox {
 public:
  void Put(int64_t value) {
    {
      std::lock_guard lock(mutex_);
      value_ = value;
    }
    arrived_.notify_one();
  }
  int64_t Take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return value_ != 0; });
    return std::exchange(value_, 0);
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  int64_t value_ = 0;
};

void RunPingPong(int64_t beats, std::vector<double>& times_us) {
  Mailbox there, back;
  std::thread peer([&] {
    for (int64_t i = 0; i < beats; ++i) back.Put(there.Take());
  });
  KeepPace(beats, [&] {
    there.Put(WallNs());
    int64_t sent = back.Take();
    times_us.push_back(static_cast<double>(WallNs() - sent) / 1000);
  });
  peer.join();
}

}  // namespace
}  // namespace thalweg::bench

int main(int argc, char** argv) {
  using namespace thalweg::bench;
  bool quick = Argument(argc, argv, "quick") == "true";
  PreTouch(size_t{64} << 20);
  int rounds = quick ? 1 : 5;
  int64_t beats = quick ? 1'000 : 20'000;
  double rate = GreatestRate(quick ? 100'000 : 5'000'000);
  auto burst = std::max(1, static_cast<int32_t>(rate * kLoad * kPaceNs / 1e9));
  Remark("latency: {:.2f} M rows/s at most; {} rows every {} us", rate / 1e6, burst, kPaceNs / 1000);
  std::vector<double> ages, ping_pong;
  for (int i = 0; i < rounds; ++i) {
    RunPingPong(beats, ping_pong);
    RunPaced(beats, burst, ages);
  }
  struct {
    const char* name;
    double share;
  } quantiles[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99_99", 0.9999}};
  for (auto [name, share] : quantiles) {
    double job = Quantile(ages, share);
    double bare = Quantile(ping_pong, share);
    Report(fmt::format("latency.exchange.{}", name), job, "us");
    Report(fmt::format("latency.ping_pong.{}", name), bare, "us");
    Report(fmt::format("latency.ratio.{}", name), job / bare, "x");
  }
  return 0;
}
