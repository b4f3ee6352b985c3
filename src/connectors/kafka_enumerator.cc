#include "connectors/kafka_enumerator.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cstdio>

#include "base/bytes.h"

namespace thalweg::connectors {
namespace {

constexpr uint8_t kKafkaEnumeratorVersion = 1;
constexpr size_t kNamedInError = 5;  // partitions spelled out in a message

/// java.lang.String.hashCode of a topic name (names are ASCII).
int32_t JavaHash(std::string_view text) {
  uint32_t hash = 0;
  for (char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
  return static_cast<int32_t>(hash);
}

std::string Names(const std::vector<TopicPartition>& partitions) {
  std::string text;
  for (size_t i = 0; i < partitions.size() && i < kNamedInError; ++i)
    text += (i ? ", " : "") + KafkaSplitId(partitions[i]);
  if (partitions.size() > kNamedInError) text += fmt::format(", and {} more", partitions.size() - kNamedInError);
  return text;
}

std::vector<TopicPartition> Missing(const std::vector<TopicPartition>& partitions, const LogOffsets& offsets) {
  std::vector<TopicPartition> missing;
  for (const TopicPartition& partition : partitions)
    if (!offsets.contains(partition)) missing.push_back(partition);
  return missing;
}

/// One line for the person who restarted the job; tests/e2e reads it, too.
void TellRestored(const std::vector<flow::Split>& restored) {
  std::string places;
  for (const flow::Split& split : restored)
    if (auto decoded = DecodeKafkaSplit(split.state); decoded.ok())
      places += fmt::format("{}{}@{}", places.empty() ? "" : ", ", split.id, decoded->next_offset);
  if (!places.empty()) std::fprintf(stderr, "Kafka source resumes at %s\n", places.c_str());
}

}  // namespace

/// A regular expression with Java's meaning, over whole names.
struct KafkaEnumerator::Pattern {
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  std::unique_ptr<pcre2_code, Free> code;

  static Result<std::shared_ptr<const Pattern>> Make(const std::string& text) {
    int error = 0;
    PCRE2_SIZE at = 0;
    auto pattern = std::make_shared<Pattern>();
    pattern->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                      PCRE2_ANCHORED | PCRE2_ENDANCHORED, &error, &at, nullptr));
    if (pattern->code) return std::shared_ptr<const Pattern>(std::move(pattern));
    char reason[128] = "";  // PCRE2's longest message fits
    pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(reason), sizeof(reason));
    return UserError("Topic pattern is no regular expression: '{}': {} at character {}", text,
                     static_cast<const char*>(reason), at);
  }
  bool Matches(std::string_view name) const {
    std::unique_ptr<pcre2_match_data, Free> data(pcre2_match_data_create_from_pattern(code.get(), nullptr));
    return pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0, data.get(), nullptr) >=
           0;
  }
};

int KafkaSplitOwner(const TopicPartition& partition, int parallelism) {
  const auto start =
      (static_cast<uint32_t>(JavaHash(partition.topic)) * 31 & 0x7fffffffu) % static_cast<uint32_t>(parallelism);
  return static_cast<int>((start + static_cast<uint32_t>(partition.partition)) % static_cast<uint32_t>(parallelism));
}

KafkaEnumerator::KafkaEnumerator(KafkaEnumeratorOptions options, std::shared_ptr<LogClient> client)
    : options_(std::move(options)), client_(std::move(client)) {}

Result<std::unique_ptr<KafkaEnumerator>> KafkaEnumerator::Make(KafkaEnumeratorOptions options,
                                                               std::shared_ptr<LogClient> client) {
  if (options.topics.empty() == options.topic_pattern.empty())
    return UserError("Kafka source needs either topics or a topic pattern: {} topics, pattern '{}'",
                     options.topics.size(), options.topic_pattern);
  std::unique_ptr<KafkaEnumerator> enumerator(new KafkaEnumerator(std::move(options), std::move(client)));
  if (const std::string& pattern = enumerator->options_.topic_pattern; !pattern.empty()) {
    THALWEG_ASSIGN(enumerator->pattern_, Pattern::Make(pattern));
  }
  return enumerator;
}

Result<flow::Discovery> KafkaEnumerator::Discover() {
  auto partitions = List();
  if (!partitions.ok()) {
    if (!first_look_done_ || partitions.status().category() != ErrorCategory::kExternal) return partitions.status();
    partitions = std::vector<TopicPartition>();
  }
  std::vector<TopicPartition> fresh;
  for (const TopicPartition& partition : *partitions)
    if (!looked_up_.contains(KafkaSplitId(partition))) fresh.push_back(partition);
  auto splits = Resolve(fresh, !first_look_done_);
  if (!splits.ok()) {
    if (!first_look_done_ || splits.status().category() != ErrorCategory::kExternal) return splits.status();
    splits = std::vector<KafkaSplit>();  // looked up again next time
  }
  for (const KafkaSplit& split : *splits) looked_up_[KafkaSplitId(split.partition)] = EncodeKafkaSplit(split);
  first_look_done_ = true;
  flow::Discovery discovery;
  for (const auto& [id, split] : looked_up_) discovery.splits.push_back(split);
  return discovery;
}

