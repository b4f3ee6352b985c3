// ColumnWindow: rows of columns on the window operator. Rule: what WindowCore takes for a value is the number of a row in the batch at
// hand; it sees batches of these numbers beside the key columns, with the rows' times as windows know them: local time of a zone, or the
// last millisecond of the window that a row brings along.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columns/key_encoder.h"
#include "graph/row_spec.h"
#include "operators/row_output.h"
#include "operators/window_core.h"
#include "operators/window_zone.h"

namespace thalweg::operators {

/// The batch at hand, as the assigner of attached windows sees it.
struct BatchAtHand {
  const columns::Batch* batch = nullptr;
};

struct ColumnWindowSetting {
  graph::WindowShape shape;
  types::Schema input;
  std::vector<int> keys;
  std::string name;
  bool late_output = false;  // late rows go to kLatePort
};

/// What an operator's windows are made of. User error: sizes that make no windows, an unknown zone.
struct ColumnWindowParts {
  ColumnWindowSetting setting;
  WindowZone zone;
  std::shared_ptr<BatchAtHand> at_hand;
  AssignerPtr assigner;
};
Result<ColumnWindowParts> MakeColumnWindowParts(ColumnWindowSetting setting);

/// Base of window-aggregate and of sessions of a table function.
class ColumnWindow : public WindowCore {
 public:
  ColumnWindow(ColumnWindowParts parts, std::vector<types::DataType> output);

  Status Open(flow::Context& context) override;
  Result<flow::Progress> Process(int input, flow::Rows& rows, flow::Output& out) override;
  Result<flow::Progress> OnWatermark(flow::Watermark watermark, flow::Output& out) override;
  Result<flow::Progress> OnTimer(int64_t now_ms, flow::Output& out) override;
  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override;

  /// Rows that were left out because their time was NULL.
  int64_t timeless_rows() const { return timeless_->value(); }

 protected:
  const columns::Batch& batch() const { return *parts_.at_hand->batch; }
  static int32_t RowOf(const void* value) { return *static_cast<const int32_t*>(value); }
  RowOutput& output() { return output_; }
  const ColumnWindowSetting& setting() const { return parts_.setting; }
  const WindowZone& zone() const { return parts_.zone; }
  int64_t clock_ms() { return context().clock().NowMs(); }

  /// Adds rows of the batch at hand to the accumulators `found[i]`, or where that is null to one it makes.
  virtual void AddRows(const int32_t* rows, int32_t count, void* const* accumulators) = 0;

  size_t value_size() const override { return sizeof(int32_t); }
  void Add(void* accumulator, bool created, const void* value) override;
  void AddRun(const columns::Batch& batch, int32_t from, int32_t to, const Window& slice) override;
  size_t FireSome(std::span<const state::KeyView> keys, const Window& window, void* const* accumulators,
                  const flow::Output& out) override;
  bool has_clear() const override { return false; }
  void ClearWindow(const state::KeyView&, const Window&) override {}
  void EmitLate(const void*, int64_t, types::RowKind) override {}
  std::string RowText(const void* value) const override;
  bool Drain(flow::Output& out) override { return output_.Drain(out); }
  bool Flush() override { return output_.Flush(); }
  Status PortStatus() const override { return output_.status(); }
  int64_t WindowTime(int64_t clock_ms) const override { return parts_.zone.ToLocal(clock_ms); }
  int64_t ClockTime(int64_t window_ms) const override { return parts_.zone.ClosedAt(window_ms); }

 private:
  /// Rows that have times.
  Result<flow::Progress> ProcessTimed(int input, flow::Rows& rows, flow::Output& out);
  Result<columns::Batch> Numbered(const columns::Batch& batch, columns::BufferPool& pool);
  Status AddTimes(const columns::Batch& batch, columns::BufferPool& pool, columns::Batch& numbered) const;
  void AddHashes(columns::BufferPool& pool, columns::Batch& numbered);
  void AddSome(int32_t from, std::span<const state::KeyView> keys, const WindowBytes& ns, const Window& slice);

  ColumnWindowParts parts_;
  RowOutput output_;
  std::optional<columns::KeyEncoder> hasher_;
  metrics::Counter* timeless_ = nullptr;
};

}  // namespace thalweg::operators
