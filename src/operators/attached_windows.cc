#include "operators/attached_windows.h"

#include <algorithm>
#include <utility>

#include "graph/join_spec.h"
#include "graph/rank_spec.h"
#include "metrics/names.h"
#include "operators/join_rows.h"
#include "operators/row_times.h"
#include "operators/sort_key.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

using graph::JoinType;
using types::RowKind;

Status AttachedWindowOperator::OpenState(flow::Context& context, state::KeyedBackend& backend) {
  late_ = &context.metrics().counter(metrics::kNumLateRecordsDropped);
  return OpenWindows(context, backend);
}

Status AttachedWindowOperator::OnRow(int input, const columns::Batch& batch, int32_t row, const state::KeyView& key) {
  THALWEG_TRY(CheckInsert(batch, row, "a window"));
  THALWEG_ASSIGN(const int64_t end, TimeOf(batch, row, window_ends_[static_cast<size_t>(input)]));
  const int64_t fires_at = zone_.ToUtc(end) - 1;
  if (fires_at <= timers().watermark()) {
    late_->Increment();
    return {};
  }
  const TimeBytes window(end);
  THALWEG_ASSIGN(const bool kept, Keep(input, batch, row, key, window.view()));
  if (kept) timers().Register(TimerKind::kEventTime, fires_at, key, window.view());
  return {};
}

// What is left of a window fires with its timer again, before any later one, and before rows.
Status AttachedWindowOperator::OnEventTime(const state::Timer& timer) {
  THALWEG_ASSIGN(const bool sent, Fire(KeyOf(timer), timer.ns));
  if (!sent) timers().Register(TimerKind::kEventTime, timer.time, KeyOf(timer), timer.ns);
  return {};
}

namespace {

/// Rows of one side of a window.
struct WindowedRows {
  std::vector<std::string> rows;
  std::vector<uint8_t> joined;  // right: the window has begun to be sent, which of them have joined; left: not empty if they join nothing
};

}  // namespace
}  // namespace thalweg::operators

template <>
struct thalweg::types::Codec<thalweg::operators::WindowedRows> {
  static std::string Name() { return "windowed-rows/2"; }
  static void Encode(const operators::WindowedRows& value, ByteWriter& out) {
    Codec<std::vector<std::string>>::Encode(value.rows, out);
    Codec<std::vector<uint8_t>>::Encode(value.joined, out);
  }
  static void Decode(ByteReader& in, operators::WindowedRows& value) {
    Codec<std::vector<std::string>>::Decode(in, value.rows);
    Codec<std::vector<uint8_t>>::Decode(in, value.joined);
  }
};

namespace thalweg::operators {
namespace {

class WindowJoinOperator final : public AttachedWindowOperator {
 public:
  WindowJoinOperator(const graph::WindowJoinSpec& spec, JoinRows rows, expr::Zone zone)
      : AttachedWindowOperator({spec.sides.left_keys, spec.sides.right_keys}, JoinOutput(spec.sides),
                               {spec.left_window_end, spec.right_window_end}, std::move(zone)),
        type_(spec.sides.type),
        rows_(std::move(rows)) {}

 protected:
  Status OpenWindows(flow::Context& context, state::KeyedBackend& backend) override {
    rows_.Open(context);
    THALWEG_ASSIGN(left_, OpenTable<WindowedRows>(backend, "left-records", state::StateKind::kMap, 0));
    THALWEG_ASSIGN(right_, OpenTable<WindowedRows>(backend, "right-records", state::StateKind::kMap, 0));
    return {};
  }

  // A row whose key has a NULL that equals nothing joins nothing. It waits for the end of its window all the same, if it gives anything.
  Result<bool> Keep(int input, const columns::Batch& batch, int32_t row, const state::KeyView& key,
                    std::string_view window) override {
    const bool left = input == 0;
    const bool alone = !rows_.KeyMatches(batch, row, left);
    if (alone && !pads(left) && !(left && type_ == JoinType::kAnti)) return false;
    WindowedRows& kept = (left ? left_ : right_).FindOrCreate(key, window);
    AppendStoredRow(batch, row, kept.rows.emplace_back());
    if (alone && left) kept.joined.assign(1, 1);
    return true;
  }

  Result<bool> Fire(const state::KeyView& key, std::string_view window) override {
    WindowedRows lefts = Copy(left_, key, window), rights = Copy(right_, key, window);
    rights.joined.resize(rights.rows.size());
    WindowedRows nothing;
    WindowedRows& matched = lefts.joined.empty() ? rights : nothing;
    for (size_t i = 0; i < lefts.rows.size(); ++i) {
      if (i > 0 && !output().has_credit()) {
        Pause(key, window, i, std::move(rights.joined));
        return false;
      }
      THALWEG_TRY(JoinLeft(lefts.rows[i], matched));
    }
    for (size_t i = 0; i < rights.rows.size(); ++i)
      if (pads(false) && !rights.joined[i])
        rows_.EmitPadded({.bytes = rights.rows[i]}, false, RowKind::kInsert, output());
    left_.Erase(key, window);
    right_.Erase(key, window);
    return true;
  }

 private:
  bool pads(bool left) const {
    return type_ == JoinType::kFull || type_ == (left ? JoinType::kLeft : JoinType::kRight);
  }

  static WindowedRows Copy(state::Table<WindowedRows>& table, const state::KeyView& key, std::string_view window) {
    const WindowedRows* found = table.Find(key, window);
    return found ? *found : WindowedRows{};
  }

