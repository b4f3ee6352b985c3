#include "sql/show_create.h"

#include <cctype>
#include <utility>

#include <fmt/ranges.h>

namespace thalweg::sql {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

std::string Backquoted(std::string_view name) {
  std::string quoted = "`";
  for (char c : name) quoted += c == '`' ? std::string("``") : std::string(1, c);
  return quoted + "`";
}

std::string OptionsText(const std::map<std::string, std::string>& options) {
  if (options.empty()) return "\n";
  std::vector<std::string> texts;
  for (const auto& [key, value] : options) texts.push_back(fmt::format("  {} = {}", Quoted(key), Quoted(value)));
  return fmt::format("\nWITH (\n{}\n)\n", fmt::join(texts, ",\n"));
}

// Types without the short names that have none in Flink's serialised form.
std::string TypeText(const types::DataType& type) {
  constexpr std::pair<std::string_view, std::string_view> kLong[] = {{"STRING", "VARCHAR(2147483647)"},
                                                                     {"BYTES", "VARBINARY(2147483647)"}};
  const std::string text = type.ToString();
  std::string out, word;
  bool quoted = false;
  auto flush = [&] {
    for (const auto& [name, full] : kLong)
      if (word == name) word = full;
    out += std::exchange(word, {});
  };
  for (char c : text) {
    if (!quoted && std::isalpha(static_cast<unsigned char>(c))) {
      word += c;
      continue;
    }
    flush();
    if (c == '`') quoted = !quoted;
    out += c;
  }
  flush();
  return out;
}

std::string ColumnText(const TableColumn& column) {
  std::string text = Backquoted(column.name) + " ";
  if (column.computed) {
    text += "AS " + column.source;
  } else {
    text += TypeText(column.type);
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
    return fmt::format(
        "CREATE {}VIEW {} (\n  {}\n)\n{}AS {}\n", temporary, table.path.ToString(), fmt::join(names, ",\n  "),
        table.comment.empty() ? "" : fmt::format("COMMENT {}\n", Quoted(table.comment)), table.query_text);
  }
  std::vector<std::string> elements;
  for (const TableColumn& column : table.columns) elements.push_back("  " + ColumnText(column));
  if (table.watermark)
    elements.push_back(fmt::format("  WATERMARK FOR {} AS {}",
                                   Backquoted(table.columns[static_cast<size_t>(table.watermark->column)].name),
                                   table.watermark->source));
  if (!table.primary_key.empty()) {
    std::vector<std::string> keys;
    for (int column : table.primary_key) keys.push_back(Backquoted(table.columns[static_cast<size_t>(column)].name));
    elements.push_back(fmt::format(
        "  {}PRIMARY KEY ({}) NOT ENFORCED",
        table.primary_key_name.empty() ? "" : fmt::format("CONSTRAINT {} ", Backquoted(table.primary_key_name)),
        fmt::join(keys, ", ")));
  }
  std::string text =
      fmt::format("CREATE {}TABLE {} (\n{}\n)", temporary, table.path.ToString(), fmt::join(elements, ",\n"));
  if (!table.comment.empty()) text += "\nCOMMENT " + Quoted(table.comment);
  if (!table.partitioned_by.empty())
    text += fmt::format("\nPARTITIONED BY (`{}`)", fmt::join(table.partitioned_by, "`, `"));
  return text + OptionsText(table.options);
}

std::string CreateText(const std::string& catalog, const Properties& properties) {
  std::string text = fmt::format("CREATE CATALOG {}", Backquoted(catalog));
  if (!properties.comment.empty()) text += "\nCOMMENT " + Quoted(properties.comment);
  return text + OptionsText(properties.options);
}

}  // namespace thalweg::sql
