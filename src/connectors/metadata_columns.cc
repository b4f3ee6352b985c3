#include "connectors/metadata_columns.h"

#include <algorithm>

namespace thalweg::connectors {
namespace {

Status CheckColumn(const types::DataType& column, std::string_view metadata, const types::DataType& type) {
  if (!HoldsAs(column, type))
    return UserError("Metadata '{}' is {}, the column is {}", metadata, type.ToString(), column.ToString());
  if (type.nullable() && !column.nullable())
    return UserError("Metadata '{}' may be NULL, the column is {}", metadata, column.ToString());
  return {};
}

}  // namespace

Result<MetadataColumns> ReadMetadataColumns(NodeOptions& options, const types::SchemaPtr& rows,
                                            const std::function<Result<types::DataType>(std::string_view)>& type_of,
                                            const std::vector<std::string>& partition) {
  const std::string prefix = "metadata.";
  const std::map<std::string, std::string> given = options.WithPrefix(prefix);
  for (const auto& [column, metadata] : given) {
    int index = rows->Find(column);
    if (index < 0)
      return options.Bad(prefix + column, UserError("No such column: '{}' of {}", column, rows->ToString()));
    auto type = type_of(metadata);
    if (!type.ok()) return options.Bad(prefix + column, type.status());
    if (Status status = CheckColumn(rows->field(index).type, metadata, *type); !status.ok())
      return options.Bad(prefix + column, status);
  }
  MetadataColumns out;
  std::vector<int> places(static_cast<size_t>(rows->size()), -1);  // by column of the rows, in what readers build
  std::vector<types::Field> built;
  for (const std::string& name : partition) {
    const int column = rows->Find(name);
    if (column < 0 || given.contains(name))
      return UserError("Partition column '{}' is none that {} has: {}", name, options.Label(), rows->ToString());
    out.partition.push_back(rows->field(column));
  }
  const auto is_partition = [&](const types::Field& field) {
    return std::find(partition.begin(), partition.end(), field.name) != partition.end();
  };
  for (int i = 0; i < rows->size(); ++i) {
    const types::Field& field = rows->field(i);
    if (given.contains(field.name) || is_partition(field)) continue;
    places[static_cast<size_t>(i)] = static_cast<int>(built.size());
    built.push_back(field);
  }
  if (built.empty())
    return UserError("Every column is metadata{}, none is left for the record: {}",
                     partition.empty() ? "" : " or says the partition", options.Label());
  out.values = std::make_shared<const types::Schema>(built);
  for (const types::Field& field : out.partition) {
    places[static_cast<size_t>(rows->Find(field.name))] = static_cast<int>(built.size());
    built.push_back(field);
  }
  for (int i = 0; i < rows->size(); ++i) {
    const auto metadata = given.find(rows->field(i).name);
    if (metadata == given.end()) continue;
    places[static_cast<size_t>(i)] = static_cast<int>(built.size());
    built.push_back(rows->field(i));
    out.metadata.push_back(metadata->second);
  }
  out.layout = RowLayout::Make(std::move(built), places);
  return out;
}

}  // namespace thalweg::connectors
