#include "connectors/file_sink.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "base/bytes.h"
#include "formats/csv.h"
#include "formats/encoder.h"
#include "formats/parquet.h"
#include "formats/parse_debezium.h"
#include "formats/raw.h"
#include "metrics/names.h"
#include "metrics/registry.h"

namespace thalweg::connectors {
namespace {

constexpr uint8_t kCommittableVersion = 1;
constexpr size_t kWriteBytes = 1 << 20;              // handed to an I/O thread at once
constexpr size_t kWritesInFlight = 4;                // handed over and not yet written; beyond it the sink is blocked
constexpr int32_t kRowsPerEncode = 256;              // between two looks at the size of the part
constexpr int64_t kAbandonedSeconds = 24 * 60 * 60;  // untouched for so long: its writer is dead
constexpr int64_t kBusyRetryMs = 10;                 // when the I/O threads' queue is full

/// A part that is complete and durable under its hidden name.
struct Committable {
  std::string hidden;
  std::string name;

  std::string Encode() const {
    ByteWriter out;
    out.U8(kCommittableVersion);
    out.String(hidden);
    out.String(name);
    return out.Take();
  }
  static Result<Committable> Decode(std::string_view bytes) {
    ByteReader in(bytes);
    bool known = in.U8() == kCommittableVersion;
    Committable part{std::string(in.String()), std::string(in.String())};
    THALWEG_TRY(in.status());
    if (!known) return InternalError("File sink's committable has an unknown version");
    return part;
  }
};

/// Writes parts in order on I/O threads; one job at a time. The task's thread calls; nothing blocks but the job itself.
class PartWriter {
 public:
  PartWriter(std::shared_ptr<io::Storage> storage, flow::Context& context)
      : context_(&context), shared_(std::make_shared<Shared>()) {
    shared_->storage = std::move(storage);
    shared_->waker = context.waker();
  }
  ~PartWriter() {
    std::lock_guard lock(shared_->mutex);
    shared_->cancelled = true;
  }

  /// Adds bytes to the part of hidden name `path`; `last`: and makes it durable.
  void Write(const std::string& path, std::string bytes, bool last) {
    std::lock_guard lock(shared_->mutex);
    shared_->jobs.push_back({path, std::move(bytes), last});
  }
  /// True if at most `jobs` writes are outstanding; otherwise the Waker will be woken (or the timer come). The error of a write, once
  /// one has failed.
  Result<bool> AtMost(size_t jobs) {
    bool start, enough;
    {
      std::lock_guard lock(shared_->mutex);
      if (!shared_->error.ok()) return shared_->error;
      enough = shared_->jobs.size() <= jobs;
      start = !shared_->running && !shared_->jobs.empty();
      shared_->running |= start;
      if (!enough) shared_->wanted = jobs + 1;
    }
    if (start) Start();
    return enough;
  }

 private:
  struct Job {
    std::string path, bytes;
    bool last;
  };
  struct Shared {
    std::mutex mutex;
    std::deque<Job> jobs;  // the first may be in work
    Status error;
    bool running = false;
    bool cancelled = false;
    size_t wanted = 0;  // the sink sleeps until fewer jobs are left; 0: it does not
    std::shared_ptr<flow::Waker> waker;
    std::shared_ptr<io::Storage> storage;
    std::unique_ptr<io::Writer> writer;  // of the part in work; the running job's
  };

  void Start() {
    if (context_->RunBlocking([shared = shared_] { Work(*shared); }).ok()) return;
    {
      std::lock_guard lock(shared_->mutex);
      shared_->running = false;
    }
    context_->RequestTimer(context_->clock().NowMs() + kBusyRetryMs);
  }

  static void Work(Shared& shared) {
    std::unique_lock lock(shared.mutex);
    while (!shared.jobs.empty() && shared.error.ok() && !shared.cancelled) {
      Job& job = shared.jobs.front();  // stays in place: only this job pops
      lock.unlock();
      Status status = Do(shared, job);
      lock.lock();
      if (!status.ok()) shared.error = std::move(status);
      shared.jobs.pop_front();
      bool wake = shared.wanted > 0 && (shared.jobs.size() < shared.wanted || !shared.error.ok()) && !shared.cancelled;
      if (!wake) continue;
      shared.wanted = 0;
      shared.waker->Wake();
    }
    if (shared.cancelled) shared.writer.reset();
    shared.running = false;
  }

