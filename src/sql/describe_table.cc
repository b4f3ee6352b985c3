#include "sql/to_graph.h"
#include "sql/watermark_options.h"

namespace thalweg::sql {

graph::TableDescriptor DescribeTable(const Table& table, const std::map<std::string, std::string>& hints) {
  graph::TableDescriptor descriptor;
  descriptor.name = table.path.ToString();
  std::vector<types::Field> physical;
  for (const TableColumn& column : table.columns) {
    if (column.kind == ColumnKind::kPhysical) physical.push_back({column.name, column.type});
    if (column.kind == ColumnKind::kMetadata)
      descriptor.metadata.push_back({column.name, column.metadata_key, column.type, column.is_virtual});
  }
  descriptor.physical = std::make_shared<const types::Schema>(std::move(physical));
  descriptor.options = table.options;
  for (const auto& [key, value] : hints) descriptor.options[key] = value;
  descriptor.options.erase("connector");
  for (auto option = descriptor.options.begin(); option != descriptor.options.end();)
    option = IsWatermarkOption(option->first) ? descriptor.options.erase(option) : std::next(option);
  for (int column : table.primary_key)
    descriptor.primary_key.push_back(table.columns[static_cast<size_t>(column)].name);
  descriptor.partition_keys = table.partitioned_by;
  return descriptor;
}

}  // namespace thalweg::sql
