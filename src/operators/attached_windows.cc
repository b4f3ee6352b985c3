#include "operators/attached_windows.h"

#include <algorithm>
#include <array>
#include <utility>

#include "graph/rank_spec.h"
#include "metrics/names.h"
#include "operators/row_times.h"
#include "operators/sort_key.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using flow::Progress;
using types::RowKind;

namespace {

/// Panes fired in one call before the loop gets its turn; of one window together.
constexpr size_t kPanesPerCall = 1024, kPanesTogether = 64;
/// How many rows before its use a pane is fetched.
constexpr int32_t kPanesAhead = 8;

}  // namespace

Status AttachedWindowOperator::OpenState(flow::Context& context, state::KeyedBackend& backend) {
  late_ = &context.metrics().counter(metrics::kNumLateRecordsDropped);
  THALWEG_TRY(OpenWindows(context, backend));
  ForEachPane([this](const state::KeyView& key, std::string_view window) {
    const int64_t end = TimeFromBytes(window);
    panes_[{FiresAt(end), end}].Add(key);
  });
  return {};
}

/// Where rows of another key, kind or window begin, or such as are not in order and have to be told of.
int32_t AttachedWindowOperator::RunEnd(int input, const columns::Batch& batch, int32_t from, int64_t end) const {
  const columns::Column& ends = batch.column(window_ends_[static_cast<size_t>(input)]);
  const RowKeys& row_keys = keys(input);
  const state::KeyView key = row_keys[from];
  int32_t to = from + 1;
  for (; to < batch.rows() && batch.kind(to) == RowKind::kInsert; ++to) {
    if (ends.IsNull(to) || ends.data<int64_t>()[to] != end) break;
    const state::KeyView other = row_keys[to];
    if (other.hash != key.hash || other.bytes != key.bytes) break;
  }
  return to;
}

Result<int32_t> AttachedWindowOperator::OnRows(int input, const columns::Batch& batch, int32_t from) {
  THALWEG_TRY(CheckInsert(batch, from, "a window"));
  THALWEG_ASSIGN(const int64_t end, TimeOf(batch, from, window_ends_[static_cast<size_t>(input)]));
  const int32_t to = RunEnd(input, batch, from, end);
  const int64_t fires_at = FiresAt(end);
  if (fires_at <= timers().watermark()) {
    late_->Add(to - from);
    return to;
  }
  const TimeBytes window(end);
  if (to + kPanesAhead < batch.rows()) PrefetchPane(keys(input)[to + kPanesAhead].hash, window.view());
  const state::KeyView key = keys(input)[from];
  THALWEG_ASSIGN(const bool made, Keep(input, {batch, from, to, key, window.view()}));
  if (made) panes_[{fires_at, end}].Add(key);
  return to;
}

Result<Progress> AttachedWindowOperator::FireWindows(int64_t watermark) {
  for (size_t fired = 0; !panes_.empty();) {
    const auto first = panes_.begin();
    if (first->first.first > watermark) break;
    if (fired >= kPanesPerCall || !output().has_credit()) return Progress::kMore;
    const TimeBytes window(first->first.second);
    THALWEG_ASSIGN(const size_t some, FireSome(window.view(), first->second));
    if (some == 0) return Progress::kMore;
    fired += some;
    if (first->second.empty()) panes_.erase(first);
  }
  return Progress::kDone;
}

/// How many keys are done; they have been forgotten.
Result<size_t> AttachedWindowOperator::FireSome(std::string_view window, PaneList& list) {
  std::array<state::KeyView, kPanesTogether> keys;
  const size_t count = list.Front(keys);
  for (size_t i = 0; i < count; ++i) PrefetchPane(keys[i].hash, window);
  size_t fired = 0;
  for (; fired < count && output().has_credit(); ++fired) {
    THALWEG_ASSIGN(const bool sent, Fire(keys[fired], window));
    if (!sent) break;
  }
  list.Drop(fired);
  return fired;
}

namespace {

/// Rows of a window in order, no more than may be sent; found by their sort keys.
using WindowTop = std::vector<KeyedRow>;

class WindowRankOperator final : public AttachedWindowOperator {
 public:
  WindowRankOperator(const graph::WindowRankSpec& spec, std::vector<types::DataType> output, expr::Zone zone)
      : AttachedWindowOperator({spec.partition}, std::move(output), {spec.window_end}, std::move(zone)), spec_(spec) {}

 protected:
  Status OpenWindows(flow::Context&, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(tops_, OpenPanes<WindowTop>(backend, "window-rank"));
    return {};
  }
  void ForEachPane(const VisitPane& visit) override { ForEachIn(tops_, visit); }
  void PrefetchPane(uint64_t hash, std::string_view window) const override { tops_.Prefetch(hash, window); }

