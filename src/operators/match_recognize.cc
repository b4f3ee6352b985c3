#include "operators/match_recognize.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "cep/matcher.h"
#include "expr/evaluator.h"
#include "expr/zone.h"
#include "graph/match_spec.h"
#include "metrics/names.h"
#include "metrics/registry.h"
#include "operators/match_rows.h"
#include "operators/row_operator.h"
#include "operators/sort_key.h"
#include "operators/stored_row.h"

namespace thalweg::operators {
namespace {

/// Rows of one key that wait, by time, as stored rows.
using RowsToMatch = std::map<int64_t, std::vector<std::string>>;

std::vector<types::DataType> MatchOutput(const graph::MatchSpec& spec) {
  std::vector<types::DataType> types;
  for (int column : spec.partition) types.push_back(spec.input.field(column).type);
  for (const graph::MatchRead& read : spec.output) types.push_back(graph::TypeOf(read, spec.input));
  return types;
}

cep::Pattern PatternOf(const graph::MatchSpec& spec) {
  cep::Pattern pattern;
  for (const graph::MatchVariable& variable : spec.pattern)
    pattern.stages.push_back(
        {.min = variable.min, .max = variable.max < 0 ? cep::kUnbounded : variable.max, .greedy = variable.greedy});
  pattern.after = {static_cast<cep::Skip>(spec.after), spec.skip_to};
  pattern.within_ms = spec.within_ms;
  return pattern;
}

/// A condition over what it reads of a run.
struct DefinedVariable {
  std::optional<expr::Evaluator> condition;
  std::optional<MatchReads> reads;
  types::Schema schema;  // of what is read; a column that nobody asks for, where nothing is
};

class MatchRecognize final : public RowOperator, private cep::Conditions {
 public:
  MatchRecognize(graph::MatchSpec spec, std::vector<DefinedVariable> variables, MatchReads output, expr::Zone zone)
      : RowOperator({spec.partition}, MatchOutput(spec)),
        matcher_(PatternOf(spec)),
        rows_(spec.input),
        spec_(std::move(spec)),
        variables_(std::move(variables)),
        outputs_(std::move(output)),
        zone_(std::move(zone)) {}

 protected:
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(waiting_, OpenTable<RowsToMatch>(backend, "match-waiting", state::StateKind::kValue, 0));
    THALWEG_ASSIGN(runs_, OpenTable<cep::Runs>(backend, "match-runs", state::StateKind::kValue, 0));
    THALWEG_ASSIGN(auto rows, OpenTable<std::string>(backend, "match-rows", state::StateKind::kMap, 0));
    rows_.Open(rows, context.pool());
    dropped_ = &context.metrics().counter(metrics::kNumLateRecordsDropped);
    timeless_ = &context.metrics().counter(metrics::kNumNullRowTimeRecordsDropped);
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    THALWEG_TRY(CheckInsert(batch, row, "MATCH_RECOGNIZE"));
    int64_t time = now_ms();
    if (spec_.time_column >= 0) {
      time = TimeOrNull(batch, row, spec_.time_column);
      if (time == kNullTime && !spec_.null_times_first) {
        timeless_->Increment();
        return {};
      }
      if (time <= timers().watermark()) {
        dropped_->Increment();
        return {};
      }
    } else if (spec_.order.empty()) {
      Load(key);
      THALWEG_TRY(Take(batch, row, time));
      Save(key);
      return {};
    }
    AppendStoredRow(batch, row, waiting_.FindOrCreate(key)[time].emplace_back());
    // A row of this millisecond may still come by processing time.
    timers().Register(kind(), spec_.time_column >= 0 ? time : time + 1, key);
    return {};
  }

  Status OnEventTime(const state::Timer& timer) override { return Fire(KeyOf(timer), timer.time, timer.time); }
  Status OnProcessingTime(const state::Timer& timer) override { return Fire(KeyOf(timer), timer.time - 1, timer.time); }

