// Partitions of a table of files: folders `key=value` below its path, named as Hive and Flink name them.
// Rule: what a row's partition columns say stands in the folder's name and nowhere else; a name that says nothing of them is an error.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columns/builder.h"
#include "expr/evaluator.h"
#include "expr/zone.h"

namespace thalweg::connectors {

struct FilePartitions {
  std::vector<types::Field> keys;  // in the order of the folders, outermost first; empty: the table has none
  std::string default_name = "__DEFAULT_PARTITION__";  // of NULL, and of '', which no folder can be called

  bool empty() const { return keys.empty(); }
};

/// UserError for a column whose values make no names, or whose folders a source would pass over as hidden.
Status CheckPartitions(const FilePartitions& partitions);

/// Characters that mean something in paths as % and two digits (Hive's list).
std::string EscapePartitionName(std::string_view name);
std::string UnescapePartitionName(std::string_view name);

/// Appends "dt=2024-01-31/hour=8/", the folder of row `row`; `places`: the columns of the keys in `batch`.
void AppendPartitionFolder(const FilePartitions& partitions, const columns::Batch& batch,
                           const std::vector<int>& places, int32_t row, std::string& out);

/// A value of a key as its folder says it; nullopt: NULL.
using PartitionText = std::optional<std::string>;

/// The values of a file's partition, in the order of the keys. `path`: from the table's folder on, "dt=2024-01-31/hour=8/part-0.json".
/// UserError if a key is missing or stands twice; values are not looked at.
Result<std::vector<PartitionText>> PartitionOfPath(const FilePartitions& partitions, std::string_view path);

/// Which partitions are read. The thread that made it only.
class PartitionFilter {
 public:
  /// `wanted`: a BOOLEAN over the values of the keys, one after another; `zone` is the session's, empty: UTC.
  static Result<PartitionFilter> Make(const FilePartitions& partitions, const expr::Expression& wanted,
                                      const std::string& zone);
  /// True also where the expression fails, or a value is none of its type: reading the rows will tell.
  bool Wants(const std::vector<PartitionText>& values);

 private:
  PartitionFilter(const FilePartitions& partitions, expr::Evaluator evaluator, expr::Zone zone)
      : keys_(partitions.keys), evaluator_(std::move(evaluator)), zone_(std::move(zone)) {}
  Result<bool> Evaluate(const std::vector<PartitionText>& values);

  types::Schema keys_;
  expr::Evaluator evaluator_;
  expr::Zone zone_;
  std::unique_ptr<columns::BufferPool> pool_ = std::make_unique<columns::BufferPool>();
};

/// Appends the value to `out`, which is of the key's type. UserError if the text is none of it.
Status AppendPartitionValue(const types::Field& key, const PartitionText& text, columns::ColumnBuilder& out);

}  // namespace thalweg::connectors
