#include "connectors/kafka_consumer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "connectors/kafka_absence.h"
#include "connectors/kafka_commits.h"
#include "connectors/kafka_connection.h"
#include "connectors/kafka_partition_list.h"

namespace thalweg::connectors {
namespace {

// The group of a consumer that has none: librdkafka assigns partitions only within a group. Nothing is committed to it.
constexpr char kNoGroup[] = "thalweg-none";
constexpr size_t kTakeRecords = 1024;          // one batch downstream
constexpr int kWaitMs = 100;                   // how long a quiet wait lasts before connection errors are looked at
constexpr int64_t kMinConsumerQueueKb = 1024;  // librdkafka's queue: below it one fetch does not fit
constexpr int64_t kMaxFetchKb = 16 * 1024;     // one response over all partitions
constexpr int64_t kMinFetchKb = 1024;          // librdkafka: at least message.max.bytes
constexpr int64_t kDefaultConsumerMemory = 64 << 20;  // librdkafka's own default
constexpr size_t kRecordOverhead = 256;               // librdkafka's message and our view of it, beside the bytes

// For the group's last offsets at the end: a healthy broker takes them in milliseconds, a restarting one in seconds.
constexpr std::chrono::milliseconds kLastCommit{5'000};
// How long librdkafka keeps a commit for which it has no coordinator, and how long its instance then lives on. Nobody joins the
// group, so the property has no other effect; a commit given up is sent again by KafkaCommits.
constexpr char kSessionMs[] = "1000";
constexpr size_t kPartitionsNamed = 3;  // a warning, not a catalogue
constexpr int kAskMs = 500;  // one question to a broker, while the other partitions wait; then it is asked again
constexpr int kMendedVersion = 0x020100ff;  // of librdkafka: its instance ends though a topic is gone

int64_t QueueKb(int64_t memory_bytes) {
  // A quarter is the inbox, a quarter the responses being received.
  return std::max((memory_bytes > 0 ? memory_bytes : kDefaultConsumerMemory) / 1024 / 2, kMinConsumerQueueKb);
}

PartitionList MakeList(const LogOffsets& offsets) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets)
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)->offset = offset;
  return list;
}

// Debian 12's librdkafka, 2.0.2, does not tell it.
#if RD_KAFKA_VERSION >= 0x020100ff
constexpr bool kTellsLeaderEpochs = true;
int32_t LeaderEpochOf(const rd_kafka_message_t& message) { return rd_kafka_message_leader_epoch(&message); }
#else
constexpr bool kTellsLeaderEpochs = false;
int32_t LeaderEpochOf(const rd_kafka_message_t&) { return -1; }
#endif

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, QueueDeleter>;

/// Messages whose bytes a LogFetch shows; keeps the instance alive, which may not go before its messages.
struct Messages {
  std::shared_ptr<KafkaConnection> connection;
  std::vector<rd_kafka_message_t*> messages;
  ~Messages() {
    for (rd_kafka_message_t* message : messages) rd_kafka_message_destroy(message);
  }
};

