#include "connectors/kafka_reader.h"

#include <algorithm>
#include <utility>

namespace thalweg::connectors {
namespace {

// Checkpoints whose outcome is not known; older ones are covered by the newer offsets.
constexpr size_t kCheckpointsRemembered = 16;

}  // namespace

KafkaReader::KafkaReader(KafkaReaderOptions options, std::shared_ptr<LogClient> client)
    : options_(std::move(options)), client_(std::move(client)) {}

Status KafkaReader::Open(flow::Context& context) {
  context_ = &context;
  metrics_.emplace(context.metrics());
  THALWEG_ASSIGN(rows_, KafkaRows::Make(options_.rows, context.pool()));
  LogConsumerOptions options{
      .headers = options_.rows.Wants(KafkaMetadata::kHeaders) || options_.rows.Wants(KafkaMetadata::kHeaderList),
      .offset_reset = options_.offset_reset,
      .await_topics = options_.await_topics,
      .memory_bytes = options_.memory_bytes > 0 ? options_.memory_bytes : context.connector_bytes(),
      .client_id = fmt::format("{}-{}", context.task().uid, context.task().subtask)};
  THALWEG_ASSIGN(consumer_, client_->CreateConsumer(options, [waker = context.waker()] { waker->Wake(); }));
  return {};
}

Status KafkaReader::AddSplits(const std::vector<flow::Split>& splits) {
  LogOffsets positions;
  for (const flow::Split& split : splits) {
    THALWEG_ASSIGN(KafkaSplit decoded, DecodeKafkaSplit(split.state));
    const TopicPartition partition = decoded.partition;
    const bool assigned = decoded.next_offset < decoded.stop_offset;
    if (assigned)
      positions[partition] = decoded.next_offset;
    else
      may_be_empty_ = true;
    if (!readings_.try_emplace(partition, Reading{split.id, std::move(decoded), assigned}).second)
      return InternalError("Kafka partition given out twice: {}", split.id);
    metrics_->AddPartition(partition);
  }
  if (!positions.empty()) consumer_->Assign(positions);
  context_->waker()->Wake();
  return {};
}

void KafkaReader::PauseSplit(const std::string& split, bool paused) {
  for (const auto& [partition, reading] : readings_)
    if (reading.id == split) return consumer_->Pause(partition, paused);
}

Result<flow::ReadProgress> KafkaReader::Poll(flow::SourceOutput& out) {
  if (may_be_empty_ && FinishEmpty(out)) return flow::ReadProgress::kMore;
  if (readings_.empty() && no_more_splits_) return flow::ReadProgress::kFinished;
  if (!fetch_) {
    THALWEG_ASSIGN(fetch_, consumer_->Next());
    next_record_ = 0;
    if (!fetch_) return flow::ReadProgress::kIdle;
  }
  auto reading = readings_.find(fetch_->partition);
  if (reading == readings_.end()) {  // an ended split's rest
    fetch_.reset();
    return flow::ReadProgress::kMore;
  }
  THALWEG_ASSIGN(bool ended, TakeRecords(reading->second, out.poll_rows()));
  metrics_->OnRows(reading->first, rows_->rows(), reading->second.split.next_offset - 1);
  EmitDeadLetters(out);
  if (columns::Batch batch = rows_->Take()) {
    out.Emit(reading->second.id, std::move(batch));
    rows_->Forget();
    EmitDeadLetters(out);  // of rows that parsed and do not fit
  }
  metrics_->OnParseErrors(rows_->parse_errors());
  ReportLag();
  if (ended) Finish(reading, out);
  return readings_.empty() && no_more_splits_ ? flow::ReadProgress::kFinished : flow::ReadProgress::kMore;
}

Result<bool> KafkaReader::TakeRecords(Reading& reading, int32_t most) {
  KafkaSplit& split = reading.split;
  if (fetch_->high_watermark >= 0) reading.high_watermark = fetch_->high_watermark;
  if (int64_t position = std::exchange(fetch_->reset_position, -1); position >= 0) split.next_offset = position;
  while (next_record_ < fetch_->records.size() && rows_->rows() < most && !rows_->full()) {
    const LogRecord& record = fetch_->records[next_record_];
    if (record.offset >= split.stop_offset) return true;
    if (record.offset >= split.next_offset) {  // else fetched again after a reconnection
      THALWEG_ASSIGN(bool taken, rows_->Append(*fetch_, record));
      if (!taken) return false;
      split.next_offset = record.offset + 1;
    }
    ++next_record_;
  }
  if (next_record_ < fetch_->records.size()) return false;
  // What lies below the end of the partition and was not delivered (a transaction's marker) is read, too.
  split.next_offset = std::max(split.next_offset, std::min(fetch_->end_position, split.stop_offset));
  fetch_.reset();
  return split.next_offset >= split.stop_offset;
}

void KafkaReader::EmitDeadLetters(flow::SourceOutput& out) {
  if (rows_->dead_letters() > 0) out.EmitSide(options_.rows.dead_letter_port, rows_->TakeDeadLetters());
}

void KafkaReader::ReportLag() {
  int64_t pending = 0, greatest = 0;
  for (const auto& [partition, reading] : readings_) {
    pending += reading.lag();
    greatest = std::max(greatest, reading.lag());
  }
  metrics_->OnLag(pending, greatest);
  ReportCommits();
}

void KafkaReader::ReportCommits() {
  if (metrics_->OnCommits(consumer_->commits_succeeded(), consumer_->commits_failed()))
    metrics_->OnCommitted(consumer_->TakeCommitted());
}

void KafkaReader::Finish(Readings::iterator reading, flow::SourceOutput& out) {
  Reading ended = std::move(reading->second);
  readings_.erase(reading);
  if (ended.assigned) consumer_->Unassign(ended.split.partition);
  finished_[ended.split.partition] = ended.split.next_offset;
  if (fetch_ && fetch_->partition == ended.split.partition) fetch_.reset();
  out.FinishSplit(ended.id);
}

bool KafkaReader::FinishEmpty(flow::SourceOutput& out) {
  may_be_empty_ = false;
  bool any = false;
  for (auto reading = readings_.begin(); reading != readings_.end();) {
    auto next = std::next(reading);
    if (reading->second.split.next_offset >= reading->second.split.stop_offset) {
      Finish(reading, out);
      any = true;
    }
    reading = next;
  }
  return any;
}

std::vector<flow::Split> KafkaReader::SnapshotSplits() const {
  std::vector<flow::Split> splits;
  for (const auto& [partition, reading] : readings_) splits.push_back(EncodeKafkaSplit(reading.split));
  return splits;
}

void KafkaReader::OnSnapshot(uint64_t checkpoint) {
  if (!options_.commit_offsets || client_->group().empty()) return;
  LogOffsets offsets = finished_;
  for (const auto& [partition, reading] : readings_) offsets[partition] = reading.split.next_offset;
  to_commit_[checkpoint] = std::move(offsets);
  if (to_commit_.size() > kCheckpointsRemembered) to_commit_.erase(to_commit_.begin());
}

Status KafkaReader::OnCheckpointComplete(uint64_t checkpoint) {
  auto offsets = to_commit_.find(checkpoint);
  if (offsets == to_commit_.end()) return {};
  if (!offsets->second.empty()) consumer_->Commit(offsets->second);
  ReportCommits();
  for (const auto& [partition, offset] : offsets->second)
    if (auto done = finished_.find(partition); done != finished_.end() && done->second == offset) finished_.erase(done);
  to_commit_.erase(to_commit_.begin(), std::next(offsets));
  return {};
}

void KafkaReader::Close() {
  fetch_.reset();
  if (!consumer_) return;  // not opened
  consumer_->Close();
  ReportCommits();
  consumer_.reset();
}

}  // namespace thalweg::connectors
