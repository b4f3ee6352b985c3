// RowOperator: what operators over keyed rows of columns have in common: keys, one output, timers, and work that stops half-way.
// Rule: one row, and one timer, is worked off as a whole; what it emits beyond the output's credit waits in the output's spill.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flow/operator.h"
#include "operators/row_keys.h"
#include "operators/row_output.h"
#include "operators/timer_service.h"
#include "state/table.h"
#include "types/data_type.h"

namespace thalweg::operators {

/// The types of a schema's columns.
std::vector<types::DataType> ColumnTypes(const types::Schema& schema);

/// The base of operators whose state is keyed; state under the one empty key if there are no key columns.
class RowOperator : public flow::Operator {
 public:
  Status Open(flow::Context& context) final;
  Result<flow::Progress> Process(int input, flow::Rows& rows, flow::Output& out) final;
  Result<flow::Progress> OnWatermark(flow::Watermark watermark, flow::Output& out) final;
  Result<flow::Progress> OnTimer(int64_t now_ms, flow::Output& out) final;
  Result<flow::Progress> OnEndOfInput(int input, flow::EndKind kind, flow::Output& out) final;
  Result<flow::Progress> OnEnd(flow::EndKind kind, flow::Output& out) final;
  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) final;

 protected:
  /// `keys`: the key columns of each input.
  RowOperator(std::vector<std::vector<int>> keys, std::vector<types::DataType> output)
      : output_(std::move(output)), keys_(std::move(keys)) {}

  /// Opens tables. What was restored is there.
  virtual Status OpenState(flow::Context& context, state::KeyedBackend& backend) = 0;
  virtual Status OnRow(int input, const columns::Batch& batch, int32_t row, const state::KeyView& key) = 0;
  /// Works rows off from `from` on, as many as it likes to take together; where it got to. `from`: it takes rows one by one, by OnRow.
  virtual Result<int32_t> OnRows(int input, const columns::Batch& batch, int32_t from) { return from; }
  /// Before the rows of `batch` from `from` on.
  virtual Status OnBatch(int input, const columns::Batch& batch, int32_t from) { return {}; }
  /// A row of this key's hash will come soon: brings what lies under it towards the cache.
  virtual void Prefetch(uint64_t hash) const {}
  virtual Status OnEventTime(const state::Timer& timer) { return {}; }
  virtual Status OnProcessingTime(const state::Timer& timer) { return {}; }
  /// What is due under `watermark` and has no timer; after those that have, and before any row, also after a restart in the midst of it.
  /// kMore: some is left, it is called again.
  virtual Result<flow::Progress> FireWindows(int64_t watermark) { return flow::Progress::kDone; }
  /// After the timers up to `watermark` have fired. kMore: rows are left to be emitted, it is called again.
  virtual Result<flow::Progress> AfterWatermark(int64_t watermark, flow::Output& out) { return flow::Progress::kDone; }
  /// `input` has ended, and not to be gone on with. As AfterWatermark.
  virtual Result<flow::Progress> AfterInput(int input, flow::Output& out) { return flow::Progress::kDone; }
  virtual Status SaveState() { return {}; }

  RowOutput& output() { return output_; }
  /// Of the batch at hand.
  const RowKeys& keys(int input) const { return row_keys_[static_cast<size_t>(input)]; }
  TimerService& timers() { return timers_; }
  flow::Context& context() { return *context_; }
  int64_t now_ms() { return context_->clock().NowMs(); }
  static state::KeyView KeyOf(const state::Timer& timer) { return {timer.key, timer.hash, timer.group}; }

  /// A table of the operator; `ttl_ms` 0: no TTL.
  template <typename V>
  static Result<state::Table<V>> OpenTable(state::KeyedBackend& backend, std::string name, state::StateKind kind,
                                           int64_t ttl_ms) {
    state::StateSpec spec;
    spec.name = std::move(name);
    spec.kind = kind;
    if (kind == state::StateKind::kMap) spec.namespace_codec = "cells";
    spec.ttl.ttl_ms = ttl_ms;
    return state::Table<V>::Open(backend, std::move(spec));
  }

 private:
  Result<flow::Progress> FireEventTimers(flow::Output& out);
  Result<flow::Progress> Finish(flow::Progress progress);

  RowOutput output_;
  std::vector<std::vector<int>> keys_;
  std::vector<RowKeys> row_keys_;
  TimerService timers_;
  flow::Context* context_ = nullptr;
};

/// UserError unless the row is +I. `what`: for the message ("deduplicate").
Status CheckInsert(const columns::Batch& batch, int32_t row, std::string_view what);

/// The milliseconds in a column of CheckTimeColumn (graph/row_spec.h); UserError if it is NULL.
Result<int64_t> TimeOf(const columns::Batch& batch, int32_t row, int column);
/// Before all times, and behind the watermark that stands before any: the place of NULL in the order of time.
inline constexpr int64_t kNullTime = INT64_MIN + 1;
/// As TimeOf, but kNullTime for NULL.
int64_t TimeOrNull(const columns::Batch& batch, int32_t row, int column);

/// The canonical bytes of some columns of a row, appended.
void AppendCells(const columns::Batch& batch, int32_t row, const std::vector<int>& columns, std::string& out);

}  // namespace thalweg::operators
