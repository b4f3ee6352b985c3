// Whole jobs in one process, for this folder's tests: a source of numbers in splits, operators that pass, count and collect, a runner.
// Rule: nothing here measures time; sources wait at gates for what the test wants to have happened first.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "checkpoint/checkpoint_store.h"
#include "checkpoint/restart_strategy.h"
#include "flow/cancellable.h"
#include "flow/input_watermarks.h"
#include "flow/operator.h"
#include "flow/program.h"
#include "flow/source.h"
#include "runtime/job.h"
#include "runtime/test_graph.h"
#include "runtime/test_piecemeal.h"
#include "runtime/test_rows.h"
#include "state/hashmap_backend.h"
#include "state/table.h"
#include "types/key_group.h"

namespace thalweg::runtime {

/// True once `condition` holds; false after a limit that only a hang reaches.
inline bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 60'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

/// What the operators of a test's jobs saw; shared by all attempts and jobs of the test. Any thread.
class Ledger {
 public:
  struct Arrival {
    TestRow row;
    int subtask = 0;
    int input = 0;
    auto operator<=>(const Arrival&) const = default;
  };
  void Arrive(const std::string& at, Arrival arrival) {
    std::lock_guard lock(mutex_);
    arrivals_[at].push_back(arrival);
  }
  std::vector<Arrival> arrivals(const std::string& at) const {
    std::lock_guard lock(mutex_);
    auto found = arrivals_.find(at);
    return found == arrivals_.end() ? std::vector<Arrival>() : found->second;
  }
  /// Rows that arrived, in ascending order.
  std::vector<TestRow> rows(const std::string& at) const {
    std::vector<TestRow> rows;
    for (const Arrival& arrival : arrivals(at)) rows.push_back(arrival.row);
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  /// Key -> greatest value that arrived: counts, whatever was emitted twice.
  std::map<int64_t, int64_t> greatest(const std::string& at) const {
    std::map<int64_t, int64_t> result;
    for (const Arrival& arrival : arrivals(at))
      result[arrival.row.key] = std::max(result[arrival.row.key], arrival.row.value);
    return result;
  }
  void Completed(const std::string& by, uint64_t checkpoint) {
    std::lock_guard lock(mutex_);
    completed_[by].insert(checkpoint);
    all_completed_.insert(checkpoint);
  }
  size_t completed() const {
    std::lock_guard lock(mutex_);
    return all_completed_.size();
  }
  std::map<std::string, std::set<uint64_t>> completed_by() const {
    std::lock_guard lock(mutex_);
    return completed_;
  }
  /// Counts anything by name.
  int64_t Add(const std::string& name, int64_t amount = 1) {
    std::lock_guard lock(mutex_);
    return numbers_[name] += amount;
  }
  int64_t number(const std::string& name) const {
    std::lock_guard lock(mutex_);
    auto found = numbers_.find(name);
    return found == numbers_.end() ? 0 : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Arrival>> arrivals_;
  std::map<std::string, std::set<uint64_t>> completed_;
  std::set<uint64_t> all_completed_;
  std::map<std::string, int64_t> numbers_;
};
using SharedLedger = std::shared_ptr<Ledger>;

inline std::string MemberName(const flow::TaskName& task) { return fmt::format("{}/{}", task.uid, task.subtask); }

/// Split s of n gives the values s, s + n, ...; their key is value % keys, their event time 10 * position + s.
struct Numbers {
  int splits = 4;
  int64_t rows_per_split = 1000;
  int64_t keys = 17;
  int32_t batch_rows = 64;
  bool bounded = true;
  /// May `position` of `split` be read now? Asked again every millisecond. The reader's thread.
  std::function<bool(int attempt, int split, int64_t position)> gate;
  /// Before a discovery ends; any thread.
  std::function<Status()> on_discover;
  /// A discovery is not waited for any more; any thread.
  std::function<void()> on_cancel;
  SharedLedger ledger;

  TestRow At(int split, int64_t position) const {
    int64_t value = position * splits + split;
    return {value % keys, value, position * 10 + split};
  }
  std::vector<TestRow> All() const {
    std::vector<TestRow> rows;
    for (int split = 0; split < splits; ++split)
      for (int64_t position = 0; position < rows_per_split; ++position) rows.push_back(At(split, position));
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  std::map<int64_t, int64_t> Counts() const {
    std::map<int64_t, int64_t> counts;
    for (const TestRow& row : All()) ++counts[row.key];
    return counts;
  }
};

class NumbersReader final : public flow::SourceReader {
 public:
  explicit NumbersReader(Numbers spec) : spec_(std::move(spec)) {}
  Status Open(flow::Context& context) override {
    context_ = &context;
    return {};
  }
  Status AddSplits(const std::vector<flow::Split>& splits) override {
    for (const flow::Split& split : splits) {
      positions_[std::stoi(split.id)] = std::stoll(split.state);
      if (spec_.ledger)
        spec_.ledger->Add(fmt::format("start of {} in attempt {}", split.id, context_->task().attempt),
                          std::stoll(split.state));
    }
    return {};
  }
  void NoMoreSplits() override { no_more_ = true; }
  void PauseSplit(const std::string& split, bool paused) override {
    if (!paused) {
      paused_.erase(std::stoi(split));
      return;
    }
    paused_.insert(std::stoi(split));
    if (spec_.ledger) spec_.ledger->Add("pauses");
  }
  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override {
    bool read = false;
    for (auto next = positions_.begin(); next != positions_.end() && out.has_credit();) {
      auto& [split, position] = *next;
      if (paused_.contains(split)) {
        ++next;
        continue;
      }
      read |= Read(split, position, out);
      if (position < spec_.rows_per_split) {
        ++next;
        continue;
      }
      if (spec_.bounded) {
        out.FinishSplit(std::to_string(split));
        next = positions_.erase(next);
      } else {
        ++next;
      }
    }
    if (positions_.empty() && no_more_) return flow::ReadProgress::kFinished;
    if (read || !out.has_credit()) return flow::ReadProgress::kMore;
    context_->RequestTimer(context_->clock().NowMs() + 1);
    return flow::ReadProgress::kIdle;
  }
  std::vector<flow::Split> SnapshotSplits() const override {
    std::vector<flow::Split> splits;
    for (auto [split, position] : positions_) splits.push_back({std::to_string(split), std::to_string(position)});
    return splits;
  }
  Status OnCheckpointComplete(uint64_t checkpoint) override {
    if (spec_.ledger) spec_.ledger->Completed(MemberName(context_->task()), checkpoint);
    return {};
  }

 private:
  bool Read(int split, int64_t& position, flow::SourceOutput& out) {
    std::vector<TestRow> rows;
    while (position < spec_.rows_per_split &&
           static_cast<int32_t>(rows.size()) < std::min(spec_.batch_rows, out.poll_rows()) &&
           (!spec_.gate || spec_.gate(context_->task().attempt, split, position)))
      rows.push_back(spec_.At(split, position++));
    if (rows.empty()) return false;
    out.Emit(std::to_string(split), BatchOf(out.pool(), rows));
    return true;
  }

  Numbers spec_;
  flow::Context* context_ = nullptr;
  std::map<int, int64_t> positions_;
  std::set<int> paused_;
  bool no_more_ = false;
};

/// Discovers its splits, as Kafka's does; remembers those given out.
class NumbersEnumerator final : public flow::SplitEnumerator, public flow::Cancellable {
 public:
  explicit NumbersEnumerator(Numbers spec) : spec_(std::move(spec)) {}
  void Cancel() override {
    if (spec_.on_cancel) spec_.on_cancel();
  }
  Result<flow::Discovery> Discover() override {
    if (spec_.on_discover) THALWEG_TRY(spec_.on_discover());
    flow::Discovery found;
    for (int split = 0; split < spec_.splits; ++split) found.splits.push_back({std::to_string(split), "0"});
    return found;
  }
  std::vector<flow::EnumeratorAction> OnDiscovery(const flow::Discovery& discovery) override {
    std::vector<flow::Split> fresh;
    for (const flow::Split& split : discovery.splits)
      if (seen_.insert(split.id).second) fresh.push_back(split);
    std::vector<flow::EnumeratorAction> actions = Deal(fresh);
    for (int i = 0; spec_.bounded && i < parallelism_; ++i)
      actions.push_back({flow::EnumeratorAction::Kind::kNoMoreSplits, i, {}, {}});
    return actions;
  }
  std::vector<flow::EnumeratorAction> OnStart(int parallelism, const std::vector<flow::Split>& restored) override {
    parallelism_ = parallelism;
    return Deal(restored);
  }
  std::string Snapshot() const override {
    std::string bytes;
    for (const std::string& id : seen_) bytes += id + ";";
    return bytes;
  }
  Status Restore(std::string_view bytes) override {
    for (size_t end; (end = bytes.find(';')) != std::string_view::npos; bytes.remove_prefix(end + 1))
      seen_.emplace(bytes.substr(0, end));
    return {};
  }

 private:
  std::vector<flow::EnumeratorAction> Deal(const std::vector<flow::Split>& splits) {
    std::map<int, std::vector<flow::Split>> hands;
    for (const flow::Split& split : splits) hands[next_++ % parallelism_].push_back(split);
    std::vector<flow::EnumeratorAction> actions;
    for (auto& [subtask, hand] : hands)
      actions.push_back({flow::EnumeratorAction::Kind::kAssign, subtask, std::move(hand), {}});
    return actions;
  }
  Numbers spec_;
  int parallelism_ = 1;
  int next_ = 0;
  std::set<std::string> seen_;
};

class NumbersSource final : public flow::Source {
 public:
  explicit NumbersSource(Numbers spec) : spec_(std::move(spec)) {}
  bool bounded() const override { return spec_.bounded; }
  Result<std::unique_ptr<flow::SplitEnumerator>> CreateEnumerator() override {
    return std::unique_ptr<flow::SplitEnumerator>(std::make_unique<NumbersEnumerator>(spec_));
  }
  Result<std::unique_ptr<flow::SourceReader>> CreateReader() override {
    return std::unique_ptr<flow::SourceReader>(std::make_unique<NumbersReader>(spec_));
  }

 private:
  Numbers spec_;
};

/// What the test operators share.
class LedgerOperator : public flow::Operator {
 public:
  using Hook = std::function<void(const flow::TaskName& task, const TestRow& row)>;
  explicit LedgerOperator(SharedLedger ledger, Hook hook = nullptr)
      : ledger_(std::move(ledger)), hook_(std::move(hook)) {}
  Status Open(flow::Context& context) override {
    context_ = &context;
    return {};
  }
  Status OnCheckpointComplete(uint64_t checkpoint) override {
    ledger_->Completed(MemberName(context_->task()), checkpoint);
    return {};
  }

 protected:
  void Before(const TestRow& row) {
    if (hook_) hook_(context_->task(), row);
    if (row.time <= context_->current_watermark()) ledger_->Add("late at " + context_->task().uid);
  }
  SharedLedger ledger_;
  Hook hook_;
  flow::Context* context_ = nullptr;
};

/// Hands rows on, `step` rows a call; odd values go to port 1 if asked for.
class PassOperator final : public LedgerOperator, public flow::WatchesInputs {
 public:
  struct Options {
    int32_t step = columns::kMaxBatchRows;
    bool odd_to_side = false;
    bool mark_input = false;  // value += 1'000'000 * input
  };
  PassOperator(SharedLedger ledger, Options options, Hook hook = nullptr)
      : LedgerOperator(std::move(ledger), std::move(hook)), options_(options) {}
  Result<flow::Progress> Process(int input, flow::Rows& rows, flow::Output& out) override {
    std::vector<TestRow> main, side;
    int32_t end = std::min(rows.end(), rows.next() + options_.step);
    for (int32_t i = rows.next(); i < end; ++i) {
      TestRow row = RowAt(rows.batch(), i);
      Before(row);
      if (passed_.contains(input) && row.time <= passed_[input])
        ledger_->Add("late for its input at " + context_->task().uid);
      if (options_.mark_input) row.value += 1'000'000 * input;
      (options_.odd_to_side && row.value % 2 != 0 ? side : main).push_back(row);
    }
    rows.AdvanceTo(end);
    if (!main.empty()) out.Emit(BatchOf(out.pool(), main));
    if (!side.empty()) out.Emit(1, BatchOf(out.pool(), side));
    return rows.done() ? flow::Progress::kDone : flow::Progress::kMore;
  }
  Result<flow::Progress> OnEndOfInput(int input, flow::EndKind, flow::Output&) override {
    ledger_->Add(fmt::format("end of input {} at {}", input, MemberName(context_->task())));
    return flow::Progress::kDone;
  }
  void OnInputWatermark(int input, int64_t watermark) override {
    const bool rose = !passed_.contains(input) || watermark > passed_[input];
    passed_[input] = watermark;
    const char* what = !rose ? "no rise" : watermark == time::kMaxWatermark ? "last watermark" : "watermark";
    ledger_->Add(fmt::format("{} of input {} at {}", what, input, MemberName(context_->task())));
  }

 private:
  Options options_;
  std::map<int, int64_t> passed_;
};

/// Counts rows by key in keyed state; emits (key, count) at the end of a stream that was not stopped.
class CountOperator final : public LedgerOperator {
 public:
  using LedgerOperator::LedgerOperator;
  Status Open(flow::Context& context) override {
    THALWEG_TRY(LedgerOperator::Open(context));
    THALWEG_ASSIGN(counts_, state::Table<int64_t>::Open(*context.keyed_state(), {.name = "counts"}));
    return {};
  }
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    for (; !rows.done(); rows.AdvanceTo(rows.next() + 1)) {
      TestRow row = RowAt(rows.batch(), rows.next());
      Before(row);
      std::string bytes;
      columns::KeyCodec<int64_t>::AppendBytes(row.key, bytes);
      uint64_t hash = rows.batch().key_hash(rows.next());
      auto group = types::KeyGroupOf(hash, context_->task().max_parallelism);
      ++counts_.FindOrCreate({bytes, hash, static_cast<uint16_t>(group)});
    }
    return flow::Progress::kDone;
  }
  Result<flow::Progress> OnEnd(flow::EndKind kind, flow::Output& out) override {
    std::vector<TestRow> totals;
    counts_.ForEach([&](const state::KeyView& key, std::string_view, int64_t count) {
      TestRow row{0, count, 0};
      THALWEG_CHECK(columns::KeyCodec<int64_t>::ReadBytes(key.bytes, row.key).ok());
      totals.push_back(row);
    });
    if (!totals.empty() && kind != flow::EndKind::kStop) out.Emit(BatchOf(out.pool(), totals));
    return flow::Progress::kDone;
  }

 private:
  state::Table<int64_t> counts_;
};

/// Counts rows in a list of its own; emits the count at the end of a stream that was not stopped.
class TailOperator final : public LedgerOperator {
 public:
  using LedgerOperator::LedgerOperator;
  Status Open(flow::Context& context) override {
    THALWEG_TRY(LedgerOperator::Open(context));
    THALWEG_ASSIGN(saved_, context.operator_state().Open("rows", state::Redistribution::kSplit, "text"));
    for (const std::string& item : *saved_) count_ += std::stoll(item);
    return {};
  }
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    for (; !rows.done(); rows.AdvanceTo(rows.next() + 1), ++count_) Before(RowAt(rows.batch(), rows.next()));
    return flow::Progress::kDone;
  }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    *saved_ = {std::to_string(count_)};
    return std::vector<std::string>{};
  }
  Result<flow::Progress> OnEnd(flow::EndKind kind, flow::Output& out) override {
    if (kind != flow::EndKind::kStop) out.Emit(BatchOf(out.pool(), {{0, count_, 0}}));
    return flow::Progress::kDone;
  }