Status AssignmentStatus(rd_kafka_error_t* error) {
  if (!error) return {};
  Status status = InternalError("Kafka consumer cannot change its assignment: {}", rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
  return status;
}

class KafkaConsumer final : public LogConsumer {
 public:
  KafkaConsumer(const LogConsumerOptions& options, std::function<void()> on_ready)
      : options_(options),
        on_ready_(std::move(on_ready)),
        inbox_limit_(static_cast<size_t>(QueueKb(options.memory_bytes)) * 512) {}
  ~KafkaConsumer() override;
  Status Start(const KafkaProperties& properties);

  void Assign(const LogOffsets& positions) override { Send({Command::Kind::kAssign, positions}); }
  void Unassign(const TopicPartition& partition) override { Send({Command::Kind::kUnassign, {{partition, 0}}}); }
  void Pause(const TopicPartition& partition, bool paused) override {
    Send({paused ? Command::Kind::kPause : Command::Kind::kResume, {{partition, 0}}});
  }
  Result<std::optional<LogFetch>> Next() override;
  void Commit(const LogOffsets& offsets) override { Send({Command::Kind::kCommit, offsets}); }
  int64_t commits_succeeded() const override { return commits_succeeded_; }
  int64_t commits_failed() const override { return commits_failed_; }
  LogOffsets TakeCommitted() override {
    std::lock_guard lock(mutex_);
    return std::exchange(committed_, {});
  }
  void Close() override;

 private:
  struct Command {
    enum class Kind : uint8_t { kAssign, kUnassign, kPause, kResume, kCommit } kind;
    LogOffsets partitions;
  };

  // The task's thread.
  void Send(Command command);
  // The consumer's thread.
  void Run();
  bool Stopping() {
    std::lock_guard lock(mutex_);
    return stop_;
  }
  void WaitForRoom();
  Status RunCommands();
  Status RunCommand(const Command& command);
  void Forward(const TopicPartition& partition, bool paused);
  void ApplyPause(const TopicPartition& partition);
  rd_kafka_error_t* StopReading(rd_kafka_topic_partition_list_t& partitions);
  std::vector<rd_kafka_message_t*> Take();
  Status Deliver(std::vector<rd_kafka_message_t*> messages);
  Status OnMessageError(const rd_kafka_message_t& message);
  Status OnOffsetMissing(const TopicPartition& partition, int64_t wanted, const std::string& text);
  Status ResetOffsets();
  Status ResetOffset(const TopicPartition& partition, int64_t wanted, int64_t begin, int64_t end);
  Status LookForAbsent();
  std::optional<std::set<TopicPartition>> AskForAbsent();
  void AddRecord(LogFetch& fetch, const rd_kafka_message_t& message) const;
  void AddHeaders(LogFetch& fetch, LogRecord& record, const rd_kafka_message_t& message) const;
  void Put(std::vector<LogFetch> fetches, size_t bytes);
  void Fail(Status status);
  void AskToCommit(const LogOffsets& offsets);
  void SendCommit();
  void OnCommitAnswer(rd_kafka_resp_err_t error);
  // At the end, without the consumer's thread.
  void FinishCommits();
  void TellUncommitted();
  void LetGo();

  const LogConsumerOptions options_;
  const std::function<void()> on_ready_;
  const size_t inbox_limit_;  // bytes
  std::shared_ptr<KafkaConnection> connection_;
  Queue queue_;
  Queue answers_;  // to commits
  std::thread thread_;
  std::atomic<int64_t> commits_succeeded_{0}, commits_failed_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Command> commands_;
  std::deque<std::pair<LogFetch, size_t>> inbox_;  // with bytes
  size_t inbox_bytes_ = 0;
  LogOffsets committed_;  // not yet taken
  Status status_;
  bool stop_ = false;

  // The consumer's thread only; when it has ended, Close.
  KafkaCommits commits_;
  std::chrono::steady_clock::time_point asked_;  // for the last commit
  rd_kafka_resp_err_t refusal_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::set<TopicPartition> started_;      // delivered something: librdkafka has set their queue up
  std::map<TopicPartition, bool> pause_;  // paused, or to be resumed
  std::set<TopicPartition> assigned_;
  LogOffsets to_reset_;  // stand still: the log has not got the offset
  KafkaAbsence absence_;
};

Status KafkaConsumer::Start(const KafkaProperties& properties) {
  KafkaConnection::Spec spec{
      .role = KafkaConnection::Role::kConsumer, .properties = properties, .client_id = options_.client_id};
  spec.engine = ConsumerProperties(properties, options_);
  THALWEG_ASSIGN(connection_, KafkaConnection::Open(std::move(spec)));
  rd_kafka_poll_set_consumer(connection_->handle());
  queue_.reset(rd_kafka_queue_get_consumer(connection_->handle()));
  answers_.reset(rd_kafka_queue_new(connection_->handle()));
  thread_ = std::thread([this] { Run(); });
  return {};
}

KafkaConsumer::~KafkaConsumer() {
  Close();
  inbox_.clear();
  queue_.reset();
}

void KafkaConsumer::Close() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  rd_kafka_queue_yield(queue_.get());
  thread_.join();
  for (const Command& command : commands_)
    if (command.kind == Command::Kind::kCommit) AskToCommit(command.partitions);
  FinishCommits();
  LetGo();
}