  static Status Do(Shared& shared, const Job& job) {
    Status status = [&]() -> Status {
      if (!shared.writer) {
        THALWEG_ASSIGN(shared.writer, shared.storage->OpenWriter(job.path));
      }
      THALWEG_TRY(shared.writer->Append(job.bytes));
      if (!job.last) return {};
      THALWEG_TRY(shared.writer->Commit());
      shared.writer.reset();
      return {};
    }();
    return status.ok()
               ? status
               : status.WithContext(fmt::format("File sink cannot write {}{}", job.path, FreeSpace(*shared.storage)));
  }

  // " (3145728 bytes free)" of local folders.
  static std::string FreeSpace(const io::Storage& storage) {
    Result<std::string> folder = io::LocalFolder(storage.uri());
    std::error_code error;
    if (!folder.ok()) return "";
    auto space = std::filesystem::space(*folder, error);
    return error ? "" : fmt::format(" ({} bytes free)", space.available);
  }

  flow::Context* context_;
  std::shared_ptr<Shared> shared_;
};

std::string Extension(const FileSinkOptions& options) {
  if (options.format == FileFormat::kParquet) return ".parquet";
  if (options.format == FileFormat::kAvro) return ".avro";
  std::string text = options.format == FileFormat::kCsv   ? ".csv"
                     : options.format == FileFormat::kRaw ? ".txt"
                                                          : ".json";
  if (options.compression == io::Compression::kGzip) text += ".gz";
  if (options.compression == io::Compression::kZstd) text += ".zst";
  return text;
}

Result<std::unique_ptr<formats::FileEncoder>> MakeEncoder(const FileSinkOptions& options) {
  std::unique_ptr<formats::RowEncoder> rows;
  switch (options.format) {
    case FileFormat::kParquet: return formats::MakeParquetEncoder(options.schema);
    case FileFormat::kAvro: return formats::MakeAvroFileEncoder(options.schema, options.avro, options.avro_codec);
    case FileFormat::kJson: {
      THALWEG_ASSIGN(rows, formats::MakeJsonEncoder(options.schema, options.json));
      break;
    }
    case FileFormat::kCsv: {
      THALWEG_ASSIGN(rows, formats::MakeCsvEncoder(options.schema, options.csv));
      break;
    }
    case FileFormat::kRaw: {
      THALWEG_ASSIGN(rows, formats::MakeRawEncoder(options.schema));
      break;
    }
    case FileFormat::kDebezium: {
      THALWEG_ASSIGN(rows, formats::MakeDebeziumEncoder(options.schema, {.json = options.json}));
      break;
    }
  }
  return formats::MakeLineEncoder(std::move(rows));
}

class FileSink final : public flow::Operator {
 public:
  FileSink(FileSinkOptions options, std::shared_ptr<io::Storage> storage, std::string folder)
      : options_(std::move(options)), storage_(std::move(storage)), folder_(std::move(folder)) {}

  Status Open(flow::Context& context) override {
    context_ = &context;
    run_ = fmt::format("{:08x}", static_cast<uint32_t>(context.random().Next()));
    writer_ = std::make_unique<PartWriter>(storage_, context);
    if (context.task().subtask > 0) return {};
    // What processes left that were killed while they wrote. If the I/O threads are busy: the next start will do it.
    const int64_t age_s = std::max(kAbandonedSeconds, 2 * options_.rollover_interval_ms / 1000);
    (void)context.RunBlocking(
        [storage = storage_, folder = folder_, age_s] { (void)storage->DeleteAbandoned(folder, age_s); });
    return {};
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    while (!rows.done()) {
      THALWEG_ASSIGN(bool ready, writer_->AtMost(kWritesInFlight));
      if (!ready) return flow::Progress::kBlocked;
      if (!encoder_) THALWEG_TRY(StartPart());
      int32_t to = std::min(rows.end(), rows.next() + kRowsPerEncode);
      THALWEG_TRY(encoder_->Append(rows.batch(), rows.next(), to, &encoded_));
      rows.AdvanceTo(to);
      THALWEG_TRY(HandOver(false));
      if (part_bytes_ + encoded_.size() + encoder_->buffered_bytes() >= options_.rolling_file_size)
        THALWEG_TRY(FinishPart());
    }
    // Starts what was handed over.
    THALWEG_TRY(writer_->AtMost(kWritesInFlight).status());
    return flow::Progress::kDone;
  }