 private:
  std::vector<std::string>* saved_ = nullptr;
  int64_t count_ = 0;
};

class CollectOperator final : public LedgerOperator {
 public:
  using LedgerOperator::LedgerOperator;
  Result<flow::Progress> Process(int input, flow::Rows& rows, flow::Output&) override {
    for (; !rows.done(); rows.AdvanceTo(rows.next() + 1)) {
      TestRow row = RowAt(rows.batch(), rows.next());
      Before(row);
      ledger_->Arrive(context_->task().uid, {row, context_->task().subtask, input});
    }
    return flow::Progress::kDone;
  }
};

/// A job's graph, functions and options, grown by a test.
struct TestJob {
  explicit TestJob(SharedLedger shared = std::make_shared<Ledger>(), std::string name = "job")
      : ledger(std::move(shared)), graph(std::move(name)) {}

  uint32_t Source(const std::string& name, Numbers numbers, int parallelism = 0) {
    numbers.ledger = ledger;
    functions.sources[name] = [numbers](const graph::Node&) -> Result<std::shared_ptr<flow::Source>> {
      return std::shared_ptr<flow::Source>(std::make_shared<NumbersSource>(numbers));
    };
    functions.pipelines[name].make_watermarks = [] { return std::make_unique<time::BoundedOutOfOrderness>(0); };
    return graph.Source(name, parallelism);
  }
  template <typename Op, typename... Args>
  void Function(const std::string& name, Args... args) {
    functions.operators[name] = [shared = ledger,
                                 args...](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
      return std::unique_ptr<flow::Operator>(std::make_unique<Op>(shared, args...));
    };
  }
  uint32_t Pass(const std::string& name, PassOperator::Options options = {}, int inputs = 1,
                LedgerOperator::Hook hook = nullptr) {
    Function<PassOperator>(name, options, hook);
    return graph.Operator(name, inputs);
  }
  uint32_t Count(const std::string& name, LedgerOperator::Hook hook = nullptr) {
    Function<CountOperator>(name, hook);
    uint32_t id = graph.Operator(name);
    graph.node(id).keyed = true;
    return id;
  }
  uint32_t Tail(const std::string& name, LedgerOperator::Hook hook = nullptr) {
    Function<TailOperator>(name, hook);
    return graph.Operator(name);
  }
  uint32_t Collect(const std::string& name, int parallelism = 0, LedgerOperator::Hook hook = nullptr) {
    Function<CollectOperator>(name, hook);
    return graph.Sink(name, parallelism);
  }