void KafkaConsumer::Send(Command command) {
  {
    std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  changed_.notify_all();
  rd_kafka_queue_yield(queue_.get());
}

Result<std::optional<LogFetch>> KafkaConsumer::Next() {
  std::unique_lock lock(mutex_);
  if (inbox_.empty()) {
    THALWEG_TRY(status_);
    return std::optional<LogFetch>();
  }
  LogFetch fetch = std::move(inbox_.front().first);
  bool was_full = inbox_bytes_ >= inbox_limit_;
  inbox_bytes_ -= inbox_.front().second;
  inbox_.pop_front();
  bool room = was_full && inbox_bytes_ < inbox_limit_;
  lock.unlock();
  if (room) changed_.notify_all();
  return std::optional<LogFetch>(std::move(fetch));
}

void KafkaConsumer::Run() {
  while (true) {
    WaitForRoom();
    if (Stopping()) return;
    Status status = RunCommands();
    if (commits_.under_way()) rd_kafka_queue_poll_callback(answers_.get(), 0);
    SendCommit();
    if (status.ok()) status = Deliver(Take());
    if (status.ok()) status = ResetOffsets();
    if (status.ok()) status = LookForAbsent();
    if (status.ok()) status = connection_->status();
    if (!status.ok()) return Fail(std::move(status));
  }
}

void KafkaConsumer::WaitForRoom() {
  std::unique_lock lock(mutex_);
  auto may_go_on = [this] { return stop_ || !commands_.empty() || inbox_bytes_ < inbox_limit_; };
  // An answer to a commit does not wait for room.
  if (commits_.under_way())
    changed_.wait_for(lock, std::chrono::milliseconds(kWaitMs), may_go_on);
  else
    changed_.wait(lock, may_go_on);
}

Status KafkaConsumer::RunCommands() {
  std::vector<Command> commands;
  {
    std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (const Command& command : commands) THALWEG_TRY(RunCommand(command));
  return {};
}

Status KafkaConsumer::RunCommand(const Command& command) {
  PartitionList list = MakeList(command.partitions);
  const TopicPartition& partition = command.partitions.begin()->first;
  rd_kafka_t* handle = connection_->handle();
  rd_kafka_error_t* error = nullptr;
  switch (command.kind) {
    case Command::Kind::kAssign:
      for (const auto& [each, offset] : command.partitions) assigned_.insert(each);
      error = rd_kafka_incremental_assign(handle, list.get());
      break;
    case Command::Kind::kUnassign:
      started_.erase(partition);
      pause_.erase(partition);
      assigned_.erase(partition);
      to_reset_.erase(partition);
      absence_.Forget(partition);
      error = StopReading(*list);
      break;
    case Command::Kind::kPause:
    case Command::Kind::kResume:
      pause_[partition] = command.kind == Command::Kind::kPause;
      if (started_.contains(partition)) ApplyPause(partition);
      break;
    case Command::Kind::kCommit: AskToCommit(command.partitions); break;
  }
  return AssignmentStatus(error);
}

rd_kafka_error_t* KafkaConsumer::StopReading(rd_kafka_topic_partition_list_t& partitions) {
  rd_kafka_t* handle = connection_->handle();
  if (rd_kafka_version() >= kMendedVersion) return rd_kafka_incremental_unassign(handle, &partitions);
  // A partition that stops leaves an operation in its own queue, which holds the partition. Where the topic is gone nobody empties
  // that queue any more, and rd_kafka_destroy waits for ever: the operation goes to the consumer's queue.
  std::vector<Queue> own;
  for (int i = 0; i < partitions.cnt; ++i)
    own.emplace_back(rd_kafka_queue_get_partition(handle, partitions.elems[i].topic, partitions.elems[i].partition));
  rd_kafka_error_t* error = rd_kafka_incremental_unassign(handle, &partitions);
  rd_kafka_topic_partition_list_t* rest = nullptr;
  // A question that librdkafka's thread answers after it has stopped them.
  if (rd_kafka_assignment(handle, &rest) == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_topic_partition_list_destroy(rest);
  for (const Queue& queue : own)
    if (queue) rd_kafka_queue_forward(queue.get(), queue_.get());
  return error;
}

void KafkaConsumer::LetGo() {
  LogOffsets rest;
  for (const TopicPartition& partition : assigned_) rest[partition] = 0;
  if (rest.empty()) return;
  if (rd_kafka_error_t* error = StopReading(*MakeList(rest))) rd_kafka_error_destroy(error);
}

void KafkaConsumer::AskToCommit(const LogOffsets& offsets) {
  commits_.Ask(offsets);
  asked_ = std::chrono::steady_clock::now();
}

void KafkaConsumer::SendCommit() {
  std::optional<LogOffsets> offsets = commits_.Next();
  if (!offsets) return;
  auto answer = [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* list, void* consumer) {
    for (int i = 0; list && i < list->cnt && !error; ++i) error = list->elems[i].err;
    static_cast<KafkaConsumer*>(consumer)->OnCommitAnswer(error);
  };
  rd_kafka_resp_err_t error =
      rd_kafka_commit_queue(connection_->handle(), MakeList(*offsets).get(), answers_.get(), answer, this);
  if (error) OnCommitAnswer(error);
}

void KafkaConsumer::OnCommitAnswer(rd_kafka_resp_err_t error) {
  refusal_ = error;
  if (!error) {
    std::lock_guard lock(mutex_);
    for (const auto& [partition, offset] : commits_.unanswered()) committed_[partition] = offset;
  }
  commits_.OnAnswer(!error);
  ++(error ? commits_failed_ : commits_succeeded_);
}

void KafkaConsumer::FinishCommits() {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  if (!commits_.under_way()) asked_ = steady_clock::now();  // for those refused, now
  // Consumers are closed one after another, and their answers come meanwhile: the waits of all end together.
  const auto deadline = asked_ + std::min(kLastCommit, milliseconds(connection_->properties().api_timeout_ms));
  for (bool first = true; !commits_.settled() && connection_->status().ok(); first = false) {
    if (!commits_.under_way()) {
      if (!first && refusal_ && !IsTransient(refusal_)) break;
      if (!first && refusal_) std::this_thread::sleep_for(milliseconds(kWaitMs));
      commits_.AskAgain();
      SendCommit();
    }
    auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0) break;
    if (commits_.under_way()) rd_kafka_queue_poll_callback(answers_.get(), static_cast<int>(left));
  }
  if (!commits_.settled()) TellUncommitted();
}

void KafkaConsumer::TellUncommitted() {
  if (commits_.under_way()) ++commits_failed_;  // no answer is one of these, too
  Status status = connection_->status();
  std::string reason = connection_->last_error();
  if (!status.ok())
    reason = status.message();
  else if (refusal_ && !commits_.under_way())
    reason = rd_kafka_err2str(refusal_);
  else if (reason.empty())
    reason = "no answer in time";
  const LogOffsets owed = commits_.owed();
  std::string named;
  size_t left = owed.size();
  for (auto each = owed.begin(); each != owed.end() && owed.size() - left < kPartitionsNamed; ++each, --left)
    named +=
        fmt::format("{}{}-{} at {}", named.empty() ? "" : ", ", each->first.topic, each->first.partition, each->second);
  if (left > 0) named += fmt::format(", and {} more", left);
  const std::string text = fmt::format(
      "warning: Kafka group '{}' did not take its last offsets ({}): {}. A restore goes by its checkpoint and loses "
      "nothing; a job that starts at the group's offsets reads those records again\n",
      connection_->properties().group_id, named, reason);
  std::fputs(text.c_str(), stderr);
}

void KafkaConsumer::ApplyPause(const TopicPartition& partition) {
  auto wanted = pause_.find(partition);
  if (wanted == pause_.end()) return;
  // A paused partition's own queue is cut off from the consumer's: it fills to its limit and its fetches stop. librdkafka's own
  // pause would throw fetched records away and fetch them again.
  Queue own(rd_kafka_queue_get_partition(connection_->handle(), partition.topic.c_str(), partition.partition));
  if (own) rd_kafka_queue_forward(own.get(), wanted->second ? nullptr : queue_.get());
  if (!wanted->second) pause_.erase(wanted);  // else kept for when the partition is assigned again at another offset
}

std::vector<rd_kafka_message_t*> KafkaConsumer::Take() {
  std::vector<rd_kafka_message_t*> messages(kTakeRecords);
  ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), 0, messages.data(), messages.size());
  messages.resize(count > 0 ? static_cast<size_t>(count) : 0);
  if (messages
          .empty())  // the batch call would wait until the batch is full: wait for one, the others come with the next call
    if (rd_kafka_message_t* message = rd_kafka_consume_queue(queue_.get(), kWaitMs)) messages.push_back(message);
  return messages;
}

