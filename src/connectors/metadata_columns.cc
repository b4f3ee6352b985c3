#include "connectors/metadata_columns.h"

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
                                            const std::function<Result<types::DataType>(std::string_view)>& type_of) {
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
  std::vector<types::Field> values, filled;
  for (const types::Field& field : rows->fields()) {
    auto metadata = given.find(field.name);
    if (metadata != given.end()) out.metadata.push_back(metadata->second);
    (metadata != given.end() ? filled : values).push_back(field);
  }
  if (values.empty()) return UserError("Every column is metadata, none is left for the record: {}", options.Label());
  std::vector<int> order;
  int next_value = 0, next_metadata = static_cast<int>(values.size());
  for (const types::Field& field : rows->fields())
    order.push_back(given.contains(field.name) ? next_metadata++ : next_value++);
  out.values = std::make_shared<const types::Schema>(values);
  values.insert(values.end(), filled.begin(), filled.end());
  out.layout = RowLayout::Make(std::move(values), order);
  return out;
}

}  // namespace thalweg::connectors
