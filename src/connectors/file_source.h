// Files as a source: one file, a folder or a glob; JSON lines, CSV, raw lines, Parquet; .gz and .zst by their names.
// Rule: a split's position is that of the next record (byte in the uncompressed text and line; row group and row in Parquet), so a
// restore continues exactly behind the last row that was emitted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/file_format.h"
#include "connectors/file_partitions.h"
#include "connectors/row_layout.h"
#include "expr/expression.h"
#include "flow/source.h"
#include "formats/csv.h"
#include "formats/json.h"
#include "formats/parse_avro.h"
#include "formats/parse_errors.h"
#include "io/storage.h"

namespace thalweg::connectors {

/// Columns that a file source adds behind those of its schema.
enum class FileMetadata : uint8_t {
  kPath,    // `file.path` STRING NOT NULL, as discovered
  kName,    // `file.name` STRING NOT NULL
  kOffset,  // `file.offset` BIGINT NOT NULL: byte of the record in the uncompressed text; row number in Parquet
  kLine,    // `file.line` BIGINT: from 1; NULL where it is not known (Parquet, later parts of a divided file)
  kSize,    // `file.size` BIGINT NOT NULL: of the stored file, when it was found
  kModificationTime,  // `file.modification-time` TIMESTAMP_LTZ(3) NOT NULL: likewise
};

/// Longest record; a longer one is an error (an unclosed quote, a binary file).
constexpr size_t kMaxRecordBytes = 64 << 20;

struct FileSourceOptions {
  std::string path;  // absolute or relative or file://; a file, a folder (all below it), or else a glob (* ? [a-z])
  FileFormat format = FileFormat::kJson;
  types::SchemaPtr schema;  // of the files
  /// Of the partitions' values, one after another: files for which it is not TRUE are not read. A value for which it fails is.
  std::optional<expr::Expression> wanted_partitions;
  std::string zone;           // in which it is evaluated; empty: UTC
  FilePartitions partitions;  // columns behind the schema's, from folders below `path`, which is then a folder
  std::vector<int>
      reads;  // of kJson, kCsv, kParquet: the schema's columns that are read, ascending; the others are NULL; empty: all
  std::vector<FileMetadata> metadata;
  RowLayout layout;             // of the schema's columns, then the partitions', then the metadata's
  formats::JsonOptions json;    // of kJson and kDebezium
  bool schema_include = false;  // of kDebezium: the change stands in "payload"
  formats::CsvOptions csv;
  formats::AvroOptions avro;
  formats::ParseErrorPolicy on_parse_error = formats::ParseErrorPolicy::kFail;
  int dead_letter_port = 1;           // for ParseErrorPolicy::kDeadLetter
  int64_t discovery_interval_ms = 0;  // 0: bounded, the files that exist at the start; above: looks again, never ends
  uint64_t split_bytes = 128 << 20;   // uncompressed JSON and raw files are divided into pieces of this size; 0: never
  int32_t batch_rows = columns::kBatchRows;  // gathered before a batch goes on; at most kMaxBatchRows
  size_t max_record_bytes = kMaxRecordBytes;
};

std::vector<FileMetadata> AllFileMetadata();
/// "file.path" and so on, NOT NULL but for the line. UserError naming those that exist.
Result<FileMetadata> ParseFileMetadata(std::string_view name);
types::Field FileMetadataField(FileMetadata metadata);

/// Columns of the batches: the schema's, the partitions', the metadata's, if the layout says nothing else.
types::SchemaPtr FileSourceSchema(const FileSourceOptions& options);

/// UserError for options that contradict each other. Files whose names (or folders') begin with . or _ are passed over. A file that
/// grows after it was read is not read again; a continuous source picks up new names.
Result<std::shared_ptr<flow::Source>> MakeFileSource(FileSourceOptions options);
/// Over a storage of the caller's, whose root `options.path` is relative to.
Result<std::shared_ptr<flow::Source>> MakeFileSource(FileSourceOptions options, std::shared_ptr<io::Storage> storage);

}  // namespace thalweg::connectors
