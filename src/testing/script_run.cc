#include "testing/script_run.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/bytes.h"
#include "columns/batch_codec.h"
#include "flow/input_watermarks.h"
#include "metrics/registry.h"
#include "state/hashmap_backend.h"
#include "types/key_group.h"

namespace thalweg::testing {
namespace {

/// Calls without a row consumed or emitted after which an operator counts as stuck.
constexpr int kStuckCalls = 10'000;
constexpr int32_t kMaxParallelism = 128;
/// Of a store backend: so few that state leaves the cache in the shortest test.
constexpr int64_t kStateCacheBytes = 600;

class CollectingOutput final : public flow::Output {
 public:
  CollectingOutput(const Script& script, bool starving, columns::BufferPool& pool, Transcript& transcript)
      : script_(script), starving_(starving), pool_(pool), transcript_(transcript) {
    if (starving_) batch_rows_ = 1;
  }
  void Emit(int port, columns::Batch batch) override {
    if (!batch) return;
    if (!credit_) beyond_ += batch.rows();
    if (beyond_ > batch_rows_) Violation("emitted {} rows beyond its credit", beyond_);
    auto text = script_.ports.find(port);
    if (text == script_.ports.end()) return Violation("emitted to port {}, which the test does not know", port);
    for (int32_t row = 0; row < batch.rows(); ++row) {
      std::string kind =
          batch.kind(row) == types::RowKind::kInsert ? "" : std::string(types::RowKindText(batch.kind(row)));
      transcript_.left[port].push_back({kind + text->second(batch, row), batch.time(row)});
    }
    emitted_ += batch.rows();
    if (starving_) credit_ = false;
  }
  // Each subtask sends its own, and those that were restarted send them again.
  void EmitWatermark(flow::Watermark watermark) override {
    if (watermark.time <= watermark_ || !script_.ports.contains(kWatermarkPort)) return;
    watermark_ = watermark.time;
    transcript_.left[kWatermarkPort].push_back({std::to_string(watermark_), columns::kNoTime});
  }
  void EmitStatus(flow::WatermarkStatus) override {}
  columns::BufferPool& pool() override { return pool_; }
  void Refill() {
    credit_ = true;
    beyond_ = 0;
  }
  int64_t emitted() const { return emitted_; }

 private:
  template <typename... Args>
  void Violation(fmt::format_string<Args...> format, Args&&... args) {
    transcript_.violations.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  const Script& script_;
  bool starving_;
  columns::BufferPool& pool_;
  Transcript& transcript_;
  int64_t emitted_ = 0;
  int32_t beyond_ = 0;
  int64_t watermark_ = INT64_MIN;
};

class NoWaker final : public flow::Waker {
 public:
  void Wake() override {}
};

class RunContext final : public flow::Context {
 public:
  RunContext(flow::TaskName task, time::Clock& clock, Random& random, columns::BufferPool& pool)
      : task_(std::move(task)),
        clock_(clock),
        random_(random),
        pool_(pool),
        metrics_(registry_.Open(metrics::ScopeKind::kOperator, {})) {}
  const flow::TaskName& task() const override { return task_; }
  time::Clock& clock() override { return clock_; }
  Random& random() override { return random_; }
  metrics::Group& metrics() override { return *metrics_; }
  columns::BufferPool& pool() override { return pool_; }
  state::KeyedBackend* keyed_state() override { return keyed.get(); }
  state::OperatorState& operator_state() override { return lists; }
  int64_t current_watermark() const override { return watermark; }
  std::shared_ptr<flow::Waker> waker() override { return std::make_shared<NoWaker>(); }
  void RequestTimer(int64_t at_ms) override { timers.insert(at_ms); }
  Status RunBlocking(std::function<void()> work) override {
    work();
    return {};
  }
  void SendToCoordinator(std::string event) override {}

  std::unique_ptr<state::KeyedBackend> keyed;
  state::OperatorState lists;
  int64_t watermark = INT64_MIN;
  std::set<int64_t> timers;

