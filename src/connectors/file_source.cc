#include "connectors/file_source.h"

#include <algorithm>
#include <deque>
#include <filesystem>

#include "connectors/file_enumerator.h"
#include "connectors/file_rows.h"
#include "formats/parse_debezium.h"
#include "formats/raw.h"
#include "metrics/names.h"
#include "metrics/registry.h"

namespace thalweg::connectors {
namespace {

using types::DataType;
using types::TypeId;

types::SchemaPtr DecodedColumns(const FileSourceOptions& options) {
  if (options.reads.empty()) return options.schema;
  std::vector<types::Field> fields;
  for (int column : options.reads) fields.push_back(options.schema->field(column));
  return std::make_shared<const types::Schema>(std::move(fields));
}

Result<std::unique_ptr<formats::Decoder>> MakeDecoder(const FileSourceOptions& options) {
  switch (options.format) {
    case FileFormat::kJson: return formats::MakeJsonDecoder(DecodedColumns(options), options.json);
    case FileFormat::kCsv: return formats::MakeCsvDecoder(options.schema, options.csv, options.reads);
    case FileFormat::kRaw: return formats::MakeRawDecoder(options.schema);
    case FileFormat::kAvro: return formats::MakeAvroDecoder(options.schema, options.avro);
    case FileFormat::kDebezium:
      return formats::MakeDebeziumDecoder(options.schema, {options.json, options.schema_include});
    default: return std::unique_ptr<formats::Decoder>();
  }
}

class FileReader final : public flow::SourceReader {
 public:
  FileReader(std::shared_ptr<const FileSourceOptions> options, std::shared_ptr<io::Storage> storage, std::string prefix,
             std::string folder)
      : options_(std::move(options)),
        storage_(std::move(storage)),
        prefix_(std::move(prefix)),
        folder_(std::move(folder)) {}

  Status Open(flow::Context& context) override {
    context_ = &context;
    errors_counter_ = &context.metrics().counter(metrics::kNumRecordsInErrors);
    errors_ = std::make_unique<formats::ParseErrors>(options_->on_parse_error, context.pool());
    THALWEG_ASSIGN(decoder_, MakeDecoder(*options_));
    return {};
  }

  Status AddSplits(const std::vector<flow::Split>& splits) override {
    for (const flow::Split& split : splits) {
      THALWEG_ASSIGN(FileSplit file, FileSplit::FromSplit(split));
      held_.push_back({std::move(file), nullptr, false});
    }
    return {};
  }
  void NoMoreSplits() override { no_more_ = true; }
  void PauseSplit(const std::string& id, bool paused) override {
    for (Held& held : held_)
      if (held.split.id == id) held.paused = paused;
  }

  Result<flow::ReadProgress> Poll(flow::SourceOutput& out) override {
    if (held_.empty()) return no_more_ ? flow::ReadProgress::kFinished : flow::ReadProgress::kIdle;
    auto held = std::find_if(held_.begin(), held_.end(), [](const Held& h) { return !h.paused; });
    if (held == held_.end()) return flow::ReadProgress::kIdle;
    if (!out.has_credit()) return flow::ReadProgress::kMore;
    if (!held->rows) {
      FileReading reading{options_.get(), storage_, context_, DecodedColumns(*options_), &nulls_, decoder_.get(),
                          errors_.get(),  prefix_,  folder_};
      const FileFormat format = options_->format;
      THALWEG_ASSIGN(held->rows, format == FileFormat::kParquet ? OpenParquetFile(reading, held->split)
                                 : format == FileFormat::kAvro  ? OpenAvroFile(reading, held->split)
                                                                : OpenTextFile(reading, held->split));
    }
    columns::Batch batch;
    THALWEG_ASSIGN(FileRows::State state, held->rows->Read(out.poll_rows(), context_->pool(), &batch));
    held->split = held->rows->position();
    if (state == FileRows::State::kPending) return flow::ReadProgress::kIdle;
    EmitDeadLetters(out);
    if (batch) {
      emitted_ = &held->split;
      out.Emit(held->split.id, std::move(batch));
      EmitDeadLetters(out);  // of rows that parsed and do not fit
    }
    errors_counter_->Add(errors_->count() - errors_counted_);
    errors_counted_ = errors_->count();
    if (state == FileRows::State::kEnd) {
      out.FinishSplit(held->split.id);
      held_.erase(held);
    }
    return held_.empty() && no_more_ ? flow::ReadProgress::kFinished : flow::ReadProgress::kMore;
  }

  std::vector<flow::Split> SnapshotSplits() const override {
    std::vector<flow::Split> splits;
    for (const Held& held : held_) splits.push_back(held.split.ToSplit());
    return splits;
  }
  /// Which record a row came from is no longer known; the position behind its batch is.
  Status OnUnfitRow(const columns::UnfitRow& row) override {
    const bool lines = emitted_->line > 0 && !HasBlocks(options_->format);
    return errors_->TakeUnfit(fmt::format("{}{}, before {} {}", prefix_, emitted_->path, lines ? "line" : "position",
                                          lines ? emitted_->line : emitted_->position),
                              "", row.reason);
  }
  void Close() override { held_.clear(); }

