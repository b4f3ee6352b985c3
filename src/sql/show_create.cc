#include "sql/show_create.h"

#include <fmt/ranges.h>

namespace thalweg::sql {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

std::string Backquoted(std::string_view name) { return fmt::format("`{}`", name); }

std::string ColumnText(const TableColumn& column) {
  std::string text = Backquoted(column.name) + " ";
  if (column.computed) {
    text += "AS " + column.source;
  } else {
    text += column.type.ToString();
    if (column.kind == ColumnKind::kMetadata) {
      text += " METADATA";
      if (column.metadata_key != column.name) text += " FROM " + Quoted(column.metadata_key);
      if (column.is_virtual) text += " VIRTUAL";
    }
  }
  if (!column.comment.empty()) text += " COMMENT " + Quoted(column.comment);
  return text;
}

}  // namespace

std::string CreateText(const Table& table) {
  const std::string_view temporary = table.temporary ? "TEMPORARY " : "";
  if (table.is_view()) {
    std::vector<std::string> names;
    for (const TableColumn& column : table.columns) names.push_back(Backquoted(column.name));
    return fmt::format("CREATE {}VIEW {} ({})\nAS {}", temporary, table.path.ToString(), fmt::join(names, ", "),
                       table.query_text);
  }
  std::vector<std::string> elements;
  for (const TableColumn& column : table.columns) elements.push_back("  " + ColumnText(column));
  if (table.watermark)
    elements.push_back(fmt::format("  WATERMARK FOR `{}` AS {}",
                                   table.columns[static_cast<size_t>(table.watermark->column)].name, table.watermark->source));
  if (!table.primary_key.empty()) {
    std::vector<std::string> keys;
    for (int column : table.primary_key) keys.push_back(Backquoted(table.columns[static_cast<size_t>(column)].name));
    elements.push_back(fmt::format("  {}PRIMARY KEY ({}) NOT ENFORCED",
                                   table.primary_key_name.empty() ? "" : fmt::format("CONSTRAINT {} ", Backquoted(table.primary_key_name)),
                                   fmt::join(keys, ", ")));
  }
  std::string text = fmt::format("CREATE {}TABLE {} (\n{}\n)", temporary, table.path.ToString(), fmt::join(elements, ",\n"));
  if (!table.comment.empty()) text += "\nCOMMENT " + Quoted(table.comment);
  if (!table.partitioned_by.empty()) text += fmt::format("\nPARTITIONED BY (`{}`)", fmt::join(table.partitioned_by, "`, `"));
  std::vector<std::string> options;
  for (const auto& [key, value] : table.options) options.push_back(fmt::format("  {} = {}", Quoted(key), Quoted(value)));
  return text + fmt::format("\nWITH (\n{}\n)\n", fmt::join(options, ",\n"));
}

}  // namespace thalweg::sql