Status KafkaConsumer::Deliver(std::vector<rd_kafka_message_t*> messages) {
  if (messages.empty()) return {};
  auto owner = std::make_shared<Messages>();
  owner->connection = connection_;
  owner->messages = std::move(messages);
  std::vector<LogFetch> fetches;
  const rd_kafka_topic_t* topic = nullptr;
  int32_t partition = -1;
  size_t bytes = 0;
  for (const rd_kafka_message_t* message : owner->messages) {
    bool end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (message->err && !end) {
      THALWEG_TRY(OnMessageError(*message));
      continue;
    }
    if (fetches.empty() || message->rkt != topic || message->partition != partition ||
        fetches.back().end_position >= 0) {
      topic = message->rkt;
      partition = message->partition;
      LogFetch& fetch = fetches.emplace_back();
      fetch.partition = {rd_kafka_topic_name(topic), partition};
      fetch.memory = owner;
      int64_t low = 0;
      if (rd_kafka_get_watermark_offsets(connection_->handle(), fetch.partition.topic.c_str(), partition, &low,
                                         &fetch.high_watermark) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fetch.high_watermark = -1;
      if (started_.insert(fetch.partition).second) ApplyPause(fetch.partition);
    }
    if (end) {
      fetches.back().end_position = message->offset;
    } else {
      AddRecord(fetches.back(), *message);
      bytes += message->len + message->key_len + kRecordOverhead;
    }
  }
  if (!fetches.empty()) Put(std::move(fetches), bytes);
  return {};
}

void KafkaConsumer::AddRecord(LogFetch& fetch, const rd_kafka_message_t& message) const {
  LogRecord& record = fetch.records.emplace_back();
  // A key or value of no bytes may come with any pointer; a null one has none.
  record.key = {static_cast<const char*>(message.key), message.key ? message.key_len : 0};
  record.value = {static_cast<const char*>(message.payload), message.payload ? message.len : 0};
  record.offset = message.offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.timestamp_ms = rd_kafka_message_timestamp(&message, &type);
  record.timestamp_type = static_cast<LogRecord::TimestampType>(type);
  record.leader_epoch = LeaderEpochOf(message);
  if (options_.headers) AddHeaders(fetch, record, message);
}

void KafkaConsumer::AddHeaders(LogFetch& fetch, LogRecord& record, const rd_kafka_message_t& message) const {
  record.first_header = static_cast<uint32_t>(fetch.headers.size());
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &size); ++i)
    fetch.headers.push_back({name, {static_cast<const char*>(value), value ? size : 0}});
  record.headers = static_cast<uint32_t>(fetch.headers.size()) - record.first_header;
}