 private:
  /// MATCH_ROWTIME, never NULL: of a row without a time it is 1970, as in Flink.
  static int64_t MatchTime(int64_t time) { return time == kNullTime ? 0 : time; }

  TimerKind kind() const { return spec_.time_column >= 0 ? TimerKind::kEventTime : TimerKind::kProcessingTime; }

  void Load(const state::KeyView& key) {
    rows_.SetKey(key);
    cep::Runs* runs = runs_.Find(key);
    was_there_ = runs != nullptr;
    now_ = was_there_ ? std::move(*runs) : cep::Runs{};
    first_row_ = now_.FirstRow();
    kept_end_ = now_.next_row;
  }

  void Save(const state::KeyView& key) {
    rows_.Forget(first_row_, std::min(now_.FirstRow(), kept_end_));
    if (now_.empty()) {
      if (was_there_) runs_.Erase(key);
      return;
    }
    if (const int64_t deadline = matcher_.Deadline(now_); deadline < INT64_MAX)
      timers().Register(kind(), deadline, key);
    runs_.FindOrCreate(key) = std::move(now_);
  }

  /// Takes what waits for times up to `until`; then it is `time`.
  Status Fire(const state::KeyView& key, int64_t until, int64_t time) {
    Load(key);
    if (RowsToMatch* waiting = waiting_.Find(key)) {
      RowsToMatch left = std::move(*waiting);
      const auto end = left.upper_bound(until);
      for (auto due = left.begin(); due != end; ++due) THALWEG_TRY(TakeWaiting(due->second, due->first));
      left.erase(left.begin(), end);
      if (left.empty())
        waiting_.Erase(key);
      else
        waiting_.FindOrCreate(key) = std::move(left);
    }
    THALWEG_TRY(Advance(time));
    Save(key);
    return {};
  }

  /// Rows of one time, in the order that is asked for, and then of their arrival.
  Status TakeWaiting(const std::vector<std::string>& stored, int64_t time) {
    columns::BatchBuilder builder(spec_.input, context().pool(), static_cast<int32_t>(stored.size()));
    for (const std::string& bytes : stored) {
      ReadStoredRow(bytes, builder, 0, spec_.input.size());
      builder.FinishRow();
    }
    const columns::Batch batch = builder.Take();
    std::vector<int32_t> order(stored.size());
    std::iota(order.begin(), order.end(), 0);
    if (!spec_.order.empty()) {
      std::vector<std::string> keys(stored.size());
      for (int32_t row : order) AppendSortKey(batch, row, spec_.order, keys[static_cast<size_t>(row)]);
      std::ranges::stable_sort(order, {},
                               [&](int32_t row) -> const std::string& { return keys[static_cast<size_t>(row)]; });
    }
    for (int32_t row : order) THALWEG_TRY(Take(batch, row, time));
    return {};
  }

  Status Take(const columns::Batch& batch, int32_t row, int64_t time) {
    THALWEG_TRY(Advance(time));
    const int64_t number = now_.next_row;
    batch_ = &batch;
    row_ = row;
    time_ms_ = MatchTime(time);
    rows_.SetCurrent(&batch, row, number);
    matches_.clear();
    const Status taken = matcher_.Take(time, *this, now_, matches_);
    if (taken.ok()) THALWEG_TRY(Emit(time));
    if (now_.FirstRow() <= number) {
      rows_.KeepCurrent();
      kept_end_ = number + 1;
    }
    rows_.SetCurrent(nullptr, 0, -1);
    return taken;
  }

  Status Advance(int64_t time) {
    matches_.clear();
    THALWEG_TRY(matcher_.AdvanceTime(time, now_, matches_));
    return Emit(time);
  }

  Status Emit(int64_t time) {
    for (const cep::Run& match : matches_) {
      const MatchRows::Place first = rows_.At(match.start());
      int column = 0;
      for (int key : spec_.partition) output().column(column++).AppendRows(first.batch->column(key), &first.row, 1);
      const RunRows run{.segments = &match.rows};
      THALWEG_TRY(outputs_.Append(run, rows_, MatchTime(time), output().row(), column));
      output().FinishRow(types::RowKind::kInsert);
    }
    return {};
  }

