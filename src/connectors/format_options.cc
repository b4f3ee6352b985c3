#include "connectors/format_options.h"

#include <map>

#include "formats/parse_debezium.h"
#include "formats/raw.h"

namespace thalweg::connectors {
namespace {

Result<formats::JsonOptions> ReadJson(NodeOptions& options, const std::string& prefix) {
  formats::JsonOptions json;
  THALWEG_ASSIGN(json.fail_on_missing_field, options.Get<bool>(prefix + "json.fail-on-missing-field", false));
  const std::string ignore_key = prefix + "json.ignore-parse-errors";
  THALWEG_ASSIGN(json.ignore_parse_errors, options.Get<bool>(ignore_key, false));
  if (json.fail_on_missing_field && json.ignore_parse_errors)
    return options.Bad(ignore_key, UserError("It contradicts '{}json.fail-on-missing-field' = true", prefix));
  THALWEG_ASSIGN(std::string standard,
                 options.OneOf(prefix + "json.timestamp-format.standard", {"SQL", "ISO-8601"}, "SQL"));
  json.timestamp_format = standard == "SQL" ? formats::TimestampStandard::kSql : formats::TimestampStandard::kIso8601;
  THALWEG_ASSIGN(std::string null_key,
                 options.OneOf(prefix + "json.map-null-key.mode", {"FAIL", "DROP", "LITERAL"}, "FAIL"));
  using formats::MapNullKeyMode;
  json.map_null_key_mode = null_key == "FAIL"   ? MapNullKeyMode::kFail
                           : null_key == "DROP" ? MapNullKeyMode::kDrop
                                                : MapNullKeyMode::kLiteral;
  THALWEG_ASSIGN(json.map_null_key_literal, options.Get<std::string>(prefix + "json.map-null-key.literal", "null"));
  THALWEG_ASSIGN(json.encode_decimal_as_plain_number,
                 options.Get<bool>(prefix + "json.encode.decimal-as-plain-number", false));
  THALWEG_ASSIGN(json.encode_ignore_null_fields, options.Get<bool>(prefix + "json.encode.ignore-null-fields", false));
  // Which of Flink's two parsers reads: there is one here.
  THALWEG_TRY(options.Get<bool>(prefix + "json.decode.json-parser.enabled", true).status());
  return json;
}

/// One character, or \t.
Result<std::optional<char>> ReadCharacter(NodeOptions& options, const std::string& key) {
  THALWEG_ASSIGN(std::optional<std::string> text, options.Find<std::string>(key));
  if (!text) return std::optional<char>();
  if (*text == "\\t") return std::optional<char>('\t');
  if (text->size() != 1) return options.Bad(key, UserError("Not one character: '{}'", *text));
  return std::optional<char>(text->front());
}

Result<formats::CsvOptions> ReadCsv(NodeOptions& options, const std::string& prefix) {
  formats::CsvOptions csv;
  THALWEG_ASSIGN(std::optional<char> delimiter, ReadCharacter(options, prefix + "csv.field-delimiter"));
  THALWEG_ASSIGN(std::optional<char> quote, ReadCharacter(options, prefix + "csv.quote-character"));
  THALWEG_ASSIGN(csv.escape_character, ReadCharacter(options, prefix + "csv.escape-character"));
  csv.field_delimiter = delimiter.value_or(csv.field_delimiter);
  csv.quote_character = quote.value_or(csv.quote_character);
  THALWEG_ASSIGN(csv.disable_quote_character, options.Get<bool>(prefix + "csv.disable-quote-character", false));
  if (csv.disable_quote_character && quote)
    return options.Bad(prefix + "csv.quote-character",
                       UserError("It contradicts 'csv.disable-quote-character' = true"));
  THALWEG_ASSIGN(csv.allow_comments, options.Get<bool>(prefix + "csv.allow-comments", false));
  THALWEG_ASSIGN(csv.ignore_parse_errors, options.Get<bool>(prefix + "csv.ignore-parse-errors", false));
  THALWEG_ASSIGN(csv.array_element_delimiter, options.Get<std::string>(prefix + "csv.array-element-delimiter", ";"));
  THALWEG_ASSIGN(csv.null_literal, options.Find<std::string>(prefix + "csv.null-literal"));
  THALWEG_ASSIGN(csv.write_bigdecimal_in_scientific_notation,
                 options.Get<bool>(prefix + "csv.write-bigdecimal-in-scientific-notation", true));
  THALWEG_ASSIGN(csv.trim_spaces, options.Get<bool>(prefix + "csv.trim-spaces", false));
  THALWEG_ASSIGN(csv.ignore_trailing_unmappable, options.Get<bool>(prefix + "csv.ignore-trailing-unmappable", false));
  THALWEG_ASSIGN(csv.allow_trailing_comma, options.Get<bool>(prefix + "csv.allow-trailing-comma", true));
  THALWEG_ASSIGN(csv.fail_on_missing_columns, options.Get<bool>(prefix + "csv.fail-on-missing-columns", false));
  THALWEG_ASSIGN(csv.empty_string_as_null, options.Get<bool>(prefix + "csv.empty-string-as-null", false));
  THALWEG_ASSIGN(csv.header, options.Get<bool>(prefix + "csv.header", false));
  return csv;
}

Status ReadAvro(NodeOptions& options, const std::string& prefix, FormatOptions& format) {
  const std::string encoding_key = prefix + "avro.encoding";
  THALWEG_ASSIGN(std::string encoding, options.OneOf(encoding_key, {"binary", "json"}, "binary"));
  if (encoding == "json")
    return options.Bad(encoding_key, UserError("Avro's JSON encoding is not supported yet: binary is"));
  THALWEG_ASSIGN(format.avro.mapping.legacy_timestamps,
                 options.Get<bool>(prefix + "avro.timestamp_mapping.legacy", true));
  const std::string codec_key = prefix + "avro.codec";
  THALWEG_ASSIGN(std::optional<std::string> name, options.Find<std::string>(codec_key));
  if (!name) return {};
  auto codec = formats::ParseAvroCodec(*name);
  if (!codec.ok()) return options.Bad(codec_key, codec.status());
  format.avro_codec = *codec;
  return {};
}

Result<formats::RawOptions> ReadRaw(NodeOptions& options, const std::string& prefix) {
  formats::RawOptions raw;
  THALWEG_ASSIGN(std::string order,
                 options.OneOf(prefix + "raw.endianness", {"big-endian", "little-endian"}, "big-endian"));
  raw.little_endian = order == "little-endian";
  const std::string key = prefix + "raw.charset";
  THALWEG_ASSIGN(std::string charset, options.Get<std::string>(key, "UTF-8"));
  if (charset != "UTF-8" && charset != "utf-8")
    return options.Bad(key,
                       UserError("Texts are UTF-8 here, '{}' is not supported: read BYTES and use DECODE", charset));
  return raw;
}

Result<formats::ParquetOptions::Codec> ReadParquetCodec(NodeOptions& options, const std::string& prefix) {
  using Codec = formats::ParquetOptions::Codec;
  const std::map<std::string, Codec> codecs = {{"UNCOMPRESSED", Codec::kNone}, {"SNAPPY", Codec::kSnappy},
                                               {"GZIP", Codec::kGzip},         {"BROTLI", Codec::kBrotli},
                                               {"ZSTD", Codec::kZstd},         {"LZ4", Codec::kLz4},
                                               {"LZ4_RAW", Codec::kLz4Raw}};
  std::vector<std::string> names;
  for (const auto& [name, codec] : codecs) names.push_back(name);
  THALWEG_ASSIGN(const std::string name, options.OneOf(prefix + "parquet.compression", names, "ZSTD"));
  return codecs.at(name);
}

/// INT96 if that is asked for; a unit alone asks for INT64.
Result<formats::ParquetOptions::Timestamps> ReadParquetTimestamps(NodeOptions& options, const std::string& prefix) {
  using Timestamps = formats::ParquetOptions::Timestamps;
  const std::string unit_key = prefix + "parquet.timestamp.time.unit";
  THALWEG_ASSIGN(const std::optional<bool> int64, options.Find<bool>(prefix + "parquet.write.int64.timestamp"));
  THALWEG_ASSIGN(const std::string unit, options.OneOf(unit_key, {"nanos", "micros", "millis"}, "micros"));
  if (int64 && !*int64) return Timestamps::kInt96;
  if (!int64 && !options.Has(unit_key)) return Timestamps::kByPrecision;
  return unit == "nanos" ? Timestamps::kNanos : unit == "micros" ? Timestamps::kMicros : Timestamps::kMillis;
}

/// Bytes, as a number.
Result<int64_t> ReadParquetSize(NodeOptions& options, const std::string& key, int64_t otherwise) {
  THALWEG_ASSIGN(const int64_t bytes, options.Get<int64_t>(key, otherwise));
  if (bytes < 1 || bytes > INT32_MAX) return options.Bad(key, UserError("Not between 1 and {}: {}", INT32_MAX, bytes));
  return bytes;
}

Result<formats::ParquetOptions> ReadParquet(NodeOptions& options, const std::string& prefix) {
  formats::ParquetOptions parquet;
  const std::string utc_key = prefix + "parquet.utc-timezone";
  THALWEG_ASSIGN(const bool utc, options.Get<bool>(utc_key, true));
  if (!utc)
    return options.Bad(utc_key, UserError("Timestamps are not shifted by the machine's time zone here: write true, or "
                                          "leave it out"));
  for (const char* name : {"parquet.block.size", "parquet.writer.version"})
    if (options.Has(prefix + name))
      return options.Bad(prefix + name,
                         UserError("It is not supported: row groups have up to {} rows, and pages are of version 1; "
                                   "leave it out",
                                   formats::kParquetGroupRows));
  // How many rows Flink reads at a time.
  THALWEG_TRY(options.Get<int64_t>(prefix + "parquet.batch-size", 2048).status());
  THALWEG_ASSIGN(parquet.codec, ReadParquetCodec(options, prefix));
  THALWEG_ASSIGN(parquet.timestamps, ReadParquetTimestamps(options, prefix));
  THALWEG_ASSIGN(parquet.dictionary, options.Get<bool>(prefix + "parquet.enable.dictionary", true));
  THALWEG_ASSIGN(parquet.page_bytes, ReadParquetSize(options, prefix + "parquet.page.size", parquet.page_bytes));
  THALWEG_ASSIGN(parquet.dictionary_page_bytes,
                 ReadParquetSize(options, prefix + "parquet.dictionary.page.size", parquet.dictionary_page_bytes));
  return parquet;
}

}  // namespace

Result<FormatOptions> ReadFormat(NodeOptions& options, const std::vector<std::string>& allowed,
                                 const std::string& prefix) {
  FormatOptions format;
  THALWEG_ASSIGN(std::string name, options.OneOf(prefix + "format", allowed, ""));
  if (name == "json") {
    format.format = FileFormat::kJson;
    THALWEG_ASSIGN(format.json, ReadJson(options, prefix));
  } else if (name == "debezium-json") {
    format.debezium = true;
    THALWEG_ASSIGN(format.json, ReadJson(options, prefix + "debezium-"));
    THALWEG_ASSIGN(format.schema_include, options.Get<bool>(prefix + "debezium-json.schema-include", false));
  } else if (name == "csv") {
    format.format = FileFormat::kCsv;
    THALWEG_ASSIGN(format.csv, ReadCsv(options, prefix));
  } else if (name == "avro") {
    format.format = FileFormat::kAvro;
    THALWEG_TRY(ReadAvro(options, prefix, format));
  } else if (name == "raw") {
    format.format = FileFormat::kRaw;
    THALWEG_ASSIGN(format.raw, ReadRaw(options, prefix));
  } else {
    format.format = FileFormat::kParquet;
    THALWEG_ASSIGN(format.parquet, ReadParquet(options, prefix));
  }
  return format;
}

Result<FormatOptions> ReadValueFormat(NodeOptions& options, const std::vector<std::string>& allowed) {
  const bool long_name = options.Has("value.format") && !options.Has("format");
  return ReadFormat(options, allowed, long_name ? "value." : "");
}

Result<std::unique_ptr<formats::Decoder>> MakeDecoder(const FormatOptions& options, types::SchemaPtr schema) {
  if (options.debezium) return formats::MakeDebeziumDecoder(std::move(schema), {options.json, options.schema_include});
  switch (options.format) {
    case FileFormat::kJson: return formats::MakeJsonDecoder(std::move(schema), options.json);
    case FileFormat::kCsv: return formats::MakeCsvDecoder(std::move(schema), options.csv);
    case FileFormat::kRaw: return formats::MakeRawDecoder(std::move(schema), options.raw);
    case FileFormat::kAvro: return formats::MakeAvroDecoder(std::move(schema), options.avro);
    default: return UserError("Parquet is a format of files, not of records");
  }
}

Result<std::unique_ptr<formats::RowEncoder>> MakeEncoder(const FormatOptions& options, types::SchemaPtr schema) {
  if (options.debezium) return formats::MakeDebeziumEncoder(std::move(schema), {options.json, options.schema_include});
  switch (options.format) {
    case FileFormat::kJson: return formats::MakeJsonEncoder(std::move(schema), options.json);
    case FileFormat::kCsv: return formats::MakeCsvEncoder(std::move(schema), options.csv);
    case FileFormat::kRaw: return formats::MakeRawEncoder(std::move(schema), options.raw);
    case FileFormat::kAvro: return formats::MakeAvroEncoder(std::move(schema), options.avro);
    default: return UserError("Parquet is a format of files, not of records");
  }
}

}  // namespace thalweg::connectors
