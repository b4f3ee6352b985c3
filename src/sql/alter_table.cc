#include "sql/alter_table.h"

#include <algorithm>

#include "expr/expression.h"
#include "sql/parser.h"
#include "sql/show_create.h"

namespace thalweg::sql {
namespace {

template <typename... T>
Status CannotAlter(fmt::format_string<T...> text, T&&... values) {
  return UserError("Failed to execute ALTER TABLE statement.\n{}", fmt::format(text, std::forward<T>(values)...));
}

/// "line 1, column 2: what\n  quoted..." of a text that nobody wrote: "what".
std::string WithoutPlace(const std::string& message) {
  size_t begin = message.starts_with("line ") ? message.find(": ") : std::string::npos;
  begin = begin == std::string::npos ? 0 : begin + 2;
  return message.substr(begin, message.find('\n', begin) - begin);
}

/// A table's columns, watermark and key, changed one by one.
class TableChange {
 public:
  static Result<TableChange> Of(const Table& table) {
    TableChange change(table);
    // A table may have lost its last column; a list of none is no SQL, so that one is written that does not count.
    Table written = table;
    if (table.columns.empty())
      written.columns.push_back({.name = "none", .type = types::DataType(types::TypeId::kInt)});
    THALWEG_ASSIGN(StatementPtr statement, ParseStatement(CreateText(written)));
    change.create_ = *statement->As<CreateTable>();
    if (table.columns.empty()) change.create_.elements.reset();
    for (const TableElement& element : change.create_.elements.value_or(std::vector<TableElement>{})) {
      if (auto* column = std::get_if<ColumnDefinition>(&element)) change.columns_.push_back(*column);
      if (auto* watermark = std::get_if<WatermarkDefinition>(&element)) change.watermark_ = *watermark;
      if (auto* key = std::get_if<Constraint>(&element)) change.key_ = *key;
    }
    return change;
  }

  Status Apply(const ChangeElements& change) {
    for (const TableElement& element : change.elements)
      THALWEG_TRY(std::visit([&](const auto& one) { return change.add ? Add(one) : Modify(one); }, element));
    return {};
  }

  Status Apply(const RenameColumn& rename) {
    if (rename.from.size() != 1) return CannotAlter("Alter nested row type is not supported yet.");
    const std::string &from = rename.from[0].text, &to = rename.to.text;
    auto column = Find(from);
    if (column == columns_.end()) return CannotAlter("Column `{}` does not exist in the table.", from);
    if (Find(to) != columns_.end()) return CannotAlter("Column `{}` already existed in table schema.", to);
    THALWEG_TRY(RefuseReferences(from, /*of_key=*/false));
    column->name[0].text = to;
    for (Identifier& key : KeyColumns())
      if (key.text == from) key.text = to;
    for (Identifier& partition : create_.partitioned_by)
      if (partition.text == from) partition.text = to;
    return {};
  }

  Status Apply(const DropColumns& drop) {
    std::vector<std::string> names;
    for (const Name& name : drop.columns) {
      if (name.size() != 1) return CannotAlter("Alter nested row type is not supported yet.");
      if (Find(name[0].text) == columns_.end())
        return CannotAlter("Column `{}` does not exist in the base table.", name[0].text);
      if (std::find(names.begin(), names.end(), name[0].text) != names.end())
        return CannotAlter("Duplicate column `{}`.", name[0].text);
      names.push_back(name[0].text);
    }
    for (const std::string& name : names) THALWEG_TRY(RefuseReferences(name, /*of_key=*/true, names));
    for (const std::string& name : names) columns_.erase(Find(name));
    return {};
  }

  Status Apply(const DropConstraint& drop) {
    if (!key_) return CannotAlter("The base table does not define any primary key.");
    if (drop.name && drop.name->text != table_.primary_key_name)
      return CannotAlter(
          "The base table does not define a primary key constraint named '{}'. Available constraint name: ['{}'].",
          drop.name->text, table_.primary_key_name);
    key_.reset();
    return {};
  }

  Status Apply(const DropWatermark&) {
    if (!watermark_) return CannotAlter("The base table does not define any watermark strategy.");
    watermark_.reset();
    return {};
  }

  template <typename Other>
  Status Apply(const Other&) {
    return InternalError("Not a change of a table's elements");
  }

  Result<TablePtr> Finish(const BindEnvironment& environment) {
    std::vector<TableElement> elements;
    for (ColumnDefinition& column : columns_) {
      column.place.reset();
      elements.emplace_back(column);
    }
    if (watermark_) elements.emplace_back(*watermark_);
    if (key_) elements.emplace_back(*key_);
    create_.elements = std::move(elements);
    auto bound = BindTable(create_, "", environment);
    if (!bound.ok()) return CannotAlter("{}", WithoutPlace(bound.status().message()));
    return bound;
  }

 private:
  using Columns = std::vector<ColumnDefinition>;

  explicit TableChange(const Table& table) : table_(table) {}

  Columns::iterator Find(std::string_view name) {
    return std::find_if(columns_.begin(), columns_.end(),
                        [&](const ColumnDefinition& column) { return column.name.back().text == name; });
  }
  std::vector<Identifier>& KeyColumns() { return key_ ? key_->columns : no_columns_; }