 private:
  flow::TaskName task_;
  time::Clock& clock_;
  Random& random_;
  columns::BufferPool& pool_;
  metrics::Registry registry_;
  std::unique_ptr<metrics::Group> metrics_;
};

struct Subtask {
  std::unique_ptr<RunContext> context;
  std::unique_ptr<flow::Operator> op;
  int32_t index = 0;
};

class Run {
 public:
  Run(const Script& script, const Variation& variation, const std::shared_ptr<state::RocksDbInstance>& database)
      : script_(script),
        variation_(variation),
        database_(database),
        clock_(script.start_ms),
        random_(script.seed),
        output_(script, variation.starving, pool_, transcript_),
        on_rocksdb_(variation.rocksdb) {}

  Transcript Play() {
    transcript_.status = Start(1, {}, {});
    for (step_ = 0; step_ < script_.steps.size() && transcript_.status.ok(); ++step_) {
      transcript_.status = Do(script_.steps[step_]);
    }
    if (transcript_.status.ok()) transcript_.status = End();
    for (Subtask& subtask : subtasks_) subtask.op->Close();
    return std::move(transcript_);
  }

 private:
  using Lists = std::vector<std::vector<state::OperatorStateSnapshot>>;

  Status Start(int parallelism, const std::vector<state::KeyedSnapshot>& keyed, const Lists& lists) {
    subtasks_.clear();
    Lists given = lists.empty() ? Lists(static_cast<size_t>(parallelism)) : state::Redistribute(lists, parallelism);
    for (int32_t i = 0; i < parallelism; ++i) {
      Subtask subtask;
      subtask.index = i;
      flow::TaskName task{.job = "harness",
                          .operator_name = "operator",
                          .uid = "operator",
                          .subtask = i,
                          .parallelism = parallelism,
                          .max_parallelism = kMaxParallelism};
      subtask.context = std::make_unique<RunContext>(std::move(task), clock_, random_, pool_);
      subtask.context->lists.Restore(std::move(given[static_cast<size_t>(i)]));
      if (script_.keyed) THALWEG_TRY(RestoreKeyed(subtask, parallelism, keyed));
      THALWEG_ASSIGN(subtask.op, script_.make());
      subtasks_.push_back(std::move(subtask));
    }
    for (Subtask& subtask : subtasks_) {
      THALWEG_TRY(subtask.op->Open(*subtask.context));
      THALWEG_TRY(FireTimers(subtask));
    }
    // As from restarted sources.
    for (const auto& [input, time] : input_watermarks_) TellInputWatermark(input, time);
    return {};
  }

  Status RestoreKeyed(Subtask& subtask, int parallelism, const std::vector<state::KeyedSnapshot>& snapshots) {
    types::KeyGroupRange groups = types::KeyGroupsOf(subtask.index, kMaxParallelism, parallelism);
    THALWEG_ASSIGN(subtask.context->keyed,
                   MakeBackend({static_cast<uint16_t>(groups.begin), static_cast<uint16_t>(groups.end - 1)}));
    for (const state::KeyedSnapshot& snapshot : snapshots) THALWEG_TRY(subtask.context->keyed->Restore(snapshot));
    return {};
  }

  Result<std::unique_ptr<state::KeyedBackend>> MakeBackend(state::KeyGroupRange groups) {
    if (!on_rocksdb_) return state::MakeHashMapBackend({.groups = groups}, clock_);
    return state::MakeRocksDbBackend(database_, 0, {.groups = groups, .cache_bytes = kStateCacheBytes}, clock_);
  }

  Status Restart(bool at_pause) {
    flow::Barrier barrier{.id = ++barriers_, .triggered_at_ms = clock_.NowMs()};
    std::vector<state::KeyedSnapshot> keyed;
    Lists lists;
    for (Subtask& subtask : subtasks_) {
      if (!at_pause) THALWEG_TRY(Repeat([&] { return subtask.op->PrepareBarrier(barrier, output_); }, nullptr, false));
      auto committables = subtask.op->Snapshot(barrier);
      THALWEG_TRY(committables.status());
      if (script_.keyed) {
        THALWEG_ASSIGN(state::KeyedSnapshot snapshot, subtask.context->keyed->Snapshot());
        keyed.push_back(std::move(snapshot));
      }
      lists.push_back(subtask.context->lists.Snapshot());
      subtask.op->Close();
    }
    int parallelism = static_cast<int>(subtasks_.size());
    if (variation_.rescale) parallelism = 3 - parallelism;
    if (variation_.change_backend) on_rocksdb_ = !on_rocksdb_;
    return Start(parallelism, keyed, lists);
  }