Result<std::vector<TopicPartition>> KafkaEnumerator::List() {
  THALWEG_ASSIGN(std::vector<LogTopic> topics, client_->Topics(options_.topics, stop_.get_token()));
  if (pattern_) std::erase_if(topics, [&](const LogTopic& topic) { return !pattern_->Matches(topic.name); });
  if (topics.empty() && options_.discovery_interval_ms == 0)
    return UserError("Topic pattern matches no Kafka topic: '{}'", options_.topic_pattern);
  std::vector<TopicPartition> partitions;
  for (const LogTopic& topic : topics)
    for (int32_t i = 0; i < topic.partitions; ++i) partitions.push_back({topic.name, i});
  std::sort(partitions.begin(), partitions.end());
  partitions.erase(std::unique(partitions.begin(), partitions.end()), partitions.end());
  return partitions;
}

Result<std::vector<KafkaSplit>> KafkaEnumerator::Resolve(const std::vector<TopicPartition>& partitions, bool first) {
  std::vector<KafkaSplit> splits;
  if (partitions.empty()) return splits;
  THALWEG_ASSIGN(LogOffsets starts, StartOf(partitions, first));
  THALWEG_ASSIGN(LogOffsets stops, StopOf(partitions));
  for (const TopicPartition& partition : partitions) {
    auto start = starts.find(partition);
    if (start == starts.end()) return ExternalError("Kafka tells no start offset of {}", KafkaSplitId(partition));
    auto stop = stops.find(partition);
    splits.push_back({partition, start->second, stop == stops.end() ? KafkaSplit::kNoStop : stop->second});
  }
  return splits;
}

Result<LogOffsets> KafkaEnumerator::Ask(const std::vector<TopicPartition>& partitions, OffsetQuery query) {
  return client_->Offsets(partitions, query, stop_.get_token());
}

Result<LogOffsets> KafkaEnumerator::AskOrLatest(const std::vector<TopicPartition>& partitions, OffsetQuery query) {
  THALWEG_ASSIGN(LogOffsets offsets, Ask(partitions, query));
  THALWEG_ASSIGN(LogOffsets latest, Ask(Missing(partitions, offsets), {OffsetQuery::Kind::kLatest}));
  offsets.insert(latest.begin(), latest.end());
  return offsets;
}

Result<LogOffsets> KafkaEnumerator::StartOf(const std::vector<TopicPartition>& partitions, bool first) {
  const StartOffsets& start = options_.start;
  if (!first) return Ask(partitions, {OffsetQuery::Kind::kEarliest});
  switch (start.kind) {
    case StartOffsets::Kind::kEarliest: return Ask(partitions, {OffsetQuery::Kind::kEarliest});
    case StartOffsets::Kind::kLatest: return Ask(partitions, {OffsetQuery::Kind::kLatest});
    case StartOffsets::Kind::kTimestamp:
      return AskOrLatest(partitions, {OffsetQuery::Kind::kTimestamp, start.timestamp_ms});
    case StartOffsets::Kind::kCommitted: return CommittedOr(partitions, start.reset);
    case StartOffsets::Kind::kSpecific: return Named(partitions, start.specific, start.reset);
  }
  return InternalError("Unknown start of a Kafka source: {}", static_cast<int>(start.kind));
}

Result<LogOffsets> KafkaEnumerator::CommittedOr(const std::vector<TopicPartition>& partitions, OffsetReset reset) {
  LogOffsets known;
  if (!client_->group().empty()) {
    THALWEG_ASSIGN(known, Ask(partitions, {OffsetQuery::Kind::kCommitted}));
  }
  std::vector<TopicPartition> missing = Missing(partitions, known);
  if (missing.empty()) return known;
  if (reset == OffsetReset::kNone)
    return UserError(
        "Group '{}' has committed no offset to start at for {}: set 'properties.auto.offset.reset' to earliest or "
        "latest",
        client_->group(), Names(missing));
  auto kind = reset == OffsetReset::kLatest ? OffsetQuery::Kind::kLatest : OffsetQuery::Kind::kEarliest;
  THALWEG_ASSIGN(LogOffsets others, Ask(missing, {kind}));
  known.insert(others.begin(), others.end());
  return known;
}

Result<LogOffsets> KafkaEnumerator::Named(const std::vector<TopicPartition>& partitions, const LogOffsets& named,
                                          OffsetReset reset) {
  THALWEG_ASSIGN(LogOffsets offsets, CommittedOr(Missing(partitions, named), reset));
  offsets.insert(named.begin(), named.end());
  return offsets;
}