  SharedLedger ledger;
  GraphOf graph;
  flow::Functions functions;
  int parallelism = 1;
  int cores = 1;
  bool serialize_hops = false;
  bool piecemeal = false;  // snapshots take many turns
  uint64_t seed = 0;
  std::string directory;                 // of checkpoints; empty: none
  std::shared_ptr<io::Storage> storage;  // of the checkpoints' files; null: what is at `directory`
  int tolerable_failures = 0;            // of checkpoints
  int64_t interval_ms = 0;
  int retained = 3;
  bool restore = false;  // from the newest
  bool claim = false;    // what is restored
  int restarts = 0;      // allowed
  int64_t restart_delay_ms = 1;
  std::map<std::string, std::string> restart_keys;  // restart-strategy.*, in place of the two above
  time::Clock* clock = nullptr;                     // null: the system's
  int64_t memory_limit = 0;
  std::function<int64_t()> resident_bytes;
};

/// A job on a thread of its own.
class RunningJob {
 public:
  explicit RunningJob(const TestJob& test) {
    static std::atomic<int> runs{0};
    JobOptions options;
    options.plan.default_parallelism = test.parallelism;
    options.plan.default_max_parallelism = 64;
    options.plan.cores = test.cores;
    options.serialize_hops = test.serialize_hops;
    options.memory.limit = test.memory_limit;
    options.memory.connectors = test.memory_limit;
    options.resident_bytes = test.resident_bytes;
    options.seed = test.seed;
    options.claim_restored = test.claim;
    options.watermark_interval_ms = 1;
    options.log = [this](const std::string& line) { Log(line); };
    options.make_backend = [piecemeal = test.piecemeal](
                               const flow::TaskName&,
                               state::KeyGroupRange groups) -> Result<std::unique_ptr<state::KeyedBackend>> {
      std::unique_ptr<state::KeyedBackend> backend = state::MakeHashMapBackend({groups}, Clock());
      if (piecemeal) backend = std::make_unique<PiecemealBackend>(std::move(backend));
      return backend;
    };
    if (!test.directory.empty()) {
      checkpoint::StoreOptions store;
      store.run = fmt::format("run{}", ++runs);
      store.num_retained = test.retained;
      store.log = [this](std::string_view line) { Log(std::string(line)); };
      if (test.storage) store.inline_bytes = 1;  // whatever has keyed state writes a file
      options.store = std::make_shared<checkpoint::CheckpointStore>(
          test.storage ? test.storage : io::OpenStorage(test.directory).value(),
          io::OpenMetaStore(test.directory).value(), store);
      options.checkpointing.interval_ms = test.interval_ms;
      options.checkpointing.tolerable_failures = test.tolerable_failures;
      if (test.restore) options.restore = RestoreFrom{options.store, "job", std::nullopt};
    }
    if (!test.restart_keys.empty())
      options.restart = RestartBy(test.restart_keys);
    else if (test.restarts > 0)
      options.restart = checkpoint::Restart(checkpoint::FixedDelay{test.restarts, test.restart_delay_ms});
    flow::Program program;
    program.graph = test.graph.graph();
    program.functions = test.functions;
    job_ = std::make_unique<Job>(std::move(program), registry_, std::move(options), test.clock ? *test.clock : Clock(),
                                 *group_);
    outcome_ = std::async(std::launch::async, [this] { return job_->Run(); });
  }
  ~RunningJob() {
    if (!outcome_.valid()) return;
    job_->Stop();
    Wait();
  }
  /// The outcome. A job that hangs ends the program: there is no other way to let go of its threads.
  Result<JobEnd> Wait() {
    if (outcome_.wait_for(std::chrono::seconds(120)) != std::future_status::ready) {
      for (const std::string& line : log()) fmt::print(stderr, "{}\n", line);
      fmt::print(stderr, "The job hangs\n");
      std::abort();
    }
    return outcome_.get();
  }
  Job& job() { return *job_; }
  /// The metric `name` of every scope that has it, now.
  std::vector<metrics::Sample> Metrics(const std::string& name) {
    std::vector<metrics::Sample> samples = metrics_.Snapshot(Clock().MonotonicNs() / 1'000'000);
    std::erase_if(samples, [&](const metrics::Sample& sample) { return sample.name != name; });
    return samples;
  }
  std::vector<std::string> log() const {
    std::lock_guard lock(mutex_);
    return log_;
  }
  std::string LogText() const {
    std::string text;
    for (const std::string& line : log()) text += line + "\n";
    return text;
  }

