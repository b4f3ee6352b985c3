// Catalogs, databases, tables and views of a session, in memory. Names are case-sensitive, as Flink's.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/expression.h"
#include "sql/ast_statement.h"
#include "sql/syntax_error.h"

namespace thalweg::sql {

/// A column that tells the time of its row: an event time that watermarks speak of, or the clock when the row is processed.
enum class TimeRole : uint8_t { kNone, kRowtime, kProctime };

struct TableColumn {
  std::string name;
  ColumnKind kind = ColumnKind::kPhysical;
  types::DataType type;
  TimeRole time = TimeRole::kNone;
  /// Of a computed column: over the physical and metadata columns, in their declared order.
  std::optional<expr::Expression> computed;
  std::string metadata_key;  // of a metadata column
  bool is_virtual = false;
  std::string comment;
  std::string source;  // of a computed column: its text, for SHOW CREATE TABLE
  /// Where its type says CHAR(n) or BINARY(n), which types::DataType takes for VARCHAR(n) and VARBINARY(n): each the way to it by children.
  std::vector<std::vector<int>> fixed_lengths;
};

struct TableWatermark {
  int column = 0;  // of the table
  /// Over all columns of the table.
  expr::Expression expression;
  std::string source;
};

/// catalog, database, object.
struct ObjectPath {
  std::string catalog, database, object;
  /// `catalog`.`database`.`object`
  std::string ToString() const;
  auto operator<=>(const ObjectPath&) const = default;
};

/// A column that a star stood for: of which table of FROM, and its name.
struct StarColumn {
  int source = 0;
  std::string name;
};
/// What the stars of a query stood for, by their nodes in its tree.
using StarColumns = std::map<const void*, std::vector<StarColumn>>;

/// A table, or a view (which has a query and no options). Immutable; ALTER puts another in its place.
struct Table {
  ObjectPath path;
  bool temporary = false;
  std::vector<TableColumn> columns;
  std::optional<TableWatermark> watermark;
  std::vector<int> primary_key;  // columns
  std::string primary_key_name;
  std::vector<std::string> partitioned_by;
  std::map<std::string, std::string> options;
  std::string comment;
  QueryPtr query;                             // of a view
  std::string query_text;                     // of a view, as written
  std::string query_catalog, query_database;  // of a view: what was current when it was made; its names go by that
  QuotedPlace place;                          // where it was declared
  std::map<std::string, QuotedPlace> option_places;  // where its options were given, by key
  StarColumns stars;  // of a view: its columns stay those that there were when it was made

  bool is_view() const { return query != nullptr; }
  /// -1 if there is none.
  int Find(std::string_view column) const;
  /// Columns that rows may be written to, as connectors take them: the physical ones, then metadata columns that are not virtual.
  std::vector<int> Writable() const;
};
using TablePtr = std::shared_ptr<const Table>;

/// CREATE FUNCTION.
struct UserFunctionEntry {
  const expr::Function* function = nullptr;
  std::string symbol, library;
};

/// What CREATE CATALOG and CREATE DATABASE say beside the name.
struct Properties {
  std::string comment;
  std::map<std::string, std::string> options;
};

/// Option that names the first database of a catalog that CREATE CATALOG makes.
inline constexpr const char* kFirstDatabaseOption = "default-database";

/// One session's. One thread.
class Catalog {
 public:
  Catalog();

  const std::string& current_catalog() const { return catalog_; }
  const std::string& current_database() const { return database_; }
  Status UseCatalog(const std::string& name);
  Status UseDatabase(const Name& name);

  /// A name of one to three parts, completed by what is current.
  ObjectPath Resolve(const Name& name) const;
  /// Likewise, with another catalog and database for what is not said.
  static ObjectPath Resolve(const Name& name, const std::string& catalog, const std::string& database);
  /// Null if there is none. Temporary tables hide permanent ones.
  TablePtr FindTable(const ObjectPath& path) const;
  /// "Table `a`.`b`.`c` does not exist" with the nearest, as a user error.
  Status NoTable(const ObjectPath& path) const;

  /// `default-database` of the options names its first database; otherwise that is `default`.
  Status CreateCatalog(const std::string& name, bool if_not_exists, Properties properties = {});
  Status DropCatalog(const std::string& name, bool if_exists);
  /// Null if there is none.
  const Properties* FindCatalog(const std::string& name) const;
  /// User error if there is none.
  Status AlterCatalog(const std::string& name, Properties properties);
  Status CreateDatabase(const Name& name, bool if_not_exists, Properties properties = {});
  /// Sets these options of a database.
  Status AlterDatabase(const Name& name, const std::map<std::string, std::string>& options);
  Status DropDatabase(const Name& name, bool if_exists, bool cascade);
  /// User error if there is one of that name already, unless `if_not_exists` or `replace`.
  Status CreateTable(TablePtr table, bool if_not_exists, bool replace = false);
  Status DropTable(const ObjectPath& path, bool if_exists, bool temporary, bool view);
  Status RenameTable(const ObjectPath& from, const ObjectPath& to);
  /// In place of the table of the same path.
  void ReplaceTable(TablePtr table);

  /// User error if there is one already, unless `if_not_exists`. Names of functions are the same in any case of letters; a system
  /// function needs no catalog and hides built-in ones.
  Status CreateFunction(const Name& name, bool system, UserFunctionEntry function, bool if_not_exists);
  Status DropFunction(const Name& name, bool system, bool if_exists);
  /// Null if there is none. `is_built_in`: a built-in function of this name hides those of the catalog.
  const UserFunctionEntry* FindFunction(const Name& name, bool is_built_in) const;
  std::vector<std::string> Functions() const;

  std::vector<std::string> Catalogs() const;
  /// User error if the catalog does not exist.
  Result<std::vector<std::string>> Databases(const std::string& catalog) const;
  /// Tables and views, or views alone, of a database; temporary ones too.
  Result<std::vector<std::string>> Tables(const std::string& catalog, const std::string& database,
                                          bool views_only) const;

 private:
  struct Database {
    Properties properties;
    std::map<std::string, TablePtr> tables;
  };
  using DatabaseMap = std::map<std::string, Database>;
  struct One {
    Properties properties;
    std::string first_database;
    DatabaseMap databases;
  };
  Result<std::pair<std::string, std::string>> DatabaseName(const Name& name) const;
  bool HasPermanent(const ObjectPath& path) const;

  std::map<std::string, One> catalogs_;
  std::map<ObjectPath, TablePtr> temporary_;
  std::map<ObjectPath, UserFunctionEntry> functions_;
  std::map<std::string, UserFunctionEntry> system_functions_;
  std::string catalog_, database_;
};

}  // namespace thalweg::sql
