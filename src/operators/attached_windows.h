// Operators over rows that carry the window they were assigned to before, as a column with its end: what rows of a key and window give
// is sent when the watermark reaches the window's last millisecond. Rows that come later are dropped and counted.
#pragma once

#include <memory>
#include <string>

#include "expr/zone.h"
#include "flow/operator.h"
#include "graph/job_graph.h"
#include "metrics/registry.h"
#include "operators/row_operator.h"

namespace thalweg::operators {

/// The base of all. State is by key and the bytes of the window's end (row_times.h).
class AttachedWindowOperator : public RowOperator {
 protected:
  AttachedWindowOperator(std::vector<std::vector<int>> keys, std::vector<types::DataType> output,
                         std::vector<int> window_ends, expr::Zone zone)
      : RowOperator(std::move(keys), std::move(output)), window_ends_(std::move(window_ends)), zone_(std::move(zone)) {}

  Status OpenState(flow::Context& context, state::KeyedBackend& backend) final;
  Status OnRow(int input, const columns::Batch& batch, int32_t row, const state::KeyView& key) final;
  Status OnEventTime(const state::Timer& timer) final;

  virtual Status OpenWindows(flow::Context& context, state::KeyedBackend& backend) = 0;
  /// A row in time. False: it is not kept, so nothing need fire for it.
  virtual Result<bool> Keep(int input, const columns::Batch& batch, int32_t row, const state::KeyView& key,
                            std::string_view window) = 0;
  /// Sends what there is of the window, and forgets it. False: credit ran out before; it is called again.
  virtual Result<bool> Fire(const state::KeyView& key, std::string_view window) = 0;

 private:
  std::vector<int> window_ends_;  // of each input
  expr::Zone zone_;
  metrics::Counter* late_ = nullptr;
};

/// Of nodes of the kinds "window-join" (graph/join_spec.h), "window-rank" and "window-deduplicate" (graph/rank_spec.h): Flink's
/// WindowJoinOperator, WindowRank and RowTimeWindowDeduplicate. They send +I only.
Result<std::unique_ptr<flow::Operator>> MakeWindowJoin(const graph::Node& node);
Result<std::unique_ptr<flow::Operator>> MakeWindowRank(const graph::Node& node);
Result<std::unique_ptr<flow::Operator>> MakeWindowDeduplicate(const graph::Node& node);

}  // namespace thalweg::operators
