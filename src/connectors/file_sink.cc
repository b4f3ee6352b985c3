#include "connectors/file_sink.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/bytes.h"
#include "columns/gather.h"
#include "connectors/file_part_writer.h"
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

/// A part that takes rows.
struct OpenPart {
  std::string folder;  // of its partition, ends with /; empty without partitions
  Committable part;
  std::unique_ptr<formats::FileEncoder> encoder;
  std::unique_ptr<io::Compressor> compressor;  // from the first bytes that are handed over
  std::string encoded;                         // not yet handed over
  uint64_t handed_over = 0;                    // bytes
  bool has_file = false;                       // some were
  int64_t opened_ms = 0;
  size_t counted = 0;  // in the sink's sum of what parts hold

  size_t held() const { return encoded.size() + encoder->buffered_bytes(); }
};
/// The first is the one to which rows came longest ago.
using OpenParts = std::list<OpenPart>;

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
    case FileFormat::kParquet: return formats::MakeParquetEncoder(options.schema, options.parquet);
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

/// Which columns of the rows say the partition, and which are written.
struct WrittenColumns {
  std::vector<int> keys;    // in the order of the folders
  std::vector<int> values;  // ascending
  types::SchemaPtr schema;  // of `values`

  static Result<WrittenColumns> Of(const types::Schema& rows, const FilePartitions& partitions) {
    WrittenColumns columns;
    for (const types::Field& key : partitions.keys) {
      const int place = rows.Find(key.name);
      if (place < 0) return UserError("Partition column '{}' is none of {}", key.name, rows.ToString());
      columns.keys.push_back(place);
    }
    std::vector<types::Field> fields;
    for (int i = 0; i < rows.size(); ++i) {
      if (std::find(columns.keys.begin(), columns.keys.end(), i) != columns.keys.end()) continue;
      columns.values.push_back(i);
      fields.push_back(rows.field(i));
    }
    if (fields.empty()) return UserError("Every column says the partition, none is left for the files");
    columns.schema = std::make_shared<const types::Schema>(std::move(fields));
    return columns;
  }

  /// The rows of `batch` with the columns that are written; shares its buffers.
  columns::Batch Of(const columns::Batch& batch, columns::BufferPool& pool) const {
    columns::Batch written = batch.Share(pool);
    for (size_t i = 0; i < values.size(); ++i)
      if (values[i] != static_cast<int>(i)) written.column(static_cast<int>(i)) = std::move(written.column(values[i]));
    written.DropColumns(static_cast<int>(values.size()));
    return written;
  }
};

class FileSink final : public flow::Operator {
 public:
  /// The options' schema is that of the files.
  FileSink(FileSinkOptions options, WrittenColumns columns, std::shared_ptr<io::Storage> storage, std::string folder)
      : options_(std::move(options)),
        columns_(std::move(columns)),
        storage_(std::move(storage)),
        folder_(std::move(folder)) {}

  Status Open(flow::Context& context) override {
    context_ = &context;
    run_ = fmt::format("{:08x}", static_cast<uint32_t>(context.random().Next()));
    writer_ = std::make_unique<FilePartWriter>(storage_, context);
    if (options_.commit.enabled()) {
      commits_.emplace(options_.commit, options_.partitions);
      THALWEG_TRY(commits_->Open(context));
    }
    if (context.task().subtask > 0) return {};
    // What processes left that were killed while they wrote. If the I/O threads are busy: the next start will do it.
    const int64_t age_s = std::max(kAbandonedSeconds, 2 * options_.rollover_interval_ms / 1000);
    (void)context.RunBlocking(
        [storage = storage_, folder = folder_, age_s] { (void)storage->DeleteAbandoned(folder, age_s); });
    return {};
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    columns::Batch written;
    if (!options_.partitions.empty()) written = columns_.Of(rows.batch(), context_->pool());
    while (!rows.done()) {
      THALWEG_ASSIGN(bool ready, writer_->AtMost(kWritesInFlight));
      if (!ready) return flow::Progress::kBlocked;
      int32_t to = std::min(rows.end(), rows.next() + kRowsPerEncode);
      if (written)
        THALWEG_TRY(AppendByPartition(rows.batch(), written, rows.next(), to));
      else
        THALWEG_TRY(AppendRows("", rows.batch(), rows.next(), to));
      rows.AdvanceTo(to);
    }
    // Starts what was handed over.
    THALWEG_TRY(writer_->AtMost(kWritesInFlight).status());
    return flow::Progress::kDone;
  }

