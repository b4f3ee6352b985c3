// SELECT * FROM 'file.parquet': how SQL learns the columns of a file that nobody has declared.
#pragma once

#include <map>
#include <string>

#include "base/status.h"
#include "types/data_type.h"

namespace thalweg::sql {

/// A file as a table: its columns, and the options that CREATE TABLE would have.
struct FileTable {
  types::SchemaPtr schema;
  std::map<std::string, std::string> options;
};

class FileTableSource {
 public:
  virtual ~FileTableSource() = default;
  /// Looks into the file. UserError if it cannot be read or is of no format that is known.
  virtual Result<FileTable> Describe(const std::string& path) const = 0;
};

}  // namespace thalweg::sql
