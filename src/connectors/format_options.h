// The option `format` of connectors and the options of the formats: `json.*`, `csv.*`, `parquet.*` and so on.
#pragma once

#include <memory>
#include <vector>

#include "connectors/file_format.h"
#include "connectors/node_options.h"
#include "formats/csv.h"
#include "formats/decoder.h"
#include "formats/encoder.h"
#include "formats/json.h"
#include "formats/parquet.h"
#include "formats/parse_avro_file.h"
#include "formats/raw.h"

namespace thalweg::connectors {

struct FormatOptions {
  FileFormat format = FileFormat::kJson;
  formats::JsonOptions json;
  formats::CsvOptions csv;
  formats::AvroOptions avro;
  formats::AvroCodec avro_codec = formats::AvroCodec::kNull;  // of files
  formats::ParquetOptions parquet;                            // of files
  formats::RawOptions raw;
  /// debezium-json: `format` is kJson.
  bool debezium = false;
  bool schema_include = false;

  /// The chosen format's `ignore-parse-errors`.
  bool ignore_parse_errors() const {
    return format == FileFormat::kCsv ? csv.ignore_parse_errors
                                      : format == FileFormat::kJson && json.ignore_parse_errors;
  }
};

/// `format` is one of `allowed`; only the options of the chosen one are known. Required. `prefix`: in front of all of them ("key.").
Result<FormatOptions> ReadFormat(NodeOptions& options, const std::vector<std::string>& allowed,
                                 const std::string& prefix = "");

/// `format`, or Flink's longer name `value.format`, with whose options then begin with "value.", too.
Result<FormatOptions> ReadValueFormat(NodeOptions& options, const std::vector<std::string>& allowed);

/// For text formats, not Parquet.
Result<std::unique_ptr<formats::Decoder>> MakeDecoder(const FormatOptions& options, types::SchemaPtr schema);
Result<std::unique_ptr<formats::RowEncoder>> MakeEncoder(const FormatOptions& options, types::SchemaPtr schema);

}  // namespace thalweg::connectors
