#include "connectors/file_partition_commit.h"

#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "columns/key_encoder.h"
#include "types/key_group.h"
#include "types/scalar_text.h"

namespace thalweg::connectors {
namespace {

constexpr uint8_t kWaitingVersion = 1;
const std::string kWaitingCodec = "waiting-partition/1";
constexpr int64_t kMillisOfDay = 24 * 60 * 60 * 1000;

/// A number of one or two digits below `limit`, and the character behind it, unless that is 0.
bool TakeShortNumber(std::string_view& text, int limit, char behind, int& value) {
  size_t digits = 0;
  for (value = 0; digits < 2 && digits < text.size() && types::IsDigit(text[digits]); ++digits)
    value = value * 10 + (text[digits] - '0');
  if (digits == 0 || value >= limit) return false;
  text.remove_prefix(digits);
  if (behind == 0) return true;
  if (!text.starts_with(behind)) return false;
  text.remove_prefix(1);
  return true;
}

/// "2024-1-31" or "2024-1-31 8:00:00", milliseconds of local time.
std::optional<int64_t> ParseLooseTime(std::string_view text) {
  const size_t dash = text.find('-');
  int month = 0, day = 0, hour = 0, minute = 0, second = 0, days = 0;
  if (dash == 0 || dash > 4) return std::nullopt;
  const std::string year = fmt::format("{:0>4}", text.substr(0, dash));
  text.remove_prefix(dash + 1);
  if (!TakeShortNumber(text, 13, '-', month) || !TakeShortNumber(text, 32, 0, day)) return std::nullopt;
  if (!types::ParseDate(fmt::format("{}-{:02}-{:02}", year, month, day), &days)) return std::nullopt;
  if (text.starts_with(' ')) {
    text.remove_prefix(1);
    if (!TakeShortNumber(text, 24, ':', hour) || !TakeShortNumber(text, 60, ':', minute) ||
        !TakeShortNumber(text, 60, 0, second))
      return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return days * kMillisOfDay + ((hour * 60 + minute) * 60 + second) * int64_t{1000};
}

void ReplaceAll(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

Result<int64_t> PartitionTimeExtractor::TimeOf(const FilePartitions& partitions,
                                               const std::vector<PartitionText>& values) const {
  std::string text = pattern.empty() ? values[0].value_or(partitions.default_name) : pattern;
  if (!pattern.empty())
    for (size_t key = 0; key < values.size(); ++key)
      ReplaceAll(text, "$" + partitions.keys[key].name, values[key].value_or(partitions.default_name));
  std::optional<int64_t> millis;
  if (formatter.empty()) {
    millis = ParseLooseTime(text);
  } else {
    THALWEG_ASSIGN(const expr::DatePattern compiled, expr::DatePattern::Compile(formatter));
    if (const auto value = compiled.Parse(text)) millis = value->millis;
  }
  if (millis) return *millis;
  return UserError(
      "Partition has no time: '{}' is not like '{}'; 'partition.time-extractor.timestamp-pattern' makes that text of "
      "the "
      "partition's columns, and 'partition.time-extractor.timestamp-formatter' says how it is read",
      types::Escaped(text), formatter.empty() ? "yyyy-MM-dd HH:mm:ss" : formatter);
}

Status PartitionCommitOptions::Check() const {
  THALWEG_TRY(
      expr::Zone::Find(watermark_zone).status().WithContext("Option 'sink.partition-commit.watermark-time-zone'"));
  if (time.formatter.empty()) return {};
  return expr::DatePattern::Compile(time.formatter)
      .status()
      .WithContext("Option 'partition.time-extractor.timestamp-formatter'");
}

Status PartitionCommits::Open(flow::Context& context) {
  context_ = &context;
  THALWEG_ASSIGN(saved_, context.operator_state().Open("partitions", state::Redistribution::kUnion, kWaitingCodec));
  for (const std::string& item : *saved_) THALWEG_TRY(Restore(item));
  return {};
}

Status PartitionCommits::Restore(std::string_view item) {
  ByteReader in(item);
  const bool known = in.U8() == kWaitingVersion;
  std::string folder(in.String());
  Waiting waiting;
  waiting.hash = in.U64();
  waiting.since_ms = in.I64();
  waiting.time_ms = in.I64();
  THALWEG_TRY(in.status());
  if (!known) return InternalError("File sink's waiting partition has an unknown version");
  const flow::TaskName& task = context_->task();
  const int32_t group = types::KeyGroupOf(waiting.hash, task.max_parallelism);
  if (types::SubtaskOf(group, task.max_parallelism, task.parallelism) == task.subtask)
    waiting_.emplace(std::move(folder), waiting);
  return {};
}

Status PartitionCommits::OnRows(const std::string& folder, const columns::Batch& batch, const std::vector<int>& keys,
                                int32_t row) {
  auto found = waiting_.find(folder);
  if (found == waiting_.end()) {
    Waiting waiting;
    std::string key;
    for (int column : keys) columns::AppendCellKey(batch.column(column), row, key);
    waiting.hash = Hash64(key);
    waiting.since_ms = context_->clock().NowMs();
    if (options_.trigger == PartitionCommitOptions::Trigger::kPartitionTime) {
      THALWEG_ASSIGN(const std::vector<PartitionText> values, PartitionOfPath(partitions_, folder));
      THALWEG_ASSIGN(const int64_t local_ms, options_.time.TimeOf(partitions_, values));
      THALWEG_ASSIGN(const expr::Zone zone, expr::Zone::Find(options_.watermark_zone));
      waiting.time_ms = zone.ToUtc(local_ms);
    }
    found = waiting_.emplace(folder, waiting).first;
  }
  found->second.last = 0;
  return {};
}

void PartitionCommits::OnSnapshot(uint64_t checkpoint) {
  saved_->clear();
  for (auto& [folder, waiting] : waiting_) {
    if (waiting.first == 0) waiting.first = checkpoint;
    if (waiting.last == 0) waiting.last = checkpoint;
    ByteWriter out;
    out.U8(kWaitingVersion);
    out.String(folder);
    out.U64(waiting.hash);
    out.I64(waiting.since_ms);
    out.I64(waiting.time_ms);
    saved_->push_back(out.Take());
  }
  watermarks_[checkpoint] = watermark_;
}

bool PartitionCommits::IsDue(const Waiting& waiting, int64_t watermark) const {
  if (ended_) return true;
  if (options_.trigger == PartitionCommitOptions::Trigger::kProcessTime)
    return options_.delay_ms == 0 || context_->clock().NowMs() > waiting.since_ms + options_.delay_ms;
  return watermark > waiting.time_ms && watermark - waiting.time_ms > options_.delay_ms;
}

std::vector<std::string> PartitionCommits::OnComplete(uint64_t checkpoint) {
  int64_t watermark = INT64_MIN;
  while (!watermarks_.empty() && watermarks_.begin()->first <= checkpoint) {
    watermark = watermarks_.begin()->second;
    watermarks_.erase(watermarks_.begin());
  }
  std::vector<std::string> whole;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    Waiting& waiting = at->second;
    if (waiting.first == 0 || waiting.first > checkpoint || !IsDue(waiting, watermark)) {
      ++at;
      continue;
    }
    whole.push_back(at->first);
    waiting.first = waiting.last;
    at = waiting.last != 0 && waiting.last <= checkpoint ? waiting_.erase(at) : std::next(at);
  }
  return whole;
}

}  // namespace thalweg::connectors
