#include "operators/window_best.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "columns/gather.h"
#include "flow/idleness.h"
#include "flow/restored.h"
#include "graph/window_best_spec.h"
#include "operators/row_operator.h"
#include "operators/time_window.h"

namespace thalweg::operators {

namespace {

constexpr const char* kBestState = "window-best";
constexpr const char* kBestCodec = "window-best/1";
/// Of a saved item: what the aggregate has fired up to is not known.
constexpr uint8_t kUnsureFlag = 1;

class WindowBest final : public flow::Operator, public flow::HearsIdleness {
 public:
  explicit WindowBest(graph::WindowBestSpec spec) : spec_(std::move(spec)) {}

  Status Open(flow::Context& context) override {
    THALWEG_ASSIGN(saved_, context.operator_state().Open(kBestState, state::Redistribution::kUnion, kBestCodec));
    // The checkpoint is of a build that had no such operator: the aggregate may be ahead of all that will come here.
    const auto* job = dynamic_cast<const flow::KnowsRestore*>(&context);
    unsure_ = saved_->empty() && job && job->job_restored();
    for (const std::string& item : *saved_) THALWEG_TRY(Restore(item));
    ForgetPassed();
    return {};
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    const int32_t from = rows.next(), end = rows.end();
    THALWEG_TRY(Choose(rows.batch(), from));
    const auto count = static_cast<int32_t>(kept_.size());
    if (from == 0 && count == end)
      out.Emit(rows.TakeAll());
    else if (count > 0)
      out.Emit(columns::Gather(rows.batch(), kept_.data(), count, out.pool()));
    rows.AdvanceTo(end);
    return flow::Progress::kDone;
  }

  Result<flow::Progress> OnWatermark(flow::Watermark watermark, flow::Output&) override {
    passed_ = std::max(passed_, watermark.time);
    ForgetPassed();
    return flow::Progress::kDone;
  }

  // Until the next restore, for it is not known how far the others' watermarks take the aggregate meanwhile.
  void OnIdle() override {
    idle_ = true;
    bests_.clear();
    LeaveWindow();
  }

  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    ByteWriter out;
    out.I64(passed_);
    out.U8(unsure_ ? kUnsureFlag : 0);
    for (const auto& [start, best] : bests_) {
      out.I64(start);
      out.I64(Ranked(best));
    }
    *saved_ = {out.Take()};
    return std::vector<std::string>{};
  }

 private:
  /// The greater, the better; and the way back.
  int64_t Ranked(int64_t value) const { return spec_.least ? ~value : value; }

  // No subtask of the aggregate has fired more than the greatest watermark of all that feed it.
  Status Restore(std::string_view item) {
    ByteReader in(item);
    passed_ = std::max(passed_, in.I64());
    unsure_ = unsure_ || (in.U8() & kUnsureFlag) != 0;
    while (in.status().ok() && !in.AtEnd()) {
      const int64_t start = in.I64(), best = Ranked(in.I64());
      if (!in.status().ok()) break;
      int64_t& known = bests_.try_emplace(start, best).first->second;
      known = std::max(known, best);
    }
    return in.status().WithContext(kBestState);
  }

  void ForgetPassed() {
    while (!bests_.empty() && Passed(bests_.begin()->first)) bests_.erase(bests_.begin());
    LeaveWindow();
  }
  bool Passed(int64_t start) const { return SaturatingAdd(start, spec_.size_ms - 1) <= passed_; }

  void LeaveWindow() {
    best_ = nullptr;
    start_ = end_ = 0;
  }
  void EnterWindowOf(int64_t time) {
    start_ = WindowStart(time, spec_.offset_ms, spec_.size_ms);
    end_ = SaturatingAdd(start_, spec_.size_ms);
    // At the ends of time windows are not what they seem; of one that has fired, the aggregate counts no more.
    const bool whole = start_ > INT64_MIN && end_ < INT64_MAX;
    best_ = whole && !Passed(start_) ? &bests_.try_emplace(start_, INT64_MIN).first->second : nullptr;
  }

  /// Rows that may join, to kept_.
  Status Choose(const columns::Batch& batch, int32_t from) {
    kept_.clear();
    if (batch.kinds())
      for (int32_t row = from; row < batch.rows(); ++row)
        THALWEG_TRY(CheckInsert(batch, row, "a join with the best of a window"));
    if (unsure_ || idle_) {
      for (int32_t row = from; row < batch.rows(); ++row) kept_.push_back(row);
      return {};
    }
    const bool wide = batch.column(spec_.value).type.id() == types::TypeId::kBigInt;
    wide ? ChooseBy<int64_t>(batch, from) : ChooseBy<int32_t>(batch, from);
    return {};
  }

  // NULLs are counted by nobody; the join sorts them out.
  template <typename T>
  void ChooseBy(const columns::Batch& batch, int32_t from) {
    const columns::Column &times = batch.column(spec_.time), &values = batch.column(spec_.value);
    const auto* time = times.data<int64_t>();
    const auto* value = values.data<T>();
    for (int32_t row = from; row < batch.rows(); ++row)
      if (times.IsNull(row) || values.IsNull(row) || MayJoin(time[row], Ranked(value[row]))) kept_.push_back(row);
  }

  bool MayJoin(int64_t time, int64_t value) {
    if (time < start_ || time >= end_) EnterWindowOf(time);
    if (!best_) return true;
    if (value >= *best_) {
      *best_ = value;
      return true;
    }
    return spec_.begin_joins_before && time == start_;
  }

  graph::WindowBestSpec spec_;
  int64_t passed_ = INT64_MIN;  // the watermark, also of before a restore
  bool unsure_ = false, idle_ = false;
  std::map<int64_t, int64_t> bests_;  // by start of a window that the aggregate still counts for
  int64_t start_ = 0, end_ = 0;       // the window at hand; empty: none
  int64_t* best_ = nullptr;           // of it; null: its rows all go on
  std::vector<int32_t> kept_;
  std::vector<std::string>* saved_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeWindowBest(const graph::Node& node) {
  THALWEG_ASSIGN(graph::WindowBestSpec spec, graph::DecodeWindowBest(node.payload));
  return std::unique_ptr<flow::Operator>(std::make_unique<WindowBest>(std::move(spec)));
}

}  // namespace thalweg::operators
