#include "operators/deduplicate.h"

#include <utility>

#include "graph/rank_spec.h"
#include "metrics/names.h"
#include "metrics/registry.h"
#include "operators/row_operator.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using graph::DeduplicateSpec;
using types::RowKind;

namespace {

/// What is known of a key: its row, or only that it had one.
struct KeptRow {
  int64_t time = 0;
  std::string bytes;
};

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::KeptRow> {
  static std::string Name() { return "kept-row/2"; }
  static void Encode(const operators::KeptRow& value, ByteWriter& out) {
    out.SignedVarint(value.time);
    out.String(value.bytes);
  }
  static void Decode(ByteReader& in, operators::KeptRow& value) {
    value.time = in.SignedVarint();
    value.bytes = in.String();
  }
};

namespace thalweg::operators {
namespace {

/// Sends a row as it comes, and takes back what it replaces.
class DeduplicateOperator : public RowOperator {
 public:
  explicit DeduplicateOperator(DeduplicateSpec spec)
      : RowOperator({spec.keys}, ColumnTypes(spec.input)),
        spec_(std::move(spec)),
        updates_(spec_.keep_last || spec_.time_column >= 0),
        keeps_row_(spec_.time_column >= 0 || spec_.generate_update_before || spec_.generate_insert) {}

 protected:
  Status OpenState(flow::Context&, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(kept_, OpenTable<KeptRow>(backend, "deduplicate", state::StateKind::kValue, spec_.ttl_ms));
    return {};
  }

  void Prefetch(uint64_t hash) const override { kept_.Prefetch(hash); }

  Status OnBatch(int, const columns::Batch& batch, int32_t from) override {
    if (updates_ && keeps_row_) stored_.Load(batch, from, batch.rows());
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    THALWEG_TRY(CheckInsert(batch, row, "a deduplication"));
    if (!updates_) {
      First(batch, row, key);
      return {};
    }
    if (!keeps_row_) {
      output().CopyRow(batch, row, RowKind::kUpdateAfter);
      return {};
    }
    Replace(key, spec_.time_column >= 0 ? TimeOrNull(batch, row, spec_.time_column) : 0, batch, row);
    return {};
  }

 private:
  void First(const columns::Batch& batch, int32_t row, const state::KeyView& key) {
    if (kept_.Find(key)) return;
    kept_.FindOrCreate(key);
    output().CopyRow(batch, row, RowKind::kInsert);
  }

  void Replace(const state::KeyView& key, int64_t time, const columns::Batch& batch, int32_t row) {
    bool created = false;
    // Most rows win where the last one is kept: one look-up then.
    KeptRow* kept = spec_.keep_last && spec_.ttl_ms == 0 ? &kept_.FindOrCreate(key, {}, &created) : kept_.Find(key);
    const bool replaces = kept && !created;
    if (replaces && !Wins(time, *kept)) return;
    const bool repeats = replaces && Repeats(stored_[row], *kept);
    if (replaces && !repeats && spec_.generate_update_before)
      output().AppendStored(kept->bytes, RowKind::kUpdateBefore);
    if (!kept) kept = &kept_.FindOrCreate(key);
    kept->time = time;
    kept->bytes.assign(stored_[row]);
    kept_.MarkDirty();
    if (repeats) return;
    const bool first = !replaces && (spec_.generate_update_before || spec_.generate_insert);
    output().CopyRow(batch, row, first ? RowKind::kInsert : RowKind::kUpdateAfter);
  }

  bool Wins(int64_t time, const KeptRow& kept) const {
    if (spec_.time_column < 0) return true;
    return spec_.keep_last ? kept.time <= time : time < kept.time;
  }

  // Equal rows change nothing, but where state expires, that of operators behind must be kept alive.
  bool Repeats(std::string_view row, const KeptRow& kept) const {
    return spec_.time_column < 0 && spec_.ttl_ms == 0 && row == kept.bytes;
  }

  DeduplicateSpec spec_;
  bool updates_;    // a row may replace another
  bool keeps_row_;  // else nothing need be known of what was there
  state::Table<KeptRow> kept_;
  StoredRows stored_;  // of the batch at hand
};

/// Sends the first row by event time, when the watermark says that no earlier one comes.
class DeduplicateOnceOperator : public RowOperator {
 public:
  explicit DeduplicateOnceOperator(DeduplicateSpec spec)
      : RowOperator({spec.keys}, ColumnTypes(spec.input)), spec_(std::move(spec)) {}

 protected:
  // What waits is not given a TTL: it would be lost if it expired before its time.
  Status OpenState(flow::Context& context, state::KeyedBackend& backend) override {
    late_ = &context.metrics().counter(metrics::kNumLateRecordsDropped);
    timeless_ = &context.metrics().counter(metrics::kNumNullRowTimeRecordsDropped);
    THALWEG_ASSIGN(waiting_, OpenTable<KeptRow>(backend, "deduplicate-waiting", state::StateKind::kValue, 0));
    THALWEG_ASSIGN(sent_, OpenTable<KeptRow>(backend, "deduplicate-sent", state::StateKind::kValue, spec_.ttl_ms));
    return {};
  }

  Status OnRow(int, const columns::Batch& batch, int32_t row, const state::KeyView& key) override {
    THALWEG_TRY(CheckInsert(batch, row, "a deduplication"));
    const int64_t time = TimeOrNull(batch, row, spec_.time_column);
    if (time == kNullTime && !spec_.null_times_first) {
      timeless_->Increment();
      return {};
    }
    if (time < timers().watermark()) {
      late_->Increment();
      return {};
    }
    if (sent_.Find(key)) return {};
    KeptRow* waiting = waiting_.Find(key);
    if (waiting && waiting->time <= time) return {};
    if (waiting) timers().Delete(TimerKind::kEventTime, waiting->time, key);
    timers().Register(TimerKind::kEventTime, time, key);
    KeptRow& next = waiting_.FindOrCreate(key);
    next.time = time;
    next.bytes.clear();
    AppendStoredRow(batch, row, next.bytes);
    return {};
  }

  Status OnEventTime(const state::Timer& timer) override {
    const state::KeyView key = KeyOf(timer);
    const KeptRow* waiting = waiting_.Find(key);
    if (!waiting) return {};
    output().AppendStored(waiting->bytes, RowKind::kInsert);
    waiting_.Erase(key);
    sent_.FindOrCreate(key);
    return {};
  }

 private:
  DeduplicateSpec spec_;
  state::Table<KeptRow> waiting_, sent_;
  metrics::Counter* late_ = nullptr;
  metrics::Counter* timeless_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeDeduplicate(const graph::Node& node) {
  THALWEG_ASSIGN(DeduplicateSpec spec, graph::DecodeDeduplicate(node.payload));
  if (spec.on_watermark)
    return std::unique_ptr<flow::Operator>(std::make_unique<DeduplicateOnceOperator>(std::move(spec)));
  return std::unique_ptr<flow::Operator>(std::make_unique<DeduplicateOperator>(std::move(spec)));
}

}  // namespace thalweg::operators
