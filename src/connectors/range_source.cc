#include "connectors/range_source.h"

#include <algorithm>
#include <deque>

#include "columns/object_writer.h"
#include "connectors/fixed_enumerator.h"

namespace thalweg::connectors {
namespace {

constexpr uint8_t kSplitVersion = 1;
/// A limited source makes up for at most this much of what a stall cost it.
constexpr int64_t kMaxCatchUpMs = 1000;

// Rows position, position + step, ... below end.
struct Range {
  int64_t position = 0;
  int64_t step = 1;
  int64_t end = 0;

  std::string Encode() const {
    ByteWriter out;
    out.U8(kSplitVersion);
    out.I64(position);
    out.I64(step);
    out.I64(end);
    return out.Take();
  }
  static Result<Range> Decode(std::string_view bytes) {
    ByteReader in(bytes);
    Range range;
    bool known = in.U8() == kSplitVersion;
    range.position = in.I64();
    range.step = in.I64();
    range.end = in.I64();
    THALWEG_TRY(in.status());
    if (!known || range.step <= 0) return InternalError("Range split is malformed: {} bytes", bytes.size());
    return range;
  }
  int64_t rows() const {
    if (position >= end) return 0;
    uint64_t span = static_cast<uint64_t>(end) - static_cast<uint64_t>(position);
    uint64_t count = (span - 1) / static_cast<uint64_t>(step) + 1;
    return static_cast<int64_t>(std::min<uint64_t>(count, INT64_MAX));
  }
  void Advance(int64_t count) {
    // Clamped: the last step may lie beyond int64.
    position = count >= rows() ? end : position + count * step;
  }
};

std::vector<flow::Split> Divide(const RangeSourceOptions& options, int parallelism) {
  std::vector<flow::Split> splits;
  auto total = static_cast<uint64_t>(options.to) - static_cast<uint64_t>(options.from);
  auto pieces = std::min<uint64_t>(total, static_cast<uint64_t>(parallelism));
  uint64_t begin = 0;
  for (uint64_t piece = 0; piece < pieces; ++piece) {
    uint64_t size = total / pieces + (piece < total % pieces ? 1 : 0);
    auto at = [&](uint64_t index) { return static_cast<int64_t>(static_cast<uint64_t>(options.from) + index); };
    Range range = options.interleaved ? Range{at(piece), static_cast<int64_t>(pieces), options.to}
                                      : Range{at(begin), 1, at(begin + size)};
    splits.push_back({fmt::format("{}/{}", piece, pieces), range.Encode()});
    begin += size;
  }
  return splits;
}

class RangeReader final : public flow::SourceReader {
 public:
  RangeReader(RangeRows rows, double rows_per_second, int32_t batch_rows)
      : make_(std::move(rows)), total_rate_(rows_per_second), batch_rows_(batch_rows) {}

  Status Open(flow::Context& context) override {
    context_ = &context;
    rate_ = total_rate_ / context.task().parallelism;
    started_ms_ = context.clock().NowMs();
    return {};
  }

  Status AddSplits(const std::vector<flow::Split>& splits) override {
    for (const flow::Split& split : splits) {
      THALWEG_ASSIGN(Range range, Range::Decode(split.state));
      splits_.push_back({split.id, range, false});
    }
    return {};
  }
  void NoMoreSplits() override { no_more_ = true; }
  void PauseSplit(const std::string& id, bool paused) override {
    for (Held& held : splits_)
      if (held.id == id) held.paused = paused;
  }

  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override {
    if (splits_.empty()) return no_more_ ? flow::ReadProgress::kFinished : flow::ReadProgress::kIdle;
    auto held = std::find_if(splits_.begin(), splits_.end(), [](const Held& h) { return !h.paused; });
    if (held == splits_.end()) return flow::ReadProgress::kIdle;
    if (!out.has_credit()) return flow::ReadProgress::kMore;
    int64_t allowed = Allowed();
    if (allowed == 0) return flow::ReadProgress::kIdle;
    auto rows = static_cast<int32_t>(std::min<int64_t>({held->range.rows(), allowed, batch_rows_, out.poll_rows()}));
    if (rows > 0) {
      THALWEG_ASSIGN(columns::Batch batch, make_(held->range.position, held->range.step, rows, out.pool()));
      held->range.Advance(rows);
      emitted_ += rows;
      out.Emit(held->id, std::move(batch));
    }
    if (held->range.rows() == 0) {
      out.FinishSplit(held->id);
      splits_.erase(held);
    } else if (rate_ > 0) {
      // A limited source with several splits serves them in turn.
      std::rotate(splits_.begin(), splits_.begin() + 1, splits_.end());
    }
    return splits_.empty() && no_more_ ? flow::ReadProgress::kFinished : flow::ReadProgress::kMore;
  }