Status KafkaConsumer::OnMessageError(const rd_kafka_message_t& message) {
  const std::string text = rd_kafka_message_errstr(&message);
  const std::string topic = message.rkt ? rd_kafka_topic_name(message.rkt) : "";
  const std::string& servers = connection_->properties().bootstrap_servers;
  switch (message.err) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: absence_.Suspect(); return {};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return ExternalError("Kafka at {} does not allow reading topic '{}': {}", servers, topic, text);
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return OnOffsetMissing({topic, message.partition}, message.offset, text);
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
      return ExternalError("Kafka topic '{}' partition {} offset {} cannot be read: {}", topic, message.partition,
                           message.offset, text);
    default: return {};  // librdkafka reports and retries; what is final comes by the connection's status
  }
}

Status KafkaConsumer::OnOffsetMissing(const TopicPartition& partition, int64_t wanted, const std::string& text) {
  if (options_.offset_reset == "none")
    return ExternalError(
        "Kafka topic '{}' partition {} no longer has the offset to read from, {}: {}. Its retention is shorter than "
        "the job was behind, or the topic was made again",
        partition.topic, partition.partition, wanted, text);
  if (assigned_.contains(partition)) to_reset_[partition] = wanted;
  return {};
}

Status KafkaConsumer::ResetOffsets() {
  for (const auto& [partition, wanted] : LogOffsets(to_reset_)) {
    int64_t begin = 0, end = 0;
    if (Stopping()) return {};
    rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(connection_->handle(), partition.topic.c_str(),
                                                                 partition.partition, &begin, &end, kAskMs);
    if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
        error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
      absence_.Suspect();
    else if (error && !IsTransient(error))
      return ExternalError("Kafka at {} does not tell the offsets of topic '{}' partition {}: {}",
                           connection_->properties().bootstrap_servers, partition.topic, partition.partition,
                           rd_kafka_err2str(error));
    if (error) continue;  // asked again
    to_reset_.erase(partition);
    THALWEG_TRY(ResetOffset(partition, wanted, begin, end));
  }
  return {};
}

