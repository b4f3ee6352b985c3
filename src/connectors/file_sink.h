// Files as a sink: parts that appear only when they are complete and their checkpoint is durable.
// Rule: a part is written under a hidden name, made durable before the barrier passes, and renamed when the checkpoint is complete;
// what a checkpoint holds suffices to rename it later, and renaming twice is renaming once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "connectors/file_format.h"
#include "flow/operator.h"
#include "formats/csv.h"
#include "formats/json.h"
#include "formats/parse_avro_file.h"
#include "io/compression.h"
#include "io/storage.h"

namespace thalweg::connectors {

struct FileSinkOptions {
  std::string path;  // folder; made if it does not exist
  FileFormat format = FileFormat::kJson;
  types::SchemaPtr schema;
  formats::JsonOptions json;  // of kJson and kDebezium
  formats::CsvOptions csv;
  formats::AvroOptions avro;
  formats::AvroCodec avro_codec = formats::AvroCodec::kNull;
  io::Compression compression = io::Compression::kNone;  // of text; Parquet and Avro compress by themselves
  std::string part_prefix = "part";
  uint64_t rolling_file_size = 128 << 20;         // bytes; a part goes over it by at most one batch
  int64_t rollover_interval_ms = 30 * 60 * 1000;  // a part is not open longer; checked as time passes
};

/// Parts end at each checkpoint too, so that a checkpoint interval bounds how late rows appear (Flink's OnCheckpointRollingPolicy).
/// Names: <prefix>-<run>-<subtask>-<number>.json[.gz|.zst]; <run> differs for each attempt. Bytes are written on I/O threads;
/// UserError for options that contradict each other. An attempt that ends removes
/// the hidden parts (.<name>.inprogress) that no checkpoint holds; what a killed process was writing goes at a start a day later. Parts
/// that it had finished for a checkpoint which never completed stay, hidden: docs/internals/files.md says why.
Result<std::unique_ptr<flow::Operator>> MakeFileSink(FileSinkOptions options);
/// Over a storage of the caller's; `options.path` is a folder in it (empty: its root).
Result<std::unique_ptr<flow::Operator>> MakeFileSink(FileSinkOptions options, std::shared_ptr<io::Storage> storage);

}  // namespace thalweg::connectors