  std::vector<flow::Split> SnapshotSplits() const override {
    std::vector<flow::Split> splits;
    for (const Held& held : splits_) splits.push_back({held.id, held.range.Encode()});
    return splits;
  }

 private:
  struct Held {
    std::string id;
    Range range;
    bool paused = false;
  };

  // Rows that the limit lets pass now; 0: a timer is set for the next.
  int64_t Allowed() {
    if (rate_ <= 0) return INT64_MAX;
    int64_t now = context_->clock().NowMs();
    auto due = [&] {
      return static_cast<int64_t>(static_cast<double>(now - started_ms_) * rate_ / 1000.0) + 1 - emitted_;
    };
    auto most = static_cast<int64_t>(rate_ * kMaxCatchUpMs / 1000.0) + 1;
    if (due() > most) {
      started_ms_ = now - kMaxCatchUpMs;
      emitted_ = 0;
    }
    if (due() > 0) return due();
    auto wait = static_cast<int64_t>(static_cast<double>(emitted_) * 1000.0 / rate_) - (now - started_ms_);
    context_->RequestTimer(now + std::max<int64_t>(wait, 1));
    return 0;
  }

  RangeRows make_;
  double total_rate_;
  int32_t batch_rows_;
  double rate_ = 0;  // of this subtask
  flow::Context* context_ = nullptr;
  int64_t started_ms_ = 0;
  int64_t emitted_ = 0;  // since started_ms_
  std::deque<Held> splits_;
  bool no_more_ = false;
};

class RangeSource final : public flow::Source {
 public:
  explicit RangeSource(RangeSourceOptions options) : options_(std::move(options)) {}
  bool bounded() const override { return options_.bounded; }
  Result<std::unique_ptr<flow::SplitEnumerator>> CreateEnumerator() override {
    return std::unique_ptr<flow::SplitEnumerator>(std::make_unique<FixedEnumerator>(
        [options = options_](int parallelism) { return Divide(options, parallelism); }));
  }
  Result<std::unique_ptr<flow::SourceReader>> CreateReader() override {
    return std::unique_ptr<flow::SourceReader>(
        std::make_unique<RangeReader>(options_.make_rows(), options_.rows_per_second, options_.batch_rows));
  }

 private:
  RangeSourceOptions options_;
};

Result<columns::Batch> SequenceColumn(int64_t first, int64_t step, int32_t rows, columns::BufferPool& pool) {
  columns::Column column;
  column.type = types::DataType(types::TypeId::kBigInt, false);
  column.length = rows;
  column.values = pool.Allocate(sizeof(int64_t) * static_cast<size_t>(rows));
  auto* values = column.values.mutable_data<int64_t>();
  for (int32_t i = 0; i < rows; ++i) values[i] = first + i * step;
  columns::Batch batch(pool, rows);
  batch.AddColumn(std::move(column));
  return batch;
}

Result<columns::Batch> SequenceObjects(int64_t first, int64_t step, int32_t rows, columns::BufferPool& pool) {
  columns::ObjectWriter<int64_t> writer(pool, rows);
  for (int32_t i = 0; i < rows; ++i) writer.Append(first + i * step);
  return writer.Take();
}

}  // namespace

std::shared_ptr<flow::Source> MakeRangeSource(RangeSourceOptions options) {
  return std::make_shared<RangeSource>(std::move(options));
}

Result<std::shared_ptr<flow::Source>> MakeSequenceSource(int64_t from, int64_t to, bool as_objects) {
  if (to < from) return UserError("Sequence ends before it begins: from {}, to {}", from, to);
  // A range ends before INT64_MAX: one that is to reach it is made one lower, its rows one higher.
  const int64_t shift = to == INT64_MAX ? 1 : 0;
  if (from < INT64_MIN + shift)
    return UserError("Sequence has more values than can be counted: from {}, to {}", from, to);
  RangeSourceOptions options;
  options.from = from - shift;
  options.to = to - shift + 1;
  options.make_rows = [as_objects, shift] {
    return RangeRows([as_objects, shift](int64_t first, int64_t step, int32_t rows, columns::BufferPool& pool) {
      return as_objects ? SequenceObjects(first + shift, step, rows, pool)
                        : SequenceColumn(first + shift, step, rows, pool);
    });
  };
  return MakeRangeSource(std::move(options));
}

}  // namespace thalweg::connectors
