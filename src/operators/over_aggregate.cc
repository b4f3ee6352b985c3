#include "operators/over_aggregate.h"

#include <map>
#include <optional>
#include <utility>

#include "graph/aggregate_spec.h"
#include "metrics/names.h"
#include "metrics/registry.h"
#include "operators/aggregate_layout.h"
#include "operators/row_keys.h"
#include "operators/row_output.h"
#include "operators/saved_watermark.h"
#include "operators/stored_row.h"
#include "state/table.h"

namespace thalweg::operators {
namespace {

using flow::Progress;

/// Timers fired in one call before the loop gets its turn.
constexpr int kOverTimersPerCall = 1024;

/// Rows of a partition: those that wait, by time, and those of the frame that will leave it, oldest first.
struct OverRows {
  std::map<int64_t, std::vector<std::string>> waiting;
  std::vector<std::pair<int64_t, std::string>> frame;
  size_t left = 0;  // so many at the begin of `frame` have left it, and go together with others

  size_t size() const { return frame.size() - left; }
  const std::pair<int64_t, std::string>& at(size_t i) const { return frame[left + i]; }
  std::string TakeOldest() {
    std::string row = std::move(frame[left++].second);
    if (left > frame.size() / 2)
      frame.erase(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(std::exchange(left, 0)));
    return row;
  }
};

std::vector<types::DataType> OverOutputTypes(const graph::OverAggregateSpec& spec) {
  std::vector<types::DataType> types;
  for (const types::Field& field : spec.input.fields()) types.push_back(field.type);
  for (const graph::AggregateCall& call : spec.calls) types.push_back(call.type);
  return types;
}

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::OverRows> {
  using Waiting = Codec<std::map<int64_t, std::vector<std::string>>>;
  static std::string Name() { return "over-rows/2"; }
  static void Encode(const operators::OverRows& value, ByteWriter& out) {
    Waiting::Encode(value.waiting, out);
    out.Varint(value.size());
    for (size_t i = 0; i < value.size(); ++i) {
      out.I64(value.at(i).first);
      out.String(value.at(i).second);
    }
  }
  static void Decode(ByteReader& in, operators::OverRows& value) {
    Waiting::Decode(in, value.waiting);
    const uint64_t count = in.Varint();
    for (uint64_t i = 0; i < count && !in.failed(); ++i) {
      const int64_t time = in.I64();
      value.frame.emplace_back(time, in.String());
    }
  }
};

namespace thalweg::operators {
namespace {

class OverAggregate final : public flow::Operator {
 public:
  OverAggregate(graph::OverAggregateSpec spec, std::shared_ptr<AggregateLayout> layout)
      : spec_(std::move(spec)), layout_(std::move(layout)), output_(OverOutputTypes(spec_)) {}

  Status Open(flow::Context& context) override {
    context_ = &context;
    backend_ = context.keyed_state();
    if (!backend_) return InternalError("An over aggregate needs a keyed input: {}", context.task().operator_name);
    keys_ = RowKeys(spec_.partition, context.task().max_parallelism);
    state::StateSpec state;
    state.name = "over-aggregates";
    state.kind = state::StateKind::kAggregating;
    state.value_codec = layout_->object_type().name;
    if (spec_.processing_time && !waits()) state.ttl.ttl_ms = spec_.ttl_ms;
    THALWEG_ASSIGN(groups_, backend_->OpenTable(state, layout_->object_type()));
    state::StateSpec rows;
    rows.name = "over-rows";
    rows.ttl = state.ttl;
    THALWEG_ASSIGN(rows_, state::Table<OverRows>::Open(*backend_, rows));
    THALWEG_ASSIGN(timers_, backend_->OpenTimers("over-timers"));
    dropped_ = &context.metrics().counter(metrics::kNumLateRecordsDropped);
    timeless_ = &context.metrics().counter(metrics::kNumNullRowTimeRecordsDropped);
    THALWEG_ASSIGN(const SavedWatermark::Value saved, saved_.Open(context.operator_state(), "over-watermark"));
    watermark_ = saved.watermark;
    firing_ = (saved.flags & SavedWatermark::kFiring) != 0;
    RequestNext();
    return output_.Open(context);
  }

  Result<Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    if (!output_.Drain(out)) return Progress::kMore;
    if (firing_) {
      if (!Fire(watermark_, out.pool())) return Finish(false);
      firing_ = false;
    }
    keys_.Load(rows.batch(), rows.next());
    for (; !rows.done() && output_.has_credit(); rows.AdvanceTo(rows.next() + 1))
      THALWEG_TRY(TakeRow(rows.batch(), rows.next(), out.pool()));
    return Finish(rows.done());
  }

