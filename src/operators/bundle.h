// Bundles: rows folded by key until there are enough of them, or they have waited long enough. Flink's mini-batch.
// Rule: a watermark, a barrier and the end pass only after the changes of all rows before them.
//
// A bundle ends with its last row, and when the clock comes to a multiple of the latency: so do the bundles of all operators, as
// under Flink's marks of processing time. docs/internals/aggregates.md
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flow/operator.h"
#include "graph/mini_batch.h"
#include "metrics/registry.h"
#include "operators/group_rows.h"
#include "operators/row_keys.h"
#include "operators/row_output.h"
#include "state/slot_table.h"

namespace thalweg::operators {

/// The keys of a bundle's rows, with numbers from 0 on in the order in which they came. The task's thread.
class BundleKeys {
 public:
  /// `columns`: the key's in the batches; `types`: of these.
  BundleKeys(std::vector<int> columns, std::vector<types::DataType> types);

  /// A new bundle, without keys.
  void Start(columns::BufferPool& pool);
  /// numbers[i] = the number of keys[i], the key of row from + i of the batch; at most kRowsTogether.
  void Number(const columns::Batch& batch, int32_t from, std::span<const state::KeyView> keys, int32_t* numbers);
  int32_t size() const { return size_; }
  /// The key's columns in the batches.
  const std::vector<int>& columns() const { return columns_; }
  /// No key comes any more: their columns, a row for each.
  void End(columns::BufferPool& pool);
  const columns::Batch& rows() const { return rows_; }
  /// Columns of rows().
  const std::vector<int>& places() const { return places_; }

 private:
  std::vector<int> columns_, places_;
  std::vector<types::DataType> types_;
  std::optional<state::SlotTable> numbers_;
  std::vector<columns::ColumnBuilder> builders_;
  std::vector<int32_t> new_rows_;
  std::array<void*, kRowsTogether> found_;
  columns::Batch rows_;
  int32_t size_ = 0;
};

/// The base of operators that fold: the life of a bundle. The one beneath has the groups.
class BundleOperator : public flow::Operator {
 public:
  Status Open(flow::Context& context) final;
  Result<flow::Progress> Process(int input, flow::Rows& rows, flow::Output& out) final;
  Result<flow::Progress> OnWatermark(flow::Watermark, flow::Output& out) final { return Flush(out); }
  Result<flow::Progress> OnTimer(int64_t now_ms, flow::Output& out) final;
  Result<flow::Progress> PrepareBarrier(const flow::Barrier&, flow::Output& out) final { return Flush(out); }
  Result<flow::Progress> OnEnd(flow::EndKind, flow::Output& out) final { return Flush(out); }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) final;

 protected:
  /// `keys`: the key columns of the input, `types`: of these.
  BundleOperator(const graph::MiniBatch& limits, std::vector<int> keys, std::vector<types::DataType> key_types,
                 std::vector<types::DataType> output);

  virtual Status OpenGroups(flow::Context& context) = 0;
  virtual void StartBundle(columns::BufferPool& pool) = 0;
  /// Adds rows from `from` on, whose keys are `keys`, at most kRowsTogether. False: nothing was done, it takes rows one by one.
  virtual bool Fold(const columns::Batch& batch, int32_t from, std::span<const state::KeyView> keys) = 0;
  /// No row comes any more.
  virtual void EndBundle() = 0;
  /// What the bundle says of its keys [from, to).
  virtual void Emit(int32_t from, int32_t to) = 0;
  virtual Status GroupStatus() const = 0;

  BundleKeys& keys() { return bundle_; }
  RowOutput& output() { return output_; }

 private:
  void Start(columns::BufferPool& pool);
  /// Ends the bundle and emits. False: it is to be called again, with credit.
  bool EmitAll();
  void EmitSome();
  Result<flow::Progress> Flush(flow::Output& out);
  Result<flow::Progress> Finish(flow::Progress progress);

  const graph::MiniBatch limits_;
  RowKeys row_keys_;
  BundleKeys bundle_;
  RowOutput output_;
  flow::Context* context_ = nullptr;
  columns::BufferPool* pool_ = nullptr;
  metrics::Gauge* size_ = nullptr;        // as Flink's: rows in the bundle,
  metrics::FloatGauge* ratio_ = nullptr;  // rows a key
  std::array<state::KeyView, kRowsTogether> views_;
  int32_t rows_together_ = kRowsTogether;
  int64_t rows_ = 0;      // in the bundle; 0: there is none
  int64_t due_ms_ = 0;    // when it ends
  int64_t asked_ms_ = 0;  // the latest timer
  bool ended_ = false;    // it is being emitted
  int32_t emitted_ = 0;   // keys
};

}  // namespace thalweg::operators