  Result<flow::Progress> OnTimer(int64_t now_ms, flow::Output&) override {
    if (encoder_ && now_ms - opened_ms_ >= options_.rollover_interval_ms) THALWEG_TRY(FinishPart());
    THALWEG_TRY(writer_->AtMost(0).status());
    return flow::Progress::kDone;
  }

  Result<flow::Progress> PrepareBarrier(const flow::Barrier& barrier, flow::Output&) override {
    if (barrier.kind != flow::BarrierKind::kCheckpoint) return flow::Progress::kDone;
    return Flush();
  }
  Result<flow::Progress> OnEnd(flow::EndKind, flow::Output&) override { return Flush(); }

  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override {
    std::vector<std::string> committables;
    for (Finished& part : finished_) {
      if (part.checkpoint == 0) part.checkpoint = barrier.id;
      committables.push_back(part.part.Encode());
    }
    return committables;
  }

  Status OnCheckpointComplete(uint64_t checkpoint) override {
    while (!finished_.empty() && finished_.front().checkpoint != 0 && finished_.front().checkpoint <= checkpoint) {
      const Committable& part = finished_.front().part;
      THALWEG_ASSIGN(bool published, Publish(part));
      if (!published)
        return ExternalError("File sink misses a part that it wrote: neither {} nor {} exists", part.hidden, part.name);
      finished_.pop_front();
    }
    return {};
  }

  Status RestoreCommittables(const std::vector<std::string>& committables) override {
    std::vector<std::string> missing;
    for (const std::string& bytes : committables) {
      THALWEG_ASSIGN(Committable part, Committable::Decode(bytes));
      THALWEG_ASSIGN(bool published, Publish(part));
      if (!published) missing.push_back(part.name);
    }
    if (!missing.empty()) TellMissing(missing);
    return {};
  }

  void Close() override {
    writer_.reset();
    // A part that no checkpoint holds will be written again by the next attempt. One that a checkpoint may hold stays.
    for (const Finished& part : finished_)
      if (part.checkpoint == 0) (void)storage_->Delete(part.part.hidden);
    finished_.clear();
  }

 private:
  struct Finished {
    Committable part;
    uint64_t checkpoint = 0;  // the first that holds it; 0: none yet
  };

  Status StartPart() {
    THALWEG_ASSIGN(encoder_, MakeEncoder(options_));
    if (options_.compression != io::Compression::kNone && !HasBlocks(options_.format))
      compressor_ = io::MakeCompressor(options_.compression);
    std::string name = fmt::format("{}-{}-{}-{}{}", options_.part_prefix, run_, context_->task().subtask, parts_++,
                                   Extension(options_));
    part_ = {folder_ + "." + name + ".inprogress", folder_ + name};
    part_bytes_ = 0;
    opened_ms_ = context_->clock().NowMs();
    context_->RequestTimer(opened_ms_ + options_.rollover_interval_ms);
    if (options_.format == FileFormat::kCsv && options_.csv.header)
      encoded_ += formats::CsvHeader(*options_.schema, options_.csv);
    return {};
  }

  // Gives encoded bytes to the I/O threads: when there are enough, or all if the part ends.
  Status HandOver(bool last) {
    if (!last && encoded_.size() < kWriteBytes) return {};
    std::string bytes;
    if (compressor_) {
      THALWEG_TRY(compressor_->Append(encoded_, &bytes));
      if (last) THALWEG_TRY(compressor_->Finish(&bytes));
      encoded_.clear();
    } else {
      bytes = std::exchange(encoded_, {});
    }
    part_bytes_ += bytes.size();
    writer_->Write(part_.hidden, std::move(bytes), last);
    return {};
  }