  Result<flow::Progress> OnTimer(int64_t now_ms, flow::Output&) override {
    if (timer_ms_ != 0 && now_ms >= timer_ms_) THALWEG_TRY(EndOldParts(now_ms));
    THALWEG_TRY(writer_->AtMost(0).status());
    return flow::Progress::kDone;
  }

  Result<flow::Progress> PrepareBarrier(const flow::Barrier& barrier, flow::Output&) override {
    if (barrier.kind != flow::BarrierKind::kCheckpoint) return flow::Progress::kDone;
    return Flush();
  }
  Result<flow::Progress> OnWatermark(flow::Watermark watermark, flow::Output&) override {
    if (commits_) commits_->OnWatermark(watermark.time);
    return flow::Progress::kDone;
  }
  Result<flow::Progress> OnEnd(flow::EndKind kind, flow::Output&) override {
    // A job that is stopped goes on later.
    if (commits_ && kind != flow::EndKind::kStop) commits_->OnEnd();
    return Flush();
  }

  Result<std::vector<std::string>> Snapshot(const flow::Barrier& barrier) override {
    std::vector<std::string> committables;
    for (Finished& part : finished_) {
      if (part.checkpoint == 0) part.checkpoint = barrier.id;
      committables.push_back(part.part.Encode());
    }
    if (commits_ && barrier.kind == flow::BarrierKind::kCheckpoint) commits_->OnSnapshot(barrier.id);
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
    return commits_ ? TellPartitions(checkpoint) : Status();
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
  /// A file a partition that is whole, on the task's thread, as the renames before it.
  Status TellPartitions(uint64_t checkpoint) {
    for (const std::string& folder : commits_->OnComplete(checkpoint))
      THALWEG_TRY(storage_->Put(folder_ + folder + options_.commit.success_file, "")
                      .WithContext("File sink cannot say that a partition is whole"));
    return {};
  }

  struct Finished {
    Committable part;
    uint64_t checkpoint = 0;  // the first that holds it; 0: none yet
  };

  /// Rows [from, to), each to the part of its partition. `written`: the same rows without the partition columns.
  Status AppendByPartition(const columns::Batch& batch, const columns::Batch& written, int32_t from, int32_t to) {
    std::map<std::string, std::vector<int32_t>> rows;
    std::string folder;
    for (int32_t row = from; row < to; ++row) {
      folder.clear();
      AppendPartitionFolder(options_.partitions, batch, columns_.keys, row, folder);
      rows[folder].push_back(row);
    }
    for (const auto& [name, of_part] : rows) {
      if (commits_) THALWEG_TRY(commits_->OnRows(name, batch, columns_.keys, of_part.front()));
      const auto count = static_cast<int32_t>(of_part.size());
      if (of_part.back() - of_part.front() + 1 == count)
        THALWEG_TRY(AppendRows(name, written, of_part.front(), of_part.back() + 1));
      else
        THALWEG_TRY(AppendRows(name, columns::Gather(written, of_part.data(), count, context_->pool()), 0, count));
    }
    return {};
  }

  Status AppendRows(const std::string& folder, const columns::Batch& batch, int32_t from, int32_t to) {
    THALWEG_ASSIGN(const OpenParts::iterator part, PartOf(folder));
    THALWEG_TRY(part->encoder->Append(batch, from, to, &part->encoded));
    THALWEG_TRY(HandOver(*part, false));
    Count(*part);
    if (part->handed_over + part->held() >= options_.rolling_file_size) THALWEG_TRY(FinishPart(part));
    while (open_.size() > 1 && held_bytes_ > options_.max_held_bytes) THALWEG_TRY(FinishPart(Largest()));
    return {};
  }

  Result<OpenParts::iterator> PartOf(const std::string& folder) {
    const auto found = by_folder_.find(folder);
    if (found == by_folder_.end()) return StartPart(folder);
    open_.splice(open_.end(), open_, found->second);
    return found->second;
  }

  Result<OpenParts::iterator> StartPart(const std::string& folder) {
    const size_t most = HasBlocks(options_.format) ? (options_.max_open_parts + 9) / 10 : options_.max_open_parts;
    if (open_.size() >= most) THALWEG_TRY(FinishPart(open_.begin()));
    OpenPart part;
    part.folder = folder;
    THALWEG_ASSIGN(part.encoder, MakeEncoder(options_));
    std::string name = fmt::format("{}-{}-{}-{}{}", options_.part_prefix, run_, context_->task().subtask, parts_++,
                                   Extension(options_));
    part.part = {folder_ + folder + "." + name + ".inprogress", folder_ + folder + name};
    part.opened_ms = context_->clock().NowMs();
    if (options_.format == FileFormat::kCsv && options_.csv.header)
      part.encoded += formats::CsvHeader(*options_.schema, options_.csv);
    if (timer_ms_ == 0) LookAgainAt(part.opened_ms + options_.rollover_interval_ms);
    open_.push_back(std::move(part));
    by_folder_[folder] = std::prev(open_.end());
    return std::prev(open_.end());
  }

  void LookAgainAt(int64_t at_ms) {
    timer_ms_ = at_ms;
    context_->RequestTimer(at_ms);
  }
  Status EndOldParts(int64_t now_ms) {
    timer_ms_ = 0;
    int64_t oldest_ms = INT64_MAX;
    for (auto part = open_.begin(); part != open_.end();) {
      const auto next = std::next(part);
      if (now_ms - part->opened_ms >= options_.rollover_interval_ms)
        THALWEG_TRY(FinishPart(part));
      else
        oldest_ms = std::min(oldest_ms, part->opened_ms);
      part = next;
    }
    if (!open_.empty()) LookAgainAt(oldest_ms + options_.rollover_interval_ms);
    return {};
  }

  OpenParts::iterator Largest() {
    return std::max_element(open_.begin(), open_.end(),
                            [](const OpenPart& a, const OpenPart& b) { return a.counted < b.counted; });
  }
  void Count(OpenPart& part) {
    const size_t held = part.held();
    held_bytes_ += held - part.counted;
    part.counted = held;
  }

  // Gives encoded bytes to the I/O threads: when there are enough, or all if the part ends.
  Status HandOver(OpenPart& part, bool last) {
    if (!last && part.encoded.size() < kWriteBytes) return {};
    if (!last && !part.has_file) {
      THALWEG_TRY(MakeRoomForFile());
      part.has_file = true;
      ++files_;
    }
    std::string bytes;
    if (options_.compression != io::Compression::kNone && !HasBlocks(options_.format)) {
      if (!part.compressor) part.compressor = io::MakeCompressor(options_.compression);
      THALWEG_TRY(part.compressor->Append(part.encoded, &bytes));
      if (last) THALWEG_TRY(part.compressor->Finish(&bytes));
      part.encoded.clear();
    } else {
      bytes = std::exchange(part.encoded, {});
    }
    part.handed_over += bytes.size();
    writer_->Write(part.part.hidden, std::move(bytes), last);
    return {};
  }
  Status MakeRoomForFile() {
    if (files_ < options_.max_open_files) return {};
    return FinishPart(std::find_if(open_.begin(), open_.end(), [](const OpenPart& part) { return part.has_file; }));
  }

  Status FinishPart(OpenParts::iterator part) {
    THALWEG_TRY(part->encoder->Finish(&part->encoded));
    THALWEG_TRY(HandOver(*part, true));
    held_bytes_ -= part->counted;
    files_ -= part->has_file;
    finished_.push_back({std::move(part->part), 0});
    by_folder_.erase(part->folder);
    open_.erase(part);
    return {};
  }

  Result<flow::Progress> Flush() {
    while (!open_.empty()) THALWEG_TRY(FinishPart(open_.begin()));
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
  WrittenColumns columns_;
  std::shared_ptr<io::Storage> storage_;
  std::string folder_;  // below the storage's root; empty or ends with /
  flow::Context* context_ = nullptr;
  std::string run_;
  int64_t parts_ = 0;
  std::unique_ptr<FilePartWriter> writer_;

  std::optional<PartitionCommits> commits_;
  OpenParts open_;
  std::unordered_map<std::string, OpenParts::iterator> by_folder_;
  size_t held_bytes_ = 0;          // by open parts
  size_t files_ = 0;               // of open parts
  int64_t timer_ms_ = 0;           // when old parts are looked for; 0: not asked for
  std::deque<Finished> finished_;  // in the order of their checkpoints
};

Status Check(const FileSinkOptions& options) {
  THALWEG_TRY(CheckPartitions(options.partitions));
  if (options.commit.enabled()) THALWEG_TRY(options.commit.Check());
  if (options.commit.success_file.find('/') != std::string::npos)
    return UserError("Success file's name holds a '/': {}", options.commit.success_file);
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
  if (!options.schema || options.schema->size() == 0) return UserError("File sink needs a schema: {}", options.path);
  THALWEG_ASSIGN(WrittenColumns columns, WrittenColumns::Of(*options.schema, options.partitions));
  options.schema = columns.schema;
  THALWEG_TRY(Check(options));
  std::string folder = options.path.empty() ? "" : options.path + "/";
  return std::unique_ptr<flow::Operator>(
      std::make_unique<FileSink>(std::move(options), std::move(columns), std::move(storage), std::move(folder)));
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
