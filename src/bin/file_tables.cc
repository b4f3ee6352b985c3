#include "bin/file_tables.h"

#include <filesystem>
#include <fstream>

#include "formats/schema_inference.h"

namespace thalweg::bin {
namespace {

struct Sample {
  std::string text;
  bool whole = false;
};

Result<Sample> ReadSample(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return UserError("Cannot read the file {}", path.string());
  Sample sample;
  sample.text.resize(formats::kSampleBytes);
  in.read(sample.text.data(), static_cast<std::streamsize>(sample.text.size()));
  sample.text.resize(static_cast<size_t>(in.gcount()));
  sample.whole = sample.text.size() < formats::kSampleBytes;
  return sample;
}

}  // namespace

Result<sql::FileTable> FileTables::Describe(const std::string& given) const {
  std::error_code error;
  const std::string local = given.starts_with("file://") ? given.substr(7) : given;
  const std::filesystem::path path = std::filesystem::absolute(local, error).lexically_normal();
  if (error || !std::filesystem::is_regular_file(path, error)) return UserError("There is no file {}", path.string());
  sql::FileTable table;
  table.options = {{"connector", "filesystem"}, {"path", path.string()}};
  const std::string ending = path.extension().string();
  if (ending == ".parquet") {
    table.options["format"] = "parquet";
    THALWEG_ASSIGN(auto storage, io::OpenStorage(path.parent_path().string()));
    THALWEG_ASSIGN(table.schema,
                   formats::ReadParquetColumns(std::move(storage), path.filename().string(), path.string()));
    return table;
  }
  if (ending != ".csv" && ending != ".json" && ending != ".jsonl" && ending != ".ndjson")
    return UserError("A file in FROM is a .parquet, .csv, .json, .jsonl or .ndjson: {}; CREATE TABLE reads others",
                     given);
  THALWEG_ASSIGN(Sample sample, ReadSample(path));
  if (ending == ".csv") {
    auto columns = formats::InferCsvColumns(sample.text, sample.whole);
    THALWEG_TRY(columns.status().WithContext(path.string()));
    table.schema = columns->schema;
    table.options["format"] = "csv";
    table.options["csv.header"] = columns->header ? "true" : "false";
    table.options["csv.empty-string-as-null"] = "true";
    return table;
  }
  auto schema = formats::InferJsonColumns(sample.text, sample.whole);
  THALWEG_TRY(schema.status().WithContext(path.string()));
  table.schema = *std::move(schema);
  table.options["format"] = "json";
  return table;
}

}  // namespace thalweg::bin