  Status FinishPart() {
    THALWEG_TRY(encoder_->Finish(&encoded_));
    THALWEG_TRY(HandOver(true));
    encoder_.reset();
    compressor_.reset();
    finished_.push_back({std::move(part_), 0});
    return {};
  }

  Result<flow::Progress> Flush() {
    if (encoder_) THALWEG_TRY(FinishPart());
    THALWEG_ASSIGN(bool durable, writer_->AtMost(0));
    return durable ? flow::Progress::kDone : flow::Progress::kBlocked;
  }

  // A rename of some milliseconds on the task's thread: once per part, where the contract wants the outcome. False: the part is in
  // neither place.
  Result<bool> Publish(const Committable& part) {
    THALWEG_ASSIGN(bool waiting, storage_->Exists(part.hidden));
    if (!waiting) return storage_->Exists(part.name);
    THALWEG_TRY(storage_->Rename(part.hidden, part.name).WithContext("File sink cannot publish a part"));
    return true;
  }

  // Mostly somebody took published parts away since the checkpoint, to use them; a job must be able to go back to it all the same
  // (Flink's does). If nobody did, rows are lost: so it is told.
  void TellMissing(const std::vector<std::string>& names) {
    context_->metrics().counter(metrics::kNumPartsMissing).Add(static_cast<int64_t>(names.size()));
    std::fprintf(stderr,
                 "warning: File sink '%s' misses %zu parts of the checkpoint that was restored (%s%s): if nobody took "
                 "them away, their rows are lost\n",
                 context_->task().operator_name.c_str(), names.size(), names[0].c_str(),
                 names.size() > 1 ? ", ..." : "");
  }

  FileSinkOptions options_;
  std::shared_ptr<io::Storage> storage_;
  std::string folder_;  // below the storage's root; empty or ends with /
  flow::Context* context_ = nullptr;
  std::string run_;
  int64_t parts_ = 0;
  std::unique_ptr<PartWriter> writer_;

  std::unique_ptr<formats::FileEncoder> encoder_;  // of the open part; null: none
  std::unique_ptr<io::Compressor> compressor_;
  Committable part_;
  std::string encoded_;
  uint64_t part_bytes_ = 0;  // handed over
  int64_t opened_ms_ = 0;
  std::deque<Finished> finished_;  // in the order of their checkpoints
};

Status Check(const FileSinkOptions& options) {
  if (!options.schema || options.schema->size() == 0) return UserError("File sink needs a schema: {}", options.path);
  if (options.rolling_file_size == 0) return UserError("sink.rolling-policy.file-size must not be 0");
  if (options.rollover_interval_ms <= 0) return UserError("sink.rolling-policy.rollover-interval must be above 0");
  if (HasBlocks(options.format) && options.compression != io::Compression::kNone)
    return UserError("{} compresses by itself: leave the file sink's compression out",
                     options.format == FileFormat::kAvro ? "Avro" : "Parquet");
  if (options.part_prefix.find('/') != std::string::npos)
    return UserError("Part prefix holds a '/': {}", options.part_prefix);
  return MakeEncoder(options).status();
}

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeFileSink(FileSinkOptions options, std::shared_ptr<io::Storage> storage) {
  THALWEG_TRY(Check(options));
  std::string folder = options.path.empty() ? "" : options.path + "/";
  return std::unique_ptr<flow::Operator>(
      std::make_unique<FileSink>(std::move(options), std::move(storage), std::move(folder)));
}

Result<std::unique_ptr<flow::Operator>> MakeFileSink(FileSinkOptions options) {
  if (options.path.empty()) return UserError("File sink needs a path");
  std::string path = options.path;
  if (path.starts_with("file:") || path.find("://") != std::string::npos) {
    THALWEG_ASSIGN(path, io::LocalFolder(path));
  }
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error) return UserError("Path cannot be resolved: {}: {}", path, error.message());
  THALWEG_ASSIGN(std::shared_ptr<io::Storage> storage, io::OpenStorage(absolute.lexically_normal().string()));
  options.path = "";
  return MakeFileSink(std::move(options), std::move(storage));
}

}  // namespace thalweg::connectors
