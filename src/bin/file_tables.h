// Files as tables: 'data.parquet', 'data.csv', 'data.json' in FROM.
#pragma once

#include "sql/file_tables.h"

namespace thalweg::bin {

/// By the end of the name: .parquet, .csv, .json, .jsonl, .ndjson. Relative paths are below the working folder.
class FileTables final : public sql::FileTableSource {
 public:
  Result<sql::FileTable> Describe(const std::string& path) const override;
};

}  // namespace thalweg::bin
