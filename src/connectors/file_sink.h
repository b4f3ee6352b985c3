// Files as a sink: parts that appear only when they are complete and their checkpoint is durable.
// Rule: a part is written under a hidden name, made durable before the barrier passes, and renamed when the checkpoint is complete;
// what a checkpoint holds suffices to rename it later, and renaming twice is renaming once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "connectors/file_format.h"
#include "connectors/file_partition_commit.h"
#include "connectors/file_partitions.h"
#include "flow/operator.h"
#include "formats/csv.h"
#include "formats/json.h"
#include "formats/parquet.h"
#include "formats/parse_avro_file.h"
#include "io/compression.h"
#include "io/storage.h"

namespace thalweg::connectors {

struct FileSinkOptions {
  std::string path;  // folder; made if it does not exist
  FileFormat format = FileFormat::kJson;
  types::SchemaPtr schema;    // of the rows; the files have no partition columns
  FilePartitions partitions;  // by columns of the schema
  PartitionCommitOptions
      commit;  // rows of a partition must then come to one subtask: an exchange by the partition's columns
  formats::JsonOptions json;  // of kJson and kDebezium
  formats::CsvOptions csv;
  formats::AvroOptions avro;
  formats::AvroCodec avro_codec = formats::AvroCodec::kNull;
  formats::ParquetOptions parquet;
  io::Compression compression = io::Compression::kNone;  // of text; Parquet and Avro compress by themselves
  std::string part_prefix = "part";
  uint64_t rolling_file_size = 128 << 20;         // bytes; a part goes over it by at most one batch
  int64_t rollover_interval_ms = 30 * 60 * 1000;  // a part is not open longer; checked as time passes
  // Of a sink with partitions, each of which has a part of its own. Beyond a limit a part ends early: that to which rows came longest
  // ago, or, of bytes, the one that holds most.
  size_t max_open_parts = 1000;         // a tenth of it of formats that have blocks: their encoders are large
  size_t max_open_files = 100;          // a part has a file once a MiB of it is written
  size_t max_held_bytes = 64ull << 20;  // encoded and not yet on their way to a file
};

/// Parts end at each checkpoint too, so that a checkpoint interval bounds how late rows appear (Flink's OnCheckpointRollingPolicy).
/// Names: <prefix>-<run>-<subtask>-<number>.json[.gz|.zst], in the folder of their partition; <run> differs for each attempt. Bytes are written on I/O threads;
/// UserError for options that contradict each other. An attempt that ends removes
/// the hidden parts (.<name>.inprogress) that no checkpoint holds; what a killed process was writing goes at a start a day later. Parts
/// that it had finished for a checkpoint which never completed stay, hidden: docs/internals/files.md says why.
Result<std::unique_ptr<flow::Operator>> MakeFileSink(FileSinkOptions options);
/// Over a storage of the caller's; `options.path` is a folder in it (empty: its root).
Result<std::unique_ptr<flow::Operator>> MakeFileSink(FileSinkOptions options, std::shared_ptr<io::Storage> storage);

}  // namespace thalweg::connectors