  Result<bool> Holds(int stage, const cep::Run* run) override {
    const graph::MatchVariable& variable = spec_.pattern[static_cast<size_t>(stage)];
    if (variable.column >= 0) {
      const columns::Column& column = batch_->column(variable.column);
      return !column.IsNull(row_) && column.Bool(row_);
    }
    DefinedVariable& defined = variables_[static_cast<size_t>(stage)];
    if (!defined.condition) return true;
    columns::BatchBuilder read(defined.schema, context().pool(), 1);
    const RunRows rows{.segments = run ? &run->rows : nullptr, .current = stage, .number = now_.next_row - 1};
    THALWEG_TRY(defined.reads->Append(rows, rows_, time_ms_, read, 0));
    if (defined.reads->size() == 0) read.column(0).AppendNull();
    read.FinishRow();
    int32_t passed = 0;
    THALWEG_ASSIGN(const int32_t count, defined.condition->Select(read.Take(), World(), &passed));
    return count > 0;
  }

  expr::Context World() {
    return {.pool = context().pool(),
            .clock = spec_.query_start_ms == 0 ? &context().clock() : nullptr,
            .query_start_ms = spec_.query_start_ms,
            .zone = &zone_,
            .random = &context().random(),
            .watermark = context().current_watermark()};
  }

  cep::Matcher matcher_;
  MatchRows rows_;
  graph::MatchSpec spec_;
  std::vector<DefinedVariable> variables_;
  MatchReads outputs_;
  expr::Zone zone_;
  state::Table<RowsToMatch> waiting_;
  state::Table<cep::Runs> runs_;
  metrics::Counter* dropped_ = nullptr;
  metrics::Counter* timeless_ = nullptr;

  // Of the key at hand.
  cep::Runs now_;
  bool was_there_ = false;
  int64_t first_row_ = 0, kept_end_ = 0;  // rows that may be in state
  const columns::Batch* batch_ = nullptr;
  int32_t row_ = 0;
  int64_t time_ms_ = 0;
  std::vector<cep::Run> matches_;
};

Result<DefinedVariable> Define(const graph::MatchVariable& variable, const types::Schema& input) {
  DefinedVariable defined;
  if (!variable.condition || variable.column >= 0) return defined;
  THALWEG_ASSIGN(expr::Evaluator condition, expr::Evaluator::Compile({*variable.condition}));
  condition.Name({"the condition of " + variable.name});
  defined.condition = std::move(condition);
  THALWEG_ASSIGN(MatchReads reads, MatchReads::Make(variable.reads, input));
  std::vector<types::Field> fields;
  for (const types::DataType& type : reads.types()) fields.push_back({"", type});
  if (fields.empty()) fields.push_back({"", types::DataType(types::TypeId::kBoolean)});
  defined.schema = types::Schema(std::move(fields));
  defined.reads = std::move(reads);
  return defined;
}

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeMatchRecognize(const graph::Node& node) {
  THALWEG_ASSIGN(graph::MatchSpec spec, graph::DecodeMatch(node.payload));
  std::vector<DefinedVariable> variables;
  for (const graph::MatchVariable& variable : spec.pattern) {
    THALWEG_ASSIGN(DefinedVariable defined, Define(variable, spec.input));
    variables.push_back(std::move(defined));
  }
  THALWEG_ASSIGN(MatchReads output, MatchReads::Make(spec.output, spec.input));
  expr::Zone zone;
  if (!spec.zone.empty()) {
    THALWEG_ASSIGN(zone, expr::Zone::Find(spec.zone));
  }
  return std::unique_ptr<flow::Operator>(
      std::make_unique<MatchRecognize>(std::move(spec), std::move(variables), std::move(output), std::move(zone)));
}

}  // namespace thalweg::operators