 private:
  void EmitDeadLetters(flow::SourceOutput& out) {
    if (errors_->dead_letters() > 0) out.EmitSide(options_->dead_letter_port, errors_->TakeDeadLetters());
  }
  struct Held {
    FileSplit split;
    std::unique_ptr<FileRows> rows;  // null: not begun
    bool paused = false;
  };

  std::shared_ptr<const FileSourceOptions> options_;
  std::shared_ptr<io::Storage> storage_;
  std::string prefix_, folder_;
  flow::Context* context_ = nullptr;
  columns::NullColumns nulls_;
  std::unique_ptr<formats::Decoder> decoder_;
  std::unique_ptr<formats::ParseErrors> errors_;
  metrics::Counter* errors_counter_ = nullptr;
  int64_t errors_counted_ = 0;
  const FileSplit* emitted_ = nullptr;  // of the batch in Emit
  std::deque<Held> held_;
  bool no_more_ = false;
};

class FileSource final : public flow::Source {
 public:
  FileSource(FileSourceOptions options, std::shared_ptr<io::Storage> storage, std::string path, std::string prefix)
      : options_(std::make_shared<FileSourceOptions>(std::move(options))),
        storage_(std::move(storage)),
        path_(std::move(path)),
        prefix_(std::move(prefix)) {}

  bool bounded() const override { return options_->discovery_interval_ms == 0; }
  Result<std::unique_ptr<flow::SplitEnumerator>> CreateEnumerator() override {
    // Changes of one row stay in their order: a file of them is one piece.
    bool divisible = options_->format == FileFormat::kJson || options_->format == FileFormat::kRaw;
    FileListing listing{storage_,
                        path_,
                        options_->path,
                        bounded(),
                        options_->discovery_interval_ms,
                        divisible ? options_->split_bytes : 0,
                        HasBlocks(options_->format) ? 0u : 1u,
                        Wants(FileMetadata::kSize) || Wants(FileMetadata::kModificationTime),
                        options_->wanted_partitions,
                        options_->zone,
                        options_->partitions};
    return std::unique_ptr<flow::SplitEnumerator>(std::make_unique<FileEnumerator>(std::move(listing)));
  }
  Result<std::unique_ptr<flow::SourceReader>> CreateReader() override {
    return std::unique_ptr<flow::SourceReader>(
        std::make_unique<FileReader>(options_, storage_, prefix_, path_.empty() ? "" : path_ + "/"));
  }