  Result<Progress> OnWatermark(flow::Watermark watermark, flow::Output& out) override {
    if (!output_.Drain(out)) return Finish(false);
    watermark_ = std::max(watermark_, watermark.time);
    if (spec_.processing_time) return Finish(true);
    firing_ = true;
    firing_ = !Fire(watermark_, out.pool());
    return Finish(!firing_);
  }

  // A row of this millisecond may still come: what is due lies before it.
  Result<Progress> OnTimer(int64_t now_ms, flow::Output& out) override {
    if (!output_.Drain(out)) return Finish(false);
    const bool done = Fire(now_ms - 1, out.pool());
    RequestNext();
    return Finish(done);
  }
  Result<Progress> OnEnd(flow::EndKind, flow::Output& out) override { return Finish(output_.Drain(out)); }

  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    saved_.Save({.watermark = watermark_, .flags = firing_ ? SavedWatermark::kFiring : uint8_t{0}});
    THALWEG_TRY(output_.Snapshot());
    return std::vector<std::string>{};
  }

 private:
  bool bounded() const { return spec_.preceding >= 0; }
  /// Rows wait for their time to be over.
  bool waits() const { return !spec_.processing_time || (bounded() && !spec_.rows); }

  Result<Progress> Finish(bool done) {
    const bool flushed = output_.Flush();
    THALWEG_TRY(layout_->status());
    THALWEG_TRY(backend_->status());
    THALWEG_TRY(output_.status());
    return flushed && done ? Progress::kDone : Progress::kMore;
  }

  void RequestNext() {
    if (!spec_.processing_time) return;
    if (std::optional<int64_t> next = timers_->Next()) context_->RequestTimer(*next + 1);
  }

  Status TakeRow(const columns::Batch& batch, int32_t row, columns::BufferPool& pool) {
    const state::KeyView key = keys_[row];
    if (!waits()) {
      std::byte* block = layout_->Open(groups_->FindOrCreate(key, {}, nullptr));
      OverRows* rows = bounded() ? &rows_.FindOrCreate(key) : nullptr;
      AddToFrame(batch, row, 0, block, rows, pool);
      Emit(batch, row, block);
      return {};
    }
    int64_t time = context_->clock().NowMs();
    if (!spec_.processing_time) {
      const columns::Column& times = batch.column(spec_.time_column);
      if (times.IsNull(row)) {
        timeless_->Increment();
        return {};
      }
      time = times.data<int64_t>()[row];
      if (time <= LateUntil(key)) {
        dropped_->Increment();
        return {};
      }
    }
    std::string& stored = rows_.FindOrCreate(key).waiting[time].emplace_back();
    AppendStoredRow(batch, row, stored);
    timers_->Register(time, key, {});
    RequestNext();
    return {};
  }

  /// Rows up to that time are late. A bounded frame takes all that come behind the last row of their key, as Flink's does, even if the
  /// watermark has passed them: what it gave stays right.
  int64_t LateUntil(const state::KeyView& key) {
    if (!bounded()) return watermark_;
    const OverRows* rows = rows_.Find(key);
    return rows && !rows->frame.empty() ? rows->frame.back().first : INT64_MIN;
  }

  /// False: timers up to `limit` are left.
  bool Fire(int64_t limit, columns::BufferPool& pool) {
    for (int fired = 0; fired < kOverTimersPerCall && output_.has_credit(); ++fired) {
      std::optional<state::Timer> timer = timers_->PopDue(limit);
      if (!timer) return true;
      FireKey({timer->key, timer->hash, timer->group}, timer->time, pool);
    }
    const std::optional<int64_t> next = timers_->Next();
    return !next || *next > limit;
  }

  void FireKey(const state::KeyView& key, int64_t time, columns::BufferPool& pool) {
    OverRows* rows = rows_.Find(key);
    if (!rows) return;
    rows_.MarkDirty();
    const auto due = rows->waiting.find(time);
    if (due == rows->waiting.end()) return Retire(key, *rows, time);
    const columns::Batch batch = Decode(due->second, pool);
    std::byte* block = layout_->Open(groups_->FindOrCreate(key, {}, nullptr));
    if (!spec_.rows && bounded()) DropBefore(time - spec_.preceding, block, *rows, pool);
    for (int32_t row = 0; row < batch.rows(); ++row) {
      AddToFrame(batch, row, time, block, bounded() ? rows : nullptr, pool);
      if (spec_.rows) Emit(batch, row, block);
    }
    for (int32_t row = 0; row < batch.rows() && !spec_.rows; ++row) Emit(batch, row, block);
    rows->waiting.erase(due);
    if (!spec_.rows && bounded())
      timers_->Register(time + spec_.preceding + 1, key, {});
    else if (!bounded() && rows->waiting.empty())
      rows_.Erase(key);
  }