  /// Calls until kDone, with new credit each time. `consumed` (may be null) counts the input's rows taken, for progress.
  template <typename Fn>
  Status Repeat(Fn&& call, const flow::Rows* rows, bool may_restart) {
    int stuck = 0;
    while (true) {
      output_.Refill();
      int64_t emitted = output_.emitted();
      int32_t consumed = rows ? rows->next() : 0;
      Result<flow::Progress> progress = call();
      THALWEG_TRY(progress.status());
      if (*progress == flow::Progress::kDone) return {};
      bool moved = output_.emitted() != emitted || (rows && rows->next() != consumed);
      stuck = moved ? 0 : stuck + 1;
      if (stuck > kStuckCalls)
        return InternalError("The operator is stuck: {} calls without a row taken or emitted", stuck);
      if (may_restart && variation_.restart_at_pause) THALWEG_TRY(Restart(true));
    }
  }

  Status Do(const Step& step) {
    switch (step.kind) {
      case Step::Kind::kRows: THALWEG_TRY(DoRows(step)); break;
      case Step::Kind::kWatermark: THALWEG_TRY(DoWatermark(step.time)); break;
      case Step::Kind::kInputWatermark: TellInputWatermark(step.input, step.time); break;
      case Step::Kind::kProcessingTime: THALWEG_TRY(DoProcessingTime(step.time)); break;
      case Step::Kind::kEndOfInput: THALWEG_TRY(DoEndOfInput(step.input)); break;
      case Step::Kind::kExpect:
        transcript_.met.push_back({step_, std::exchange(transcript_.left[step.port], {}), 0});
        return {};
      case Step::Kind::kEntries:
      case Step::Kind::kTimers: return CountEntries(step.kind == Step::Kind::kTimers);
      case Step::Kind::kInspect:
        if (variation_.name.empty()) step.inspect(*subtasks_[0].op);
        return {};
    }
    return variation_.restart_after_input ? Restart(false) : Status();
  }

  Status DoRows(const Step& step) {
    int32_t piece = variation_.one_row_batches || variation_.rescale ? 1 : std::min(step.count, columns::kMaxBatchRows);
    for (int32_t from = 0; from < step.count; from += piece) {
      THALWEG_ASSIGN(columns::Batch batch, BatchOf(step, from, std::min(from + piece, step.count)));
      const bool has_keys = static_cast<bool>(batch.key_hashes());
      const int32_t group = has_keys ? types::KeyGroupOf(batch.key_hash(0), kMaxParallelism) : 0;
      flow::Rows rows(std::move(batch));
      THALWEG_TRY(Repeat(
          [&] {
            return Process(static_cast<size_t>(types::SubtaskOf(group, kMaxParallelism, Parallelism())), step.input,
                           rows);
          },
          &rows, true));
      if (has_keys || !OtherRowsHaveKeys()) continue;
      // Of several inputs the one without keys is a broadcast stream: the other subtasks get its rows, too.
      for (size_t subtask = 1; subtask < subtasks_.size(); ++subtask) {
        THALWEG_ASSIGN(batch, BatchOf(step, from, std::min(from + piece, step.count)));
        flow::Rows again(std::move(batch));
        THALWEG_TRY(Repeat([&] { return Process(subtask, step.input, again); }, &again, false));
      }
    }
    return {};
  }
  int Parallelism() const { return static_cast<int>(subtasks_.size()); }
  /// Keyed operators may also get all rows without keys, in one subtask.
  bool OtherRowsHaveKeys() {
    return std::any_of(script_.steps.begin(), script_.steps.end(), [this](const Step& step) {
      return step.kind == Step::Kind::kRows && step.count > 0 && step.make(pool_, 0, 1).key_hashes();
    });
  }
  Result<columns::Batch> BatchOf(const Step& step, int32_t from, int32_t to) {
    columns::Batch batch = step.make(pool_, from, to);
    if (variation_.serialise) return OverTheWire(std::move(batch));
    return batch;
  }
  Result<flow::Progress> Process(size_t subtask, int input, flow::Rows& rows) {
    Result<flow::Progress> progress = subtasks_[subtask].op->Process(input, rows, output_);
    if (progress.ok() && *progress == flow::Progress::kDone && !rows.done())
      transcript_.violations.push_back("returned kDone with rows left");
    return progress;
  }