Status KafkaConsumer::ResetOffset(const TopicPartition& partition, int64_t wanted, int64_t begin, int64_t end) {
  const bool latest = options_.offset_reset == "latest";
  const int64_t position = latest ? end : begin;
  const std::string text = fmt::format(
      "warning: Kafka topic '{}' partition {} has no offset {}, where reading was to go on: its offsets begin at {} "
      "and end before {}. Reading goes on at {} ({}): rows may be lost or come twice\n",
      partition.topic, partition.partition, wanted, begin, end, position, latest ? "latest" : "earliest");
  std::fputs(text.c_str(), stderr);
  started_.erase(partition);
  PartitionList list = MakeList({{partition, position}});
  // Assigned anew: librdkafka does not seek in a partition that stands still.
  THALWEG_TRY(AssignmentStatus(StopReading(*list)));
  LogFetch fetch{.partition = partition};
  fetch.reset_position = position;
  fetch.high_watermark = end;
  std::vector<LogFetch> fetches;
  fetches.push_back(std::move(fetch));
  Put(std::move(fetches), 0);  // before its records
  return AssignmentStatus(rd_kafka_incremental_assign(connection_->handle(), list.get()));
}

Status KafkaConsumer::LookForAbsent() {
  if (connection_->TakeMissed()) absence_.Suspect();
  const auto now = std::chrono::steady_clock::now();
  if (!absence_.ToLook(now)) return {};
  const std::optional<std::set<TopicPartition>> unknown = AskForAbsent();
  if (!unknown) return {};
  const std::vector<TopicPartition> gone = absence_.OnAnswer(*unknown, now);
  if (gone.empty()) return {};
  const std::string more = gone.size() > 1 ? fmt::format(" (and {} more)", gone.size() - 1) : "";
  Status status = ExternalError("Kafka topic '{}' partition {}{} no longer exists at {}", gone[0].topic,
                                gone[0].partition, more, connection_->properties().bootstrap_servers);
  if (!options_.await_topics) return status;
  const std::string text = fmt::format("warning: {}. The job waits until it is there again\n", status.message());
  std::fputs(text.c_str(), stderr);
  return {};
}