 private:
  bool Wants(FileMetadata metadata) const {
    return std::find(options_->metadata.begin(), options_->metadata.end(), metadata) != options_->metadata.end();
  }
  std::shared_ptr<const FileSourceOptions> options_;
  std::shared_ptr<io::Storage> storage_;
  std::string path_;    // below the storage's root
  std::string prefix_;  // the root, in front of paths that people see
};

Status Check(const FileSourceOptions& options) {
  if (options.path.empty()) return UserError("File source needs a path");
  if (!options.schema || options.schema->size() == 0) return UserError("File source needs a schema: {}", options.path);
  if (options.discovery_interval_ms < 0)
    return UserError("Discovery interval is negative: {} ms", options.discovery_interval_ms);
  THALWEG_TRY(CheckPartitions(options.partitions));
  THALWEG_TRY(MakeDecoder(options).status());
  // The bytes of a number may be a line end.
  if (options.format == FileFormat::kRaw && !options.schema->field(0).type.is_variable())
    return UserError("Format raw of files needs a column of STRING or BYTES, a line each; the schema is {}",
                     options.schema->ToString());
  return {};
}

}  // namespace

types::Field FileMetadataField(FileMetadata metadata) {
  switch (metadata) {
    case FileMetadata::kPath: return {"file.path", DataType(TypeId::kString, false)};
    case FileMetadata::kName: return {"file.name", DataType(TypeId::kString, false)};
    case FileMetadata::kOffset: return {"file.offset", DataType(TypeId::kBigInt, false)};
    case FileMetadata::kSize: return {"file.size", DataType(TypeId::kBigInt, false)};
    case FileMetadata::kModificationTime: return {"file.modification-time", DataType::TimestampLtz(3, false)};
    default: return {"file.line", DataType(TypeId::kBigInt)};
  }
}

std::vector<FileMetadata> AllFileMetadata() {
  return {FileMetadata::kPath, FileMetadata::kName, FileMetadata::kOffset,
          FileMetadata::kLine, FileMetadata::kSize, FileMetadata::kModificationTime};
}

Result<FileMetadata> ParseFileMetadata(std::string_view name) {
  std::vector<std::string> names;
  for (FileMetadata metadata : AllFileMetadata()) {
    names.push_back(FileMetadataField(metadata).name);
    if (names.back() == name) return metadata;
  }
  return UserError("Unknown file metadata column: '{}'; there are {}", name, fmt::join(names, ", "));
}

namespace {

/// The columns that were decoded at their places in the schema.
void Spread(const FileReading& reading, columns::BufferPool& pool, columns::Batch& batch) {
  const FileSourceOptions& options = *reading.options;
  if (options.reads.empty()) return;
  std::vector<columns::Column> decoded;
  for (int i = 0; i < batch.num_columns(); ++i) decoded.push_back(std::move(batch.column(i)));
  batch.DropColumns(0);
  for (int column = 0, next = 0; column < options.schema->size(); ++column) {
    const bool read =
        next < static_cast<int>(options.reads.size()) && options.reads[static_cast<size_t>(next)] == column;
    batch.AddColumn(read ? std::move(decoded[static_cast<size_t>(next++)])
                         : reading.nulls->Make(options.schema->field(column).type, batch.rows(), pool));
  }
}

/// What the folder of the split's partition says, the same in each row.
Status AddPartitionColumns(const FileReading& reading, const FileSplit& split, const std::string& path,
                           columns::BufferPool& pool, columns::Batch& batch) {
  const FilePartitions& partitions = reading.options->partitions;
  if (partitions.empty()) return {};
  THALWEG_ASSIGN(const std::vector<PartitionText> values,
                 PartitionOfPath(partitions, std::string_view(split.path).substr(reading.folder.size())));
  for (size_t key = 0; key < values.size(); ++key) {
    columns::ColumnBuilder column(partitions.keys[key].type, pool, batch.rows());
    for (int32_t row = 0; row < batch.rows(); ++row)
      THALWEG_TRY(AppendPartitionValue(partitions.keys[key], values[key], column).WithContext(path));
    batch.AddColumn(column.Take());
  }
  return {};
}

}  // namespace

Status CompleteFileRows(const FileReading& reading, const FileSplit& split, const std::string& path,
                        const std::vector<int64_t>& offsets, const std::vector<int64_t>& lines,
                        columns::BufferPool& pool, columns::Batch& batch) {
  Spread(reading, pool, batch);
  THALWEG_TRY(AddPartitionColumns(reading, split, path, pool, batch));
  const FileSourceOptions& options = *reading.options;
  for (FileMetadata metadata : options.metadata) {
    types::DataType type =
        options.layout.built ? options.layout.built->field(batch.num_columns()).type : FileMetadataField(metadata).type;
    columns::ColumnBuilder column(type, pool, batch.rows());
    std::string_view text = path;
    if (metadata == FileMetadata::kName) text.remove_prefix(path.rfind('/') + 1);
    for (size_t row = 0; row < static_cast<size_t>(batch.rows()); ++row) {
      if (metadata == FileMetadata::kPath || metadata == FileMetadata::kName)
        column.AppendString(text);
      else if (metadata == FileMetadata::kOffset)
        column.Append(offsets[row]);
      else if (metadata == FileMetadata::kSize)
        column.Append(static_cast<int64_t>(split.file_size));
      else if (metadata == FileMetadata::kModificationTime)
        column.Append(split.modified_ms);
      else if (lines[row] > 0)
        column.Append(lines[row]);
      else
        column.AppendNull();
    }
    batch.AddColumn(column.Take());
  }
  options.layout.Apply(batch);
  return {};
}

types::SchemaPtr FileSourceSchema(const FileSourceOptions& options) {
  if (options.layout.built) return options.layout.Final();
  std::vector<types::Field> fields = options.schema->fields();
  fields.insert(fields.end(), options.partitions.keys.begin(), options.partitions.keys.end());
  for (FileMetadata metadata : options.metadata) fields.push_back(FileMetadataField(metadata));
  return std::make_shared<const types::Schema>(std::move(fields));
}

Result<std::shared_ptr<flow::Source>> MakeFileSource(FileSourceOptions options) {
  THALWEG_TRY(Check(options));
  std::string path = options.path;
  if (path.find("://") != std::string::npos || path.starts_with("file:")) {
    THALWEG_ASSIGN(path, io::LocalFolder(path));
  }
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (error) return UserError("Path cannot be resolved: {}: {}", path, error.message());
  THALWEG_ASSIGN(std::shared_ptr<io::Storage> storage, io::OpenStorage("/"));
  std::string below = absolute.string().substr(1);
  while (below.ends_with('/')) below.pop_back();
  return std::shared_ptr<flow::Source>(
      std::make_shared<FileSource>(std::move(options), std::move(storage), std::move(below), "/"));
}

Result<std::shared_ptr<flow::Source>> MakeFileSource(FileSourceOptions options, std::shared_ptr<io::Storage> storage) {
  THALWEG_TRY(Check(options));
  std::string path = options.path;
  return std::shared_ptr<flow::Source>(
      std::make_shared<FileSource>(std::move(options), std::move(storage), std::move(path), ""));
}

}  // namespace thalweg::connectors