Result<LogOffsets> KafkaEnumerator::StopOf(const std::vector<TopicPartition>& partitions) {
  const StopOffsets& stop = options_.stop;
  switch (stop.kind) {
    case StopOffsets::Kind::kNever: return LogOffsets();
    case StopOffsets::Kind::kLatest: return Ask(partitions, {OffsetQuery::Kind::kLatest});
    case StopOffsets::Kind::kTimestamp:
      return AskOrLatest(partitions, {OffsetQuery::Kind::kTimestamp, stop.timestamp_ms});
    case StopOffsets::Kind::kCommitted: {
      THALWEG_ASSIGN(LogOffsets committed, Ask(partitions, {OffsetQuery::Kind::kCommitted}));
      if (auto missing = Missing(partitions, committed); !missing.empty())
        return UserError("Group '{}' has committed no offset to stop at for {}", client_->group(), Names(missing));
      return committed;
    }
    case StopOffsets::Kind::kSpecific: return Named(partitions, stop.specific, OffsetReset::kEarliest);
  }
  return InternalError("Unknown stop of a Kafka source: {}", static_cast<int>(stop.kind));
}

std::vector<flow::EnumeratorAction> KafkaEnumerator::OnDiscovery(const flow::Discovery& discovery) {
  std::vector<flow::EnumeratorAction> actions;
  std::vector<flow::Split> fresh;
  // Without periodic discovery the job reads what existed when it first started, also after a restore.
  const bool closed = discovered_ && options_.discovery_interval_ms == 0;
  for (const flow::Split& split : discovery.splits)
    if (!closed && seen_.insert(split.id).second) fresh.push_back(split);
  discovered_ = true;
  if (parallelism_ == 0) {
    waiting_.insert(waiting_.end(), fresh.begin(), fresh.end());
    return actions;
  }
  GiveOut(fresh, actions);
  NoMore(actions);
  return actions;
}

std::vector<flow::EnumeratorAction> KafkaEnumerator::OnStart(int parallelism,
                                                             const std::vector<flow::Split>& restored) {
  parallelism_ = parallelism;
  std::vector<flow::EnumeratorAction> actions;
  for (const flow::Split& split : restored) seen_.insert(split.id);
  TellRestored(restored);
  std::vector<flow::Split> splits = restored;
  splits.insert(splits.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  GiveOut(splits, actions);
  NoMore(actions);
  return actions;
}

void KafkaEnumerator::GiveOut(const std::vector<flow::Split>& splits,
                              std::vector<flow::EnumeratorAction>& actions) const {
  std::map<int, std::vector<flow::Split>> by_reader;
  for (const flow::Split& split : splits) {
    auto decoded = DecodeKafkaSplit(split.state);
    // A damaged one goes to reader 0, which tells: methods of an enumerator cannot fail.
    by_reader[decoded.ok() ? KafkaSplitOwner(decoded->partition, parallelism_) : 0].push_back(split);
  }
  for (auto& [reader, given] : by_reader)
    actions.push_back({.kind = flow::EnumeratorAction::Kind::kAssign, .subtask = reader, .splits = std::move(given)});
}

void KafkaEnumerator::NoMore(std::vector<flow::EnumeratorAction>& actions) const {
  if (!discovered_ || options_.discovery_interval_ms > 0) return;
  for (int reader = 0; reader < parallelism_; ++reader)
    actions.push_back({.kind = flow::EnumeratorAction::Kind::kNoMoreSplits, .subtask = reader});
}

std::string KafkaEnumerator::Snapshot() const {
  ByteWriter out;
  out.U8(kKafkaEnumeratorVersion);
  out.Bool(discovered_);
  out.Varint(seen_.size());
  for (const std::string& id : seen_) out.String(id);
  out.Varint(waiting_.size());
  for (const flow::Split& split : waiting_) {
    out.String(split.id);
    out.String(split.state);
  }
  return out.Take();
}

Status KafkaEnumerator::Restore(std::string_view bytes) {
  ByteReader in(bytes);
  if (uint8_t version = in.U8(); version != kKafkaEnumeratorVersion && !in.failed())
    return ExternalError("Kafka enumerator state was written by a newer version: {}, known up to {}", version,
                         kKafkaEnumeratorVersion);
  discovered_ = in.Bool();
  for (uint64_t i = 0, count = in.Varint(); i < count && !in.failed(); ++i) seen_.emplace(in.String());
  for (uint64_t i = 0, count = in.Varint(); i < count && !in.failed(); ++i) {
    flow::Split split;
    split.id = in.String();
    split.state = in.String();
    waiting_.push_back(std::move(split));
  }
  THALWEG_TRY(in.status().WithContext("Malformed Kafka enumerator state"));
  if (!in.AtEnd()) return ExternalError("Malformed Kafka enumerator state: {} bytes left over", in.remaining());
  first_look_done_ = discovered_;
  for (const std::string& id : seen_) looked_up_[id] = {id, ""};
  return {};
}

}  // namespace thalweg::connectors