std::optional<std::set<TopicPartition>> KafkaConsumer::AskForAbsent() {
  const rd_kafka_metadata_t* raw = nullptr;  // of the topics that this instance knows
  if (rd_kafka_metadata(connection_->handle(), 0, nullptr, &raw, kAskMs)) return std::nullopt;
  std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> metadata(raw,
                                                                                            rd_kafka_metadata_destroy);
  std::set<TopicPartition> unknown = assigned_;
  for (const auto& partition : assigned_) {
    const auto* end = raw->topics + raw->topic_cnt;
    const auto* topic = std::find_if(static_cast<const rd_kafka_metadata_topic_t*>(raw->topics), end,
                                     [&](const auto& each) { return partition.topic == each.topic; });
    if (topic == end) {
      unknown.erase(partition);  // not asked for
    } else if (topic->err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      const bool there = std::any_of(topic->partitions, topic->partitions + topic->partition_cnt,
                                     [&](const auto& each) { return each.id == partition.partition; });
      if (there || topic->err) unknown.erase(partition);
    }
  }
  return unknown;
}

void KafkaConsumer::Put(std::vector<LogFetch> fetches, size_t bytes) {
  // The bytes belong to all of them together: charged to the last, which is taken last.
  {
    std::lock_guard lock(mutex_);
    for (size_t i = 0; i < fetches.size(); ++i)
      inbox_.emplace_back(std::move(fetches[i]), i + 1 == fetches.size() ? bytes : 0);
    inbox_bytes_ += bytes;
  }
  on_ready_();
}

void KafkaConsumer::Fail(Status status) {
  {
    std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  on_ready_();
}

}  // namespace

bool KafkaTellsLeaderEpochs() { return kTellsLeaderEpochs; }

Properties ConsumerProperties(const KafkaProperties& properties, const LogConsumerOptions& options) {
  const int64_t queue_kb = QueueKb(options.memory_bytes);
  const int64_t fetch_bytes = std::clamp(queue_kb / 4, kMinFetchKb, kMaxFetchKb) * 1024;
  Properties engine = {
      {"group.id", properties.group_id.empty() ? kNoGroup : properties.group_id},
      {"session.timeout.ms", kSessionMs},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"enable.partition.eof", "true"},
      {"auto.offset.reset", "error"},  // told to us: a reader's position goes where reading goes on
      {"queued.max.messages.kbytes", std::to_string(queue_kb)},
  };
  const Properties defaults = {
      {"isolation.level", "read_uncommitted"},  // Java's default; librdkafka's is read_committed
      {"queued.min.messages",
       std::to_string(std::max<int64_t>(queue_kb * 1024 / static_cast<int64_t>(kRecordOverhead), 1))},
      {"fetch.max.bytes", std::to_string(fetch_bytes)},
      {"fetch.message.max.bytes", std::to_string(std::min<int64_t>(fetch_bytes, 1 << 20))},
      {"reconnect.backoff.max.ms", "1000"},  // Java's; librdkafka waits up to 10 s after a broker's restart
  };
  // One of these says the same as the default of the same line.
  const Properties aliases = {{"fetch.message.max.bytes", "max.partition.fetch.bytes"},
                              {"fetch.max.bytes", "message.max.bytes"}};
  for (const auto& [name, value] : defaults) {
    auto alias = aliases.find(name);
    bool given =
        properties.client.contains(name) || (alias != aliases.end() && properties.client.contains(alias->second));
    if (!given) engine[name] = value;
  }
  return engine;
}

Result<std::unique_ptr<LogConsumer>> MakeKafkaConsumer(const KafkaProperties& properties,
                                                       const LogConsumerOptions& options,
                                                       std::function<void()> on_ready) {
  auto consumer = std::make_unique<KafkaConsumer>(options, std::move(on_ready));
  THALWEG_TRY(consumer->Start(properties));
  return std::unique_ptr<LogConsumer>(std::move(consumer));
}

}  // namespace thalweg::connectors
