// What the file source and the file sink read and write.
#pragma once

#include <cstdint>

#include "io/compression.h"

namespace thalweg::connectors {

using io::Compression;
using io::CompressionName;

/// JSON: an object a line. Raw: a line of one STRING or BYTES column. Debezium: a change of a row a line.
enum class FileFormat : uint8_t { kJson, kCsv, kRaw, kParquet, kDebezium, kAvro };

/// Whether files of the format compress their own parts, and are read by blocks, not by lines.
inline bool HasBlocks(FileFormat format) { return format == FileFormat::kParquet || format == FileFormat::kAvro; }

}  // namespace thalweg::connectors
