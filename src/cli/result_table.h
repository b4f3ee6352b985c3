// Rows of a query or a SHOW for a person or another program: Flink's tables, CSV, or lines of JSON.
// Rule: text only, given out as rows come; what prints it and when is the caller's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "columns/batch.h"
#include "expr/zone.h"

namespace thalweg::cli {

enum class OutputFormat : uint8_t { kTable, kCsv, kJsonl };
/// "table", "csv", "jsonl"; UserError naming those.
Result<OutputFormat> ParseOutputFormat(std::string_view name);

struct ResultOptions {
  OutputFormat format = OutputFormat::kTable;
  /// Of a table. kByType: a row is printed when it comes. kByContent: all at the end, as wide as the widest. kRaw: the values alone, as
  /// EXPLAIN and SHOW CREATE print.
  enum class Style : uint8_t { kByType, kByContent, kRaw };
  Style style = Style::kByType;
  bool changelog = false;     // a first column `op` with the row's kind
  int max_column_width = 30;  // Flink's table.display.max-column-width; of columns without a width of their own
  std::string_view null_text = "<NULL>";
  expr::Zone zone;  // of TIMESTAMP_LTZ in tables
};

/// Writes the rows of one result. One thread.
class ResultWriter {
 public:
  virtual ~ResultWriter() = default;
  /// Appends what is ready to print to `out`. UserError, with the column, for what the format cannot say.
  virtual Status Append(const columns::Batch& batch, std::string* out) = 0;
  /// After the last row: the rest, and of a table how many rows there were.
  virtual void Finish(std::string* out) = 0;
};

/// UserError for columns that the format cannot hold.
Result<std::unique_ptr<ResultWriter>> MakeResultWriter(types::SchemaPtr schema, const ResultOptions& options);

}  // namespace thalweg::cli