 private:
  static time::Clock& Clock() {
    static time::SystemClock clock;
    return clock;
  }
  static std::unique_ptr<checkpoint::RestartStrategy> RestartBy(const std::map<std::string, std::string>& keys) {
    config::Configuration config;
    for (const auto& [key, value] : keys) THALWEG_CHECK(config.Set(key, value).ok(), "{}", key);
    return checkpoint::MakeRestartStrategy(config, true, Random(1)).value();
  }
  void Log(const std::string& line) {
    std::lock_guard lock(mutex_);
    log_.push_back(line);
  }
  flow::Registry registry_;
  metrics::Registry metrics_;
  std::unique_ptr<metrics::Group> group_ = metrics_.Open(metrics::ScopeKind::kJobManagerJob, {{"job_name", "job"}});
  mutable std::mutex mutex_;
  std::vector<std::string> log_;
  std::unique_ptr<Job> job_;
  std::future<Result<JobEnd>> outcome_;
};

/// Lets a split pass `position` only when a checkpoint that was triggered after it arrived there is complete (two completions: the
/// first may have been under way). In the first attempt `splits` of them wait for each other there.
inline std::function<bool(int, int, int64_t)> HoldForCheckpointAt(SharedLedger ledger, int64_t position,
                                                                  size_t splits = 1) {
  struct Arrivals {
    std::mutex mutex;
    std::set<int> at_first;                          // splits, in the first attempt
    std::map<std::pair<int, int>, size_t> required;  // completions, by attempt and split
  };
  return [=, arrivals = std::make_shared<Arrivals>()](int attempt, int split, int64_t at) {
    if (at != position) return true;
    std::lock_guard lock(arrivals->mutex);
    if (attempt == 0) {
      arrivals->at_first.insert(split);
      if (arrivals->at_first.size() < splits) return false;
    }
    auto [entry, first] = arrivals->required.try_emplace({attempt, split}, ledger->completed() + 2);
    return ledger->completed() >= entry->second;
  };
}

/// read -> pass -(keyed)-> count -> collect
inline TestJob CountingJob(Numbers numbers, SharedLedger ledger = std::make_shared<Ledger>(),
                           LedgerOperator::Hook hook = nullptr) {
  TestJob test(std::move(ledger));
  uint32_t read = test.Source("read", std::move(numbers));
  uint32_t pass = test.Pass("pass");
  uint32_t count = test.Count("count", std::move(hook));
  uint32_t collect = test.Collect("collect");
  test.graph.Join(read, pass);
  test.graph.Join(pass, count, graph::Partitioning::kKeyed);
  test.graph.Join(count, collect);
  return test;
}

inline void ExpectFinished(const TestJob& test) {
  RunningJob job(test);
  auto end = job.Wait();
  ASSERT_TRUE(end.ok()) << end.status().ToString() << "\n" << job.LogText();
  EXPECT_EQ(*end, JobEnd::kFinished);
}

/// Throws once, in the first attempt, at the first value >= `from` that it meets.
inline LedgerOperator::Hook ThrowOnceFrom(int64_t from) {
  auto thrown = std::make_shared<std::atomic<bool>>(false);
  return [thrown, from](const flow::TaskName&, const TestRow& row) {
    if (row.value >= from && !thrown->exchange(true)) throw std::runtime_error("killed");
  };
}

}  // namespace thalweg::runtime
