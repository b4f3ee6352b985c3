// Pipes Kafka topics into another through the engine's source and sink, with a loop of its own in place of the engine: one thread,
// a checkpoint file, a restart from it. What the tests of the connector against a real broker run.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/bytes.h"
#include "connectors/bare_task.h"
#include "connectors/kafka_sink.h"
#include "connectors/kafka_source.h"

namespace {

using namespace thalweg;              // NOLINT(google-build-using-namespace)
using namespace thalweg::connectors;  // NOLINT(google-build-using-namespace)
using flow::Progress;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kTick{10};  // how often a waiting loop looks at its clocks

struct Arguments {
  std::string bootstrap_servers, out_topic, group, state_file, pause_split;
  std::vector<std::string> topics, properties;
  std::string pattern, start = "earliest", stop = "never", guarantee = "at-least-once", partitioner = "default";
  int parallelism = 1;
  int64_t discovery_ms = 0, checkpoint_ms = 200, pause_ms = 0, memory = 0;
};

/// "kind" or "kind:number".
std::pair<std::string, int64_t> KindAndNumber(const std::string& text) {
  size_t colon = text.find(':');
  if (colon == text.npos) return {text, 0};
  return {text.substr(0, colon), std::stoll(text.substr(colon + 1))};
}

StartOffsets ParseStart(const std::string& text) {
  auto [kind, number] = KindAndNumber(text);
  if (kind == "latest") return StartOffsets::Latest();
  if (kind == "committed") return StartOffsets::Committed();
  if (kind == "committed-or-earliest") return StartOffsets::Committed(OffsetReset::kEarliest);
  if (kind == "committed-or-latest") return StartOffsets::Committed(OffsetReset::kLatest);
  if (kind == "timestamp") return StartOffsets::Timestamp(number);
  return StartOffsets::Earliest();
}

StopOffsets ParseStop(const Arguments& arguments) {
  auto [kind, number] = KindAndNumber(arguments.stop);
  if (kind == "specific") return StopOffsets::Specific({{{arguments.topics.at(0), 0}, number}});
  if (kind == "latest") return StopOffsets::Latest();
  if (kind == "committed") return StopOffsets::Committed();
  if (kind == "timestamp") return StopOffsets::Timestamp(number);
  return StopOffsets::Never();
}

Properties ParseProperties(const Arguments& arguments) {
  Properties properties = {{"bootstrap.servers", arguments.bootstrap_servers}};
  for (const std::string& text : arguments.properties) {
    size_t equals = text.find('=');
    if (equals != text.npos) properties[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return properties;
}

/// What a checkpoint holds.
struct Saved {
  std::string enumerator;
  std::vector<flow::Split> splits;

  static std::optional<Saved> Load(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::stringstream bytes;
    bytes << file.rdbuf();
    const std::string held = bytes.str();
    ByteReader in(held);
    Saved saved;
    saved.enumerator = in.String();
    for (uint64_t i = 0, count = in.Varint(); i < count; ++i) {
      std::string id(in.String());
      saved.splits.push_back({std::move(id), std::string(in.String())});
    }
    THALWEG_CHECK(in.status().ok() && in.AtEnd());
    return saved;
  }
  /// Whole or not at all.
  void Store(const std::string& path) const {
    ByteWriter out;
    out.String(enumerator);
    out.Varint(splits.size());
    for (const flow::Split& split : splits) {
      out.String(split.id);
      out.String(split.state);
    }
    std::ofstream(path + ".tmp", std::ios::binary) << out.view();
    THALWEG_CHECK(std::rename((path + ".tmp").c_str(), path.c_str()) == 0);
  }
};

/// Discovery on a thread of its own.
class Discoverer {
 public:
  Discoverer(flow::SplitEnumerator& enumerator, CountingWaker& waker) : enumerator_(enumerator), waker_(waker) {
    thread_ = std::thread([this] { Run(); });
  }
  ~Discoverer() {
    stop_ = true;
    thread_.join();
  }
  std::optional<Result<flow::Discovery>> Take() {
    std::lock_guard lock(mutex_);
    return std::exchange(found_, std::nullopt);
  }

 private:
  void Run() {
    do {
      auto found = enumerator_.Discover();
      {
        std::lock_guard lock(mutex_);
        found_ = std::move(found);
      }
      waker_.Wake();
      auto until = steady_clock::now() + milliseconds(enumerator_.discovery_interval_ms());
      while (!stop_ && steady_clock::now() < until) std::this_thread::sleep_for(kTick);
    } while (!stop_ && enumerator_.discovery_interval_ms() > 0);
  }
  flow::SplitEnumerator& enumerator_;
  CountingWaker& waker_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::optional<Result<flow::Discovery>> found_;
  std::thread thread_;
};

class Pipe {
 public:
  explicit Pipe(Arguments arguments) : arguments_(std::move(arguments)) {}
  Status Run();

 private:
  struct Reader {
    std::unique_ptr<BareContext> context;
    std::unique_ptr<flow::SourceReader> reader;
    std::unique_ptr<KeepingSourceOutput> out;
    bool finished = false;
  };
  Status Open();
  Status Apply(const std::vector<flow::EnumeratorAction>& actions);
  Status Loop();
  Result<bool> PollAll();
  Status Write(columns::Batch batch);
  template <typename Call>
  Status UntilDone(Call call);
  Status Checkpoint();
  void Wait();

  const Arguments arguments_;
  std::shared_ptr<CountingWaker> waker_ = std::make_shared<CountingWaker>();
  std::shared_ptr<KafkaSource> source_;
  std::unique_ptr<flow::SplitEnumerator> enumerator_;
  std::vector<Reader> readers_;
  BareContext sink_context_{waker_};
  KeepingOutput nowhere_{sink_context_.pool()};
  std::unique_ptr<KafkaSink> sink_;
  std::unique_ptr<Discoverer> discoverer_;
  uint64_t checkpoint_ = 0;
  int64_t rows_ = 0;
};

Status Pipe::Open() {
  KafkaSourceOptions source{.properties = ParseProperties(arguments_),
                            .topics = arguments_.topics,
                            .topic_pattern = arguments_.pattern,
                            .start = ParseStart(arguments_.start),
                            .stop = ParseStop(arguments_),
                            .discovery_interval_ms = arguments_.discovery_ms};
  source.rows.metadata = {KafkaMetadata::kKey, KafkaMetadata::kHeaders};
  source.reader_memory_bytes = arguments_.memory;
  if (!arguments_.group.empty()) source.properties["group.id"] = arguments_.group;
  THALWEG_ASSIGN(source_, KafkaSource::Make(source));
  THALWEG_ASSIGN(enumerator_, source_->CreateEnumerator());
  KafkaSinkOptions sink{
      .properties = ParseProperties(arguments_), .topic = arguments_.out_topic, .key_column = 1, .headers_column = 2};
  if (arguments_.guarantee == "none") sink.guarantee = DeliveryGuarantee::kNone;
  if (arguments_.guarantee == "exactly-once") sink.guarantee = DeliveryGuarantee::kExactlyOnce;
  if (arguments_.partitioner == "fixed") sink.partitioner = KafkaPartitioner::kFixed;
  if (arguments_.partitioner == "round-robin") {
    sink.partitioner = KafkaPartitioner::kRoundRobin;
    sink.key_column = -1;
  }
  sink.memory_bytes = arguments_.memory;
  THALWEG_ASSIGN(sink_, KafkaSink::Make(sink));
  THALWEG_TRY(sink_->Open(sink_context_));
  for (int i = 0; i < arguments_.parallelism; ++i) {
    Reader& reader = readers_.emplace_back();
    reader.context = std::make_unique<BareContext>(waker_);
    reader.context->task().subtask = i;
    THALWEG_ASSIGN(reader.reader, source_->CreateReader());
    THALWEG_TRY(reader.reader->Open(*reader.context));
    reader.out = std::make_unique<KeepingSourceOutput>(reader.context->pool());
  }
  std::vector<flow::Split> restored;
  if (auto saved = Saved::Load(arguments_.state_file)) {
    THALWEG_TRY(enumerator_->Restore(saved->enumerator));
    restored = saved->splits;
    std::printf("restored %zu splits\n", restored.size());
  }
  discoverer_ = std::make_unique<Discoverer>(*enumerator_, *waker_);
  return Apply(enumerator_->OnStart(arguments_.parallelism, restored));
}

Status Pipe::Apply(const std::vector<flow::EnumeratorAction>& actions) {
  for (const flow::EnumeratorAction& action : actions) {
    flow::SourceReader& reader = *readers_[static_cast<size_t>(action.subtask)].reader;
    if (action.kind == flow::EnumeratorAction::Kind::kAssign) THALWEG_TRY(reader.AddSplits(action.splits));
    if (action.kind == flow::EnumeratorAction::Kind::kNoMoreSplits) reader.NoMoreSplits();
    for (const flow::Split& split : action.splits)
      if (split.id == arguments_.pause_split) reader.PauseSplit(split.id, true);
  }
  return {};
}

void Pipe::Wait() { std::this_thread::sleep_for(std::chrono::microseconds(500)); }

template <typename Call>
Status Pipe::UntilDone(Call call) {
  while (true) {
    THALWEG_ASSIGN(Progress progress, call());
    if (progress == Progress::kDone) return {};
    if (progress == Progress::kBlocked) Wait();
  }
}

Status Pipe::Write(columns::Batch batch) {
  rows_ += batch.rows();
  flow::Rows rows(std::move(batch));
  return UntilDone([&] { return sink_->Process(0, rows, nowhere_); });
}

Result<bool> Pipe::PollAll() {
  bool any = false;
  for (Reader& reader : readers_) {
    if (reader.finished) continue;
    THALWEG_ASSIGN(flow::ReadProgress progress, reader.reader->Poll(*reader.out));
    for (auto& [split, batch] : reader.out->batches) THALWEG_TRY(Write(std::move(batch)));
    reader.out->batches.clear();
    reader.finished = progress == flow::ReadProgress::kFinished;
    any |= progress == flow::ReadProgress::kMore;
  }
  return any;
}

Status Pipe::Checkpoint() {
  const flow::Barrier barrier{.id = ++checkpoint_};
  THALWEG_TRY(UntilDone([&] { return sink_->PrepareBarrier(barrier, nowhere_); }));
  Saved saved{.enumerator = enumerator_->Snapshot()};
  for (Reader& reader : readers_) {
    for (flow::Split& split : reader.reader->SnapshotSplits()) saved.splits.push_back(std::move(split));
    reader.reader->OnSnapshot(barrier.id);
  }
  if (!arguments_.state_file.empty()) saved.Store(arguments_.state_file);
  for (Reader& reader : readers_) THALWEG_TRY(reader.reader->OnCheckpointComplete(barrier.id));
  return {};
}

Status Pipe::Loop() {
  const auto begin = steady_clock::now();
  auto next_checkpoint = begin + milliseconds(arguments_.checkpoint_ms);
  bool paused = !arguments_.pause_split.empty();
  while (true) {
    if (auto found = discoverer_->Take()) {
      THALWEG_TRY(found->status());
      THALWEG_TRY(Apply(enumerator_->OnDiscovery(**found)));
    }
    THALWEG_ASSIGN(bool any, PollAll());
    bool finished = true;
    for (const Reader& reader : readers_) finished &= reader.finished;
    if (finished) return {};
    const auto now = steady_clock::now();
    if (paused && now >= begin + milliseconds(arguments_.pause_ms)) {
      paused = false;
      std::printf("resumed after %ld rows\n", rows_);
      for (Reader& reader : readers_) reader.reader->PauseSplit(arguments_.pause_split, false);
    }
    if (now >= next_checkpoint) {
      THALWEG_TRY(Checkpoint());
      next_checkpoint = steady_clock::now() + milliseconds(arguments_.checkpoint_ms);
    }
    if (!any) Wait();
  }
}

Status Pipe::Run() {
  Status status = Open();
  const auto begin = steady_clock::now();
  if (status.ok()) status = Loop();
  if (status.ok()) status = UntilDone([&] { return sink_->OnEnd(flow::EndKind::kFinished, nowhere_); });
  if (status.ok()) status = Checkpoint();
  discoverer_.reset();
  std::this_thread::sleep_for(milliseconds(status.ok() && !arguments_.group.empty() ? 300 : 0));  // for the last commit
  for (Reader& reader : readers_)
    if (reader.reader) reader.reader->Close();
  if (sink_) sink_->Close();
  const double seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
  std::printf("rows %ld in %.2f s\n", rows_, seconds);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Arguments arguments;
  CLI::App app("Pipes Kafka topics through the engine's source and sink");
  app.add_option("--bootstrap-servers", arguments.bootstrap_servers)->required();
  app.add_option("--topic", arguments.topics);
  app.add_option("--pattern", arguments.pattern);
  app.add_option("--out-topic", arguments.out_topic)->required();
  app.add_option("--group", arguments.group);
  app.add_option("--start", arguments.start,
                 "earliest, latest, committed, committed-or-earliest, committed-or-latest, timestamp:MS");
  app.add_option("--stop", arguments.stop, "never, latest, committed, timestamp:MS, specific:OFFSET of partition 0");
  app.add_option("--guarantee", arguments.guarantee);
  app.add_option("--partitioner", arguments.partitioner, "default, fixed, round-robin (drops the keys)");
  app.add_option("--parallelism", arguments.parallelism);
  app.add_option("--discovery-ms", arguments.discovery_ms);
  app.add_option("--checkpoint-ms", arguments.checkpoint_ms);
  app.add_option("--state", arguments.state_file, "file of the last checkpoint; restored from if it exists");
  app.add_option("--memory", arguments.memory, "bytes per reader and sink");
  app.add_option("--pause", arguments.pause_split, "a split to hold back for --pause-ms");
  app.add_option("--pause-ms", arguments.pause_ms);
  app.add_option("-p,--property", arguments.properties, "NAME=VALUE for Kafka's client");
  CLI11_PARSE(app, argc, argv);
  Status status = Pipe(std::move(arguments)).Run();
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
