// Operators over rows that carry the window they were assigned to before, as a column with its end: what rows of a key and window give
// is sent when the watermark reaches the window's last millisecond. Rows that come later are dropped and counted.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "expr/zone.h"
#include "flow/operator.h"
#include "graph/job_graph.h"
#include "metrics/registry.h"
#include "operators/pane_list.h"
#include "operators/row_operator.h"

namespace thalweg::operators {

/// The base of all. State is by key and the bytes of the window's end (row_times.h); what is there waits to be fired, so there are no
/// timers: each window has a list of its keys, in memory only.
class AttachedWindowOperator : public RowOperator {
 protected:
  AttachedWindowOperator(std::vector<std::vector<int>> keys, std::vector<types::DataType> output,
                         std::vector<int> window_ends, expr::Zone zone)
      : RowOperator(std::move(keys), std::move(output)), window_ends_(std::move(window_ends)), zone_(std::move(zone)) {}

  Status OpenState(flow::Context& context, state::KeyedBackend& backend) final;
  Status OnRow(int, const columns::Batch&, int32_t, const state::KeyView&) final { return {}; }  // OnRows takes all
  Result<int32_t> OnRows(int input, const columns::Batch& batch, int32_t from) final;
  Result<flow::Progress> FireWindows(int64_t watermark) final;

  /// Rows of a batch, [from, to), of one key and window.
  struct Run {
    const columns::Batch& batch;
    int32_t from, to;
    const state::KeyView& key;
    std::string_view window;
  };
  using VisitPane = std::function<void(const state::KeyView& key, std::string_view window)>;

  virtual Status OpenWindows(flow::Context& context, state::KeyedBackend& backend) = 0;
  /// Of all keys and windows that have state; some may come twice.
  virtual void ForEachPane(const VisitPane& visit) = 0;
  /// Rows in time. True: state for their key and window has been made.
  virtual Result<bool> Keep(int input, const Run& run) = 0;
  /// Sends what there is of the window, if anything, and forgets it. False: some is left; it is called again.
  virtual Result<bool> Fire(const state::KeyView& key, std::string_view window) = 0;
  /// A key of this hash will be kept or fired soon.
  virtual void PrefetchPane(uint64_t hash, std::string_view window) const = 0;

  /// A table by key and window.
  template <typename V>
  static Result<state::Table<V>> OpenPanes(state::KeyedBackend& backend, std::string name) {
    state::StateSpec spec;
    spec.name = std::move(name);
    spec.kind = state::StateKind::kAggregating;
    spec.namespace_codec = "window-end";
    return state::Table<V>::Open(backend, std::move(spec));
  }
  template <typename V>
  static void ForEachIn(state::Table<V>& table, const VisitPane& visit) {
    table.ForEach([&](const state::KeyView& key, std::string_view window, const V&) { visit(key, window); });
  }

 private:
  int32_t RunEnd(int input, const columns::Batch& batch, int32_t from, int64_t end) const;
  int64_t FiresAt(int64_t end) const { return zone_.ToUtc(end) - 1; }
  Result<size_t> FireSome(std::string_view window, PaneList& list);

  std::vector<int> window_ends_;  // of each input
  expr::Zone zone_;
  metrics::Counter* late_ = nullptr;
  std::map<std::pair<int64_t, int64_t>, PaneList> panes_;  // by when a window fires, and its end
};

/// The zone of a spec's windows; empty: UTC.
Result<expr::Zone> ZoneOfWindows(const std::string& name);

/// Of nodes of the kinds "window-join" (graph/join_spec.h), "window-rank" and "window-deduplicate" (graph/rank_spec.h): Flink's
/// WindowJoinOperator, WindowRank and RowTimeWindowDeduplicate. They send +I only.
Result<std::unique_ptr<flow::Operator>> MakeWindowJoin(const graph::Node& node);
Result<std::unique_ptr<flow::Operator>> MakeWindowRank(const graph::Node& node);
Result<std::unique_ptr<flow::Operator>> MakeWindowDeduplicate(const graph::Node& node);

}  // namespace thalweg::operators
