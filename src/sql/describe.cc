#include "sql/describe.h"

#include <algorithm>

namespace thalweg::sql {
namespace {

constexpr const char* kNull = "<NULL>";

std::string TypeText(const TableColumn& column) {
  std::string type = column.type.WithNullable(true).ToString();
  if (column.time == TimeRole::kRowtime) type += " *ROWTIME*";
  if (column.time == TimeRole::kProctime) type += " *PROCTIME*";
  return type;
}

std::string ExtrasText(const TableColumn& column) {
  if (column.computed) return "AS " + column.source;
  if (column.kind != ColumnKind::kMetadata) return kNull;
  std::string text = "METADATA";
  if (column.metadata_key != column.name) text += fmt::format(" FROM '{}'", column.metadata_key);
  return column.is_virtual ? text + " VIRTUAL" : text;
}

}  // namespace

types::Schema TextSchema(const std::vector<std::string>& names) {
  std::vector<types::Field> fields;
  for (const std::string& name : names) fields.push_back({name, types::DataType(types::TypeId::kString)});
  return types::Schema(std::move(fields));
}

Rows OneColumn(const std::string& name, const std::vector<std::string>& values) {
  Rows rows{TextSchema({name}), {}};
  for (const std::string& value : values) rows.rows.push_back({value});
  return rows;
}

Rows DescribeColumns(const Table& table, const std::function<bool(const std::string& name)>& wanted) {
  const bool comments = std::any_of(table.columns.begin(), table.columns.end(),
                                    [](const TableColumn& column) { return !column.comment.empty(); });
  std::vector<std::string> header = {"name", "type", "null", "key", "extras", "watermark"};
  if (comments) header.emplace_back("comment");
  Rows rows{TextSchema(header), {}};
  std::vector<std::string> keys;
  for (int key : table.primary_key) keys.push_back(table.columns[static_cast<size_t>(key)].name);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const TableColumn& column = table.columns[i];
    if (wanted && !wanted(column.name)) continue;
    const bool key = std::find(keys.begin(), keys.end(), column.name) != keys.end();
    const bool watermark = table.watermark && table.watermark->column == static_cast<int>(i);
    rows.rows.push_back({column.name, TypeText(column), column.type.nullable() ? "TRUE" : "FALSE",
                         key ? fmt::format("PRI({})", fmt::join(keys, ", ")) : kNull, ExtrasText(column),
                         watermark ? table.watermark->source : kNull});
    if (comments) rows.rows.back().push_back(column.comment.empty() ? kNull : column.comment);
  }
  return rows;
}

Rows DescribeCatalog(const std::string& name, const Properties& properties, bool extended) {
  Rows rows{TextSchema({"info name", "info value"}), {}};
  auto type = properties.options.find("type");
  rows.rows.push_back({"name", name});
  rows.rows.push_back({"type", type == properties.options.end() ? "" : type->second});
  rows.rows.push_back({"comment", properties.comment});
  if (!extended) return rows;
  for (const auto& [key, value] : properties.options)
    if (key != "type") rows.rows.push_back({"option:" + key, value});
  return rows;
}

}  // namespace thalweg::sql