  Result<columns::Batch> OverTheWire(columns::Batch batch) {
    columns::BatchCodec codec(columns::TypesOf(batch));
    ByteWriter bytes;
    THALWEG_TRY(codec.Encode(batch, bytes));
    return codec.Decode(bytes.view(), pool_);
  }

  Status DoWatermark(int64_t time) {
    // A restart at a pause may change the subtasks: all of them get the watermark again, as from their restarted sources.
    THALWEG_TRY(Repeat(
        [&]() -> Result<flow::Progress> {
          auto all = flow::Progress::kDone;
          for (Subtask& subtask : subtasks_) {
            subtask.context->watermark = time;
            THALWEG_ASSIGN(flow::Progress progress, subtask.op->OnWatermark({time}, output_));
            if (progress != flow::Progress::kDone) return progress;
          }
          return all;
        },
        nullptr, true));
    return {};
  }

  void TellInputWatermark(int input, int64_t time) {
    input_watermarks_[input] = time;
    for (Subtask& subtask : subtasks_) {
      auto* watches = dynamic_cast<flow::WatchesInputs*>(subtask.op.get());
      THALWEG_CHECK(watches != nullptr, "The operator does not watch its inputs");
      watches->OnInputWatermark(input, time);
    }
  }

  Status DoProcessingTime(int64_t time) {
    clock_.Set(time);
    for (size_t i = 0; i < subtasks_.size(); ++i) THALWEG_TRY(FireTimers(subtasks_[i]));
    return {};
  }

  Status FireTimers(Subtask& subtask) {
    while (!subtask.context->timers.empty() && *subtask.context->timers.begin() <= clock_.NowMs()) {
      auto& timers = subtask.context->timers;
      timers.erase(timers.begin(), timers.upper_bound(clock_.NowMs()));
      THALWEG_TRY(Repeat([&] { return subtask.op->OnTimer(clock_.NowMs(), output_); }, nullptr, false));
    }
    return {};
  }

  Status DoEndOfInput(int input) {
    for (Subtask& subtask : subtasks_) {
      THALWEG_TRY(
          Repeat([&] { return subtask.op->OnEndOfInput(input, flow::EndKind::kFinished, output_); }, nullptr, false));
    }
    return {};
  }

  Status End() {
    for (Subtask& subtask : subtasks_) {
      THALWEG_TRY(Repeat([&] { return subtask.op->OnEnd(flow::EndKind::kFinished, output_); }, nullptr, false));
    }
    return {};
  }

  Status CountEntries(bool timers) {
    int32_t entries = 0;
    for (Subtask& subtask : subtasks_) {
      if (!subtask.context->keyed) continue;
      THALWEG_ASSIGN(state::KeyedSnapshot snapshot, subtask.context->keyed->Snapshot());
      for (const auto& [group, segment] : snapshot.segments) {
        ByteReader in(segment);
        while (!in.AtEnd() && !in.failed()) {
          const state::StateSpec& spec = snapshot.specs.at(in.Varint());
          for (int part = 0; part < 3; ++part) in.String();
          if (spec.ttl.ttl_ms > 0) in.I64();
          if ((spec.kind == state::StateKind::kTimers) == timers) ++entries;
        }
        THALWEG_TRY(in.status());
      }
    }
    transcript_.met.push_back({step_, {}, entries});
    return {};
  }

  const Script& script_;
  const Variation& variation_;
  std::shared_ptr<state::RocksDbInstance> database_;
  columns::BufferPool pool_;
  time::ManualClock clock_;
  Random random_;
  Transcript transcript_;
  CollectingOutput output_;
  std::vector<Subtask> subtasks_;
  bool on_rocksdb_;
  std::map<int, int64_t> input_watermarks_;
  uint64_t barriers_ = 0;
  size_t step_ = 0;
};

}  // namespace

Transcript RunOnce(const Script& script, const Variation& variation,
                   const std::shared_ptr<state::RocksDbInstance>& database) {
  return Run(script, variation, database).Play();
}

}  // namespace thalweg::testing