  /// The first `sent` left rows are done.
  void Pause(const state::KeyView& key, std::string_view window, size_t sent, std::vector<uint8_t> joined) {
    std::vector<std::string>& lefts = left_.FindOrCreate(key, window).rows;
    lefts.erase(lefts.begin(), lefts.begin() + static_cast<std::ptrdiff_t>(sent));
    if (!joined.empty()) right_.FindOrCreate(key, window).joined = std::move(joined);
  }

  Status JoinLeft(const std::string& left, WindowedRows& rights) {
    THALWEG_ASSIGN(const std::span<const int32_t> matches, rows_.Matches({.bytes = left}, true, rights.rows));
    if (type_ == JoinType::kSemi || type_ == JoinType::kAnti) {
      if (matches.empty() == (type_ == JoinType::kAnti)) output().AppendStored(left, RowKind::kInsert);
      return {};
    }
    if (matches.empty() && pads(true)) rows_.EmitPadded({.bytes = left}, true, RowKind::kInsert, output());
    for (int32_t match : matches) {
      const auto right = static_cast<size_t>(match);
      rights.joined[right] = 1;
      rows_.Emit({.bytes = left}, true, rights.rows[right], RowKind::kInsert, output());
    }
    return {};
  }

  JoinType type_;
  JoinRows rows_;
  state::Table<WindowedRows> left_, right_;
};

/// Rows of a window in order, no more than may be sent; found by their sort keys.
using WindowTop = std::vector<KeyedRow>;

class WindowRankOperator final : public AttachedWindowOperator {
 public:
  WindowRankOperator(const graph::WindowRankSpec& spec, std::vector<types::DataType> output, expr::Zone zone)
      : AttachedWindowOperator({spec.partition}, std::move(output), {spec.window_end}, std::move(zone)), spec_(spec) {}

 protected:
  Status OpenWindows(flow::Context&, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(tops_, OpenTable<WindowTop>(backend, "window-rank", state::StateKind::kMap, 0));
    return {};
  }

  Result<bool> Keep(int, const columns::Batch& batch, int32_t row, const state::KeyView& key,
                    std::string_view window) override {
    KeyedRow input;
    AppendSortKey(batch, row, spec_.order, input.key);
    WindowTop& top = tops_.FindOrCreate(key, window);
    const auto place =
        std::upper_bound(top.begin(), top.end(), input.key,
                         [](const std::string& sort, const KeyedRow& other) { return sort < other.key; });
    if (place - top.begin() >= spec_.to) return true;
    AppendStoredRow(batch, row, input.bytes);
    top.insert(place, std::move(input));
    if (static_cast<int64_t>(top.size()) > spec_.to) top.pop_back();
    return true;
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
  graph::WindowRankSpec spec_;
  state::Table<WindowTop> tops_;
};

class WindowDeduplicateOperator final : public AttachedWindowOperator {
 public:
  WindowDeduplicateOperator(const graph::WindowDeduplicateSpec& spec, expr::Zone zone)
      : AttachedWindowOperator({spec.keys}, ColumnTypes(spec.input), {spec.window_end}, std::move(zone)), spec_(spec) {}

 protected:
  Status OpenWindows(flow::Context&, state::KeyedBackend& backend) override {
    THALWEG_ASSIGN(kept_, OpenTable<KeyedRow>(backend, "window-deduplicate", state::StateKind::kMap, 0));
    return {};
  }

  Result<bool> Keep(int, const columns::Batch& batch, int32_t row, const state::KeyView& key,
                    std::string_view window) override {
    THALWEG_ASSIGN(const int64_t time, TimeOf(batch, row, spec_.time_column));
    const TimeBytes at(time);
    bool created = false;
    KeyedRow& kept = kept_.FindOrCreate(key, window, &created);
    if (!created && !(spec_.keep_last ? kept.key <= at.view() : at.view() < kept.key)) return true;
    kept.key = at.view();
    kept.bytes.clear();
    AppendStoredRow(batch, row, kept.bytes);
    return true;
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

Result<expr::Zone> ZoneNamed(const std::string& name) { return name.empty() ? expr::Zone() : expr::Zone::Find(name); }

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeWindowJoin(const graph::Node& node) {
  THALWEG_ASSIGN(const graph::WindowJoinSpec spec, graph::DecodeWindowJoin(node.payload));
  THALWEG_ASSIGN(JoinRows rows, JoinRows::Make(spec.sides));
  THALWEG_ASSIGN(expr::Zone zone, ZoneNamed(spec.zone));
  return std::unique_ptr<flow::Operator>(std::make_unique<WindowJoinOperator>(spec, std::move(rows), std::move(zone)));
}

Result<std::unique_ptr<flow::Operator>> MakeWindowRank(const graph::Node& node) {
  THALWEG_ASSIGN(const graph::WindowRankSpec spec, graph::DecodeWindowRank(node.payload));
  THALWEG_ASSIGN(expr::Zone zone, ZoneNamed(spec.zone));
  std::vector<types::DataType> output = ColumnTypes(spec.input);
  if (spec.rank_number) output.emplace_back(types::TypeId::kBigInt, false);
  return std::unique_ptr<flow::Operator>(
      std::make_unique<WindowRankOperator>(spec, std::move(output), std::move(zone)));
}

Result<std::unique_ptr<flow::Operator>> MakeWindowDeduplicate(const graph::Node& node) {
  THALWEG_ASSIGN(const graph::WindowDeduplicateSpec spec, graph::DecodeWindowDeduplicate(node.payload));
  THALWEG_ASSIGN(expr::Zone zone, ZoneNamed(spec.zone));
  return std::unique_ptr<flow::Operator>(std::make_unique<WindowDeduplicateOperator>(spec, std::move(zone)));
}

}  // namespace thalweg::operators