  /// When an interval has passed without a row, nothing of the partition is in a frame any more.
  void Retire(const state::KeyView& key, const OverRows& rows, int64_t time) {
    if (!rows.waiting.empty() || rows.size() == 0 || rows.frame.back().first >= time - spec_.preceding) return;
    rows_.Erase(key);
    groups_->Erase(key, {});
  }

  void Apply(const columns::Batch& batch, int32_t row, std::byte* block, AggregateOp op) {
    const uint8_t ops = op;
    AggregateLayout::RowCount(block) += op == kAddRow ? 1 : -1;
    layout_->Update({.batch = &batch, .rows = &row, .count = 1, .groups = &block, .ops = &ops});
  }

  /// Adds a row to its frame; a frame of rows loses its oldest first. `rows` null: nothing ever leaves.
  void AddToFrame(const columns::Batch& batch, int32_t row, int64_t time, std::byte* block, OverRows* rows,
                  columns::BufferPool& pool) {
    if (rows && spec_.rows && static_cast<int64_t>(rows->size()) > spec_.preceding) Drop(1, block, *rows, pool);
    Apply(batch, row, block, kAddRow);
    if (rows) AppendStoredRow(batch, row, rows->frame.emplace_back(time, std::string()).second);
  }
  void DropBefore(int64_t time, std::byte* block, OverRows& rows, columns::BufferPool& pool) {
    size_t count = 0;
    while (count < rows.size() && rows.at(count).first < time) ++count;
    if (count > 0) Drop(count, block, rows, pool);
  }
  void Drop(size_t count, std::byte* block, OverRows& rows, columns::BufferPool& pool) {
    std::vector<std::string> dropped;
    for (size_t i = 0; i < count; ++i) dropped.push_back(rows.TakeOldest());
    const columns::Batch batch = Decode(dropped, pool);
    for (int32_t row = 0; row < batch.rows(); ++row) Apply(batch, row, block, kRetractRow);
  }

  columns::Batch Decode(const std::vector<std::string>& stored, columns::BufferPool& pool) const {
    columns::BatchBuilder builder(spec_.input, pool, static_cast<int32_t>(stored.size()));
    for (const std::string& bytes : stored) {
      ReadStoredRow(bytes, builder, 0, spec_.input.size());
      builder.FinishRow();
    }
    return builder.Take();
  }

  void Emit(const columns::Batch& batch, int32_t row, const std::byte* block) {
    const int width = spec_.input.size();
    for (int column = 0; column < width; ++column) output_.column(column).AppendRows(batch.column(column), &row, 1);
    for (int call = 0; call < layout_->size(); ++call) layout_->AppendResult(block, call, output_.column(width + call));
    output_.FinishRow(types::RowKind::kInsert);
  }

  graph::OverAggregateSpec spec_;
  std::shared_ptr<AggregateLayout> layout_;
  RowOutput output_;
  RowKeys keys_;
  flow::Context* context_ = nullptr;
  state::KeyedBackend* backend_ = nullptr;
  state::ObjectTable* groups_ = nullptr;
  state::Table<OverRows> rows_;
  state::TimerQueue* timers_ = nullptr;
  metrics::Counter* dropped_ = nullptr;
  metrics::Counter* timeless_ = nullptr;
  SavedWatermark saved_;
  int64_t watermark_ = INT64_MIN;
  bool firing_ = false;  // timers up to watermark_ are not all fired
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeOverAggregate(const graph::Node& node) {
  THALWEG_ASSIGN(graph::OverAggregateSpec spec, graph::DecodeOverAggregate(node.payload));
  for (const graph::AggregateCall& call : spec.calls) {
    const bool ranks = call.function == "ROW_NUMBER" || call.function == "RANK" || call.function == "DENSE_RANK";
    if (spec.preceding >= 0 && (ranks || call.function == "LAG"))
      return UserError("{} takes no bounded frame: ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", call.function);
  }
  THALWEG_ASSIGN(std::shared_ptr<AggregateLayout> layout,
                 AggregateLayout::Make(spec.input, spec.calls,
                                       {.retracts = spec.preceding >= 0,
                                        .over = true,
                                        .time_column = spec.processing_time ? -1 : spec.time_column}));
  return std::unique_ptr<flow::Operator>(std::make_unique<OverAggregate>(std::move(spec), std::move(layout)));
}

}  // namespace thalweg::operators