  Result<bool> Keep(int, const Run& run) override {
    bool made = false;
    WindowTop& top = tops_.FindOrCreate(run.key, run.window, &made);
    for (int32_t row = run.from; row < run.to; ++row) Add(run.batch, row, top);
    return made;
  }

  Result<bool> Fire(const state::KeyView& key, std::string_view window) override {
    const WindowTop* top = tops_.Find(key, window);
    if (!top) return true;
    const int columns = spec_.input.size();
    for (int64_t rank = spec_.from; rank <= static_cast<int64_t>(top->size()); ++rank) {
      ReadStoredRow((*top)[static_cast<size_t>(rank - 1)].bytes, output().row(), 0, columns);
      if (spec_.rank_number) output().column(columns).Append(rank);
      output().FinishRow(RowKind::kInsert);
    }
    tops_.Erase(key, window);
    return true;
  }

 private:
  void Add(const columns::Batch& batch, int32_t row, WindowTop& top) const {
    KeyedRow input;
    AppendSortKey(batch, row, spec_.order, input.key);
    const auto place =
        std::upper_bound(top.begin(), top.end(), input.key,
                         [](const std::string& sort, const KeyedRow& other) { return sort < other.key; });
    if (place - top.begin() >= spec_.to) return;
    AppendStoredRow(batch, row, input.bytes);
    top.insert(place, std::move(input));
    if (static_cast<int64_t>(top.size()) > spec_.to) top.pop_back();
  }

  graph::WindowRankSpec spec_;
  state::Table<WindowTop> tops_;
};

class WindowDeduplicateOperator final : public AttachedWindowOperator {
 public:
  WindowDeduplicateOperator(const graph::WindowDeduplicateSpec& spec, expr::Zone zone)
      : AttachedWindowOperator({spec.keys}, ColumnTypes(spec.input), {spec.window_end}, std::move(zone)), spec_(spec) {}

 protected:
  Status OpenWindows(flow::Context&, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(kept_, OpenPanes<KeyedRow>(backend, "window-deduplicate"));
    return {};
  }
  void ForEachPane(const VisitPane& visit) override { ForEachIn(kept_, visit); }
  void PrefetchPane(uint64_t hash, std::string_view window) const override { kept_.Prefetch(hash, window); }

  Result<bool> Keep(int, const Run& run) override {
    bool made = false;
    KeyedRow& kept = kept_.FindOrCreate(run.key, run.window, &made);
    for (int32_t row = run.from; row < run.to; ++row) {
      const TimeBytes at(TimeOrNull(run.batch, row, spec_.time_column));
      const bool first = made && row == run.from;
      if (!first && !(spec_.keep_last ? kept.key <= at.view() : at.view() < kept.key)) continue;
      kept.key = at.view();
      kept.bytes.clear();
      AppendStoredRow(run.batch, row, kept.bytes);
    }
    return made;
  }

  Result<bool> Fire(const state::KeyView& key, std::string_view window) override {
    const KeyedRow* kept = kept_.Find(key, window);
    if (!kept) return true;
    output().AppendStored(kept->bytes, RowKind::kInsert);
    kept_.Erase(key, window);
    return true;
  }

 private:
  graph::WindowDeduplicateSpec spec_;
  state::Table<KeyedRow> kept_;  // found by the bytes of their time
};

}  // namespace

Result<expr::Zone> ZoneOfWindows(const std::string& name) {
  return name.empty() ? expr::Zone() : expr::Zone::Find(name);
}

Result<std::unique_ptr<flow::Operator>> MakeWindowRank(const graph::Node& node) {
  THALWEG_ASSIGN(const graph::WindowRankSpec spec, graph::DecodeWindowRank(node.payload));
  THALWEG_ASSIGN(expr::Zone zone, ZoneOfWindows(spec.zone));
  std::vector<types::DataType> output = ColumnTypes(spec.input);
  if (spec.rank_number) output.emplace_back(types::TypeId::kBigInt, false);
  return std::unique_ptr<flow::Operator>(
      std::make_unique<WindowRankOperator>(spec, std::move(output), std::move(zone)));
}

Result<std::unique_ptr<flow::Operator>> MakeWindowDeduplicate(const graph::Node& node) {
  THALWEG_ASSIGN(const graph::WindowDeduplicateSpec spec, graph::DecodeWindowDeduplicate(node.payload));
  THALWEG_ASSIGN(expr::Zone zone, ZoneOfWindows(spec.zone));
  return std::unique_ptr<flow::Operator>(std::make_unique<WindowDeduplicateOperator>(spec, std::move(zone)));
}

}  // namespace thalweg::operators
