// The columns of a file that nobody has declared: what a sample of it, or its own schema, says.
// Rule: a column's type holds every value of the sample; where they have nothing in common it is STRING.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "io/storage.h"
#include "types/data_type.h"

namespace thalweg::formats {

/// Bytes at the beginning of a text file, and records of them, that decide about its columns.
constexpr size_t kSampleBytes = 1 << 20;
constexpr size_t kSampleRecords = 1000;

struct CsvColumns {
  types::SchemaPtr schema;
  bool header = false;  // the first record is their names; else they are f0, f1, ...
};

/// `text`: the beginning of the file, cut at any place unless `whole`. Values are BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP(3) or STRING.
/// UserError if there is no record in it.
Result<CsvColumns> InferCsvColumns(std::string_view text, bool whole);

/// Of objects, one a line: BIGINT, DOUBLE, BOOLEAN, STRING, ARRAY and ROW; columns in the order of their first coming.
Result<types::SchemaPtr> InferJsonColumns(std::string_view text, bool whole);

/// What the file itself declares. UserError for types that have none of ours. `shown` names the file in messages.
Result<types::SchemaPtr> ReadParquetColumns(std::shared_ptr<io::Storage> storage, const std::string& path,
                                            const std::string& shown);

}  // namespace thalweg::formats