  // Column `name` must be free to go (or to change its name): what is left may not speak of it.
  Status RefuseReferences(const std::string& name, bool of_key, const std::vector<std::string>& going = {}) {
    const int index = table_.Find(name);
    auto speaks = [&](const expr::Expression& e) {
      const std::vector<int> inputs = expr::InputsOf(e);
      return std::find(inputs.begin(), inputs.end(), index) != inputs.end();
    };
    for (const TableColumn& column : table_.columns)
      if (column.computed && column.name != name && speaks(*column.computed) &&
          std::find(going.begin(), going.end(), column.name) == going.end())
        return CannotAlter("Column `{}` is referenced by computed column `{}`.", name, column.name);
    if (table_.watermark && (table_.watermark->column == index || speaks(table_.watermark->expression)))
      return CannotAlter("Column `{}` is referenced by watermark expression.", name);
    if (!of_key) return {};
    for (const Identifier& key : KeyColumns())
      if (key.text == name) return CannotAlter("Column `{}` is used as the primary key.", name);
    for (const Identifier& partition : create_.partitioned_by)
      if (partition.text == name) return CannotAlter("Column `{}` is used as the partition keys.", name);
    return {};
  }

  Status Place(ColumnDefinition column, Columns::iterator otherwise) {
    if (!column.place) {
      columns_.insert(otherwise, std::move(column));
      return {};
    }
    if (column.place->first) {
      columns_.insert(columns_.begin(), std::move(column));
      return {};
    }
    auto after = Find(column.place->after.back().text);
    if (after == columns_.end())
      return CannotAlter("Referenced column `{}` by 'AFTER' does not exist in the table.",
                         column.place->after.back().text);
    columns_.insert(after + 1, std::move(column));
    return {};
  }

  Status Add(const ColumnDefinition& column) {
    if (column.name.size() != 1) return CannotAlter("Alter nested row type is not supported yet.");
    if (Find(column.name[0].text) != columns_.end())
      return CannotAlter("Column `{}` already exists in the table.", column.name[0].text);
    THALWEG_TRY(Place(column, columns_.end()));
    return TakeConstraint(column, true);
  }
  Status Modify(const ColumnDefinition& column) {
    if (column.name.size() != 1) return CannotAlter("Alter nested row type is not supported yet.");
    auto old = Find(column.name[0].text);
    if (old == columns_.end()) return CannotAlter("Column `{}` does not exist in the table.", column.name[0].text);
    auto next = columns_.erase(old);
    THALWEG_TRY(Place(column, next));
    return TakeConstraint(column, false);
  }
  // name TYPE PRIMARY KEY NOT ENFORCED
  Status TakeConstraint(const ColumnDefinition& column, bool add) {
    if (!column.constraint) return {};
    Constraint key = *column.constraint;
    key.columns = {column.name.back()};
    Find(column.name.back().text)->constraint.reset();
    return add ? Add(key) : Modify(key);
  }

  Status Add(const WatermarkDefinition& watermark) {
    if (watermark_)
      return CannotAlter(
          "The base table has already defined the watermark strategy `{}` AS {}. You might want to drop it before "
          "adding a new one.",
          watermark_->column.back().text, table_.watermark->source);
    watermark_ = watermark;
    return {};
  }
  Status Modify(const WatermarkDefinition& watermark) {
    if (!watermark_)
      return CannotAlter("The base table does not define any watermark. You might want to add a new one.");
    watermark_ = watermark;
    return {};
  }
  Status Add(const Constraint& key) {
    if (key_) {
      std::vector<std::string> names;
      for (const Identifier& column : key_->columns) names.push_back("`" + column.text + "`");
      return CannotAlter(
          "The base table has already defined the primary key constraint [{}]. You might want to drop it before adding "
          "a new one.",
          fmt::join(names, ", "));
    }
    key_ = key;
    return {};
  }
  Status Modify(const Constraint& key) {
    if (!key_)
      return CannotAlter("The base table does not define any primary key constraint. You might want to add a new one.");
    key_ = key;
    return {};
  }

  const Table& table_;
  CreateTable create_;
  Columns columns_;
  std::optional<WatermarkDefinition> watermark_;
  std::optional<Constraint> key_;
  std::vector<Identifier> no_columns_;
};

}  // namespace

bool ChangesElements(const AlterAction& action) {
  return std::holds_alternative<ChangeElements>(action) || std::holds_alternative<RenameColumn>(action) ||
         std::holds_alternative<DropColumns>(action) || std::holds_alternative<DropConstraint>(action) ||
         std::holds_alternative<DropWatermark>(action);
}

Result<TablePtr> AlterElements(const Table& table, const AlterAction& action, const BindEnvironment& environment) {
  THALWEG_ASSIGN(TableChange change, TableChange::Of(table));
  THALWEG_TRY(std::visit([&](const auto& node) { return change.Apply(node); }, action));
  return change.Finish(environment);
}

}  // namespace thalweg::sql
