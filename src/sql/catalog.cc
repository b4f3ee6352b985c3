#include "sql/catalog.h"

#include <algorithm>

#include "base/edit_distance.h"

namespace thalweg::sql {
namespace {

constexpr const char* kDefaultCatalog = "default_catalog";
constexpr const char* kDefaultDatabase = "default_database";
constexpr const char* kFirstDatabase = "default";  // of the catalogs that CREATE CATALOG makes

}  // namespace

std::string ObjectPath::ToString() const { return fmt::format("`{}`.`{}`.`{}`", catalog, database, object); }

int Table::Find(std::string_view column) const {
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == column) return static_cast<int>(i);
  return -1;
}

std::vector<int> Table::Writable() const {
  std::vector<int> writable;
  for (ColumnKind kind : {ColumnKind::kPhysical, ColumnKind::kMetadata})
    for (size_t i = 0; i < columns.size(); ++i)
      if (columns[i].kind == kind && !(kind == ColumnKind::kMetadata && columns[i].is_virtual))
        writable.push_back(static_cast<int>(i));
  return writable;
}

Catalog::Catalog() : catalog_(kDefaultCatalog), database_(kDefaultDatabase) {
  One& one = catalogs_[catalog_];
  one.properties.options["type"] = "generic_in_memory";
  one.first_database = database_;
  one.databases[database_] = {};
}

Status Catalog::UseCatalog(const std::string& name) {
  auto found = catalogs_.find(name);
  if (found == catalogs_.end()) return UserError("A catalog with name [{}] does not exist.", name);
  if (name == catalog_) return {};
  catalog_ = name;
  database_ = found->second.first_database;
  return {};
}

Result<std::pair<std::string, std::string>> Catalog::DatabaseName(const Name& name) const {
  if (name.size() > 2) return UserError("A database has a name of one or two parts, not {}", name.size());
  std::pair<std::string, std::string> parts{name.size() == 2 ? name[0].text : catalog_, name.back().text};
  if (!catalogs_.contains(parts.first)) return UserError("Catalog {} does not exist", parts.first);
  return parts;
}

Status Catalog::UseDatabase(const Name& name) {
  THALWEG_ASSIGN(auto parts, DatabaseName(name));
  if (!catalogs_.at(parts.first).databases.contains(parts.second))
    return UserError("A database with name [{}] does not exist in the catalog: [{}].", parts.second, parts.first);
  std::tie(catalog_, database_) = parts;
  return {};
}

ObjectPath Catalog::Resolve(const Name& name) const { return Resolve(name, catalog_, database_); }

ObjectPath Catalog::Resolve(const Name& name, const std::string& catalog, const std::string& database) {
  ObjectPath path{catalog, database, name.back().text};
  if (name.size() >= 2) path.database = name[name.size() - 2].text;
  if (name.size() >= 3) path.catalog = name[name.size() - 3].text;
  return path;
}

TablePtr Catalog::FindTable(const ObjectPath& path) const {
  if (auto found = temporary_.find(path); found != temporary_.end()) return found->second;
  auto catalog = catalogs_.find(path.catalog);
  if (catalog == catalogs_.end()) return nullptr;
  auto database = catalog->second.databases.find(path.database);
  if (database == catalog->second.databases.end()) return nullptr;
  auto table = database->second.tables.find(path.object);
  return table == database->second.tables.end() ? nullptr : table->second;
}

Status Catalog::NoTable(const ObjectPath& path) const {
  NearestWord nearest(path.object), nearest_catalog(path.catalog), nearest_database(path.database);
  const auto catalog = catalogs_.find(path.catalog);
  for (const auto& [name, one] : catalogs_) nearest_catalog.Consider(name);
  if (catalog == catalogs_.end())
    return UserError("Catalog '{}' does not exist{}", path.catalog, nearest_catalog.Suggestion());
  for (const auto& [name, database] : catalog->second.databases) nearest_database.Consider(name);
  if (!catalog->second.databases.contains(path.database))
    return UserError("Database '{}' does not exist in catalog '{}'{}", path.database, path.catalog,
                     nearest_database.Suggestion());
  auto tables = Tables(path.catalog, path.database, false);
  if (tables.ok())
    for (const std::string& table : *tables) nearest.Consider(table);
  return UserError("Object '{}' not found in {}.{}{}", path.object, path.catalog, path.database, nearest.Suggestion());
}

Status Catalog::CreateCatalog(const std::string& name, bool if_not_exists, Properties properties) {
  if (catalogs_.contains(name)) return if_not_exists ? Status() : UserError("Catalog {} already exists.", name);
  One& one = catalogs_[name];
  auto first = properties.options.find(kFirstDatabaseOption);
  one.first_database = first == properties.options.end() ? kFirstDatabase : first->second;
  one.databases[one.first_database] = {};
  one.properties = std::move(properties);
  return {};
}

const Properties* Catalog::FindCatalog(const std::string& name) const {
  auto found = catalogs_.find(name);
  return found == catalogs_.end() ? nullptr : &found->second.properties;
}

Status Catalog::AlterCatalog(const std::string& name, Properties properties) {
  auto found = catalogs_.find(name);
  if (found == catalogs_.end()) return UserError("Catalog {} does not exist.", name);
  found->second.properties = std::move(properties);
  return {};
}

Status Catalog::DropCatalog(const std::string& name, bool if_exists) {
  if (!catalogs_.contains(name)) return if_exists ? Status() : UserError("Catalog {} does not exist.", name);
  if (name == catalog_) return UserError("Cannot drop a catalog which is currently in use.");
  catalogs_.erase(name);
  return {};
}

Status Catalog::CreateDatabase(const Name& name, bool if_not_exists, Properties properties) {
  THALWEG_ASSIGN(auto parts, DatabaseName(name));
  auto [at, fresh] = catalogs_.at(parts.first).databases.try_emplace(parts.second);
  if (!fresh && !if_not_exists)
    return UserError("Database {} already exists in Catalog {}.", parts.second, parts.first);
  if (fresh) at->second.properties = std::move(properties);
  return {};
}

Status Catalog::AlterDatabase(const Name& name, const std::map<std::string, std::string>& options) {
  THALWEG_ASSIGN(auto parts, DatabaseName(name));
  DatabaseMap& databases = catalogs_.at(parts.first).databases;
  auto found = databases.find(parts.second);
  if (found == databases.end())
    return UserError("Database {} does not exist in Catalog {}.", parts.second, parts.first);
  for (const auto& [key, value] : options) found->second.properties.options[key] = value;
  return {};
}

Status Catalog::DropDatabase(const Name& name, bool if_exists, bool cascade) {
  THALWEG_ASSIGN(auto parts, DatabaseName(name));
  DatabaseMap& databases = catalogs_.at(parts.first).databases;
  auto found = databases.find(parts.second);
  if (found == databases.end())
    return if_exists ? Status() : UserError("Database {} does not exist in Catalog {}.", parts.second, parts.first);
  if (parts.first == catalog_ && parts.second == database_)
    return UserError("Cannot drop a database which is currently in use.");
  if (!found->second.tables.empty() && !cascade)
    return UserError("Database {} in catalog {} is not empty.", parts.second, parts.first);
  databases.erase(found);
  return {};
}

Status Catalog::CreateTable(TablePtr table, bool if_not_exists, bool replace) {
  const ObjectPath& path = table->path;
  auto catalog = catalogs_.find(path.catalog);
  if (catalog == catalogs_.end()) return UserError("Catalog {} does not exist.", path.catalog);
  auto database = catalog->second.databases.find(path.database);
  if (database == catalog->second.databases.end())
    return UserError("Database {} does not exist in Catalog {}.", path.database, path.catalog);
  const bool exists = table->temporary ? temporary_.contains(path) : database->second.tables.contains(path.object);
  if (exists && if_not_exists) return {};
  if (exists && !replace)
    return UserError("{}{} {} already exists", table->temporary ? "Temporary " : "",
                     table->is_view() ? "view" : "table", path.ToString());
  (table->temporary ? temporary_[path] : database->second.tables[path.object]) = std::move(table);
  return {};
}

bool Catalog::HasPermanent(const ObjectPath& path) const {
  auto catalog = catalogs_.find(path.catalog);
  if (catalog == catalogs_.end()) return false;
  auto database = catalog->second.databases.find(path.database);
  return database != catalog->second.databases.end() && database->second.tables.contains(path.object);
}

Status Catalog::DropTable(const ObjectPath& path, bool if_exists, bool temporary, bool view) {
  TablePtr table = FindTable(path);
  const std::string_view what = view ? "View" : "Table";
  if (!table || (temporary && !table->temporary) || table->is_view() != view) {
    if (if_exists) return {};
    if (table && table->is_view() != view)
      return UserError("{} with identifier '{}' does not exist: it is a {}", what, path.ToString(),
                       view ? "table" : "view");
    return UserError("{}{} with identifier '{}.{}.{}' does not exist.", temporary ? "Temporary " : "", what,
                     path.catalog, path.database, path.object);
  }
  if (table->temporary && !temporary && HasPermanent(path))
    return UserError("Temporary {} with identifier '{}' exists. Drop it first before removing the permanent {}.",
                     view ? "view" : "table", path.ToString(), view ? "view" : "table");
  if (table->temporary)
    temporary_.erase(path);
  else
    catalogs_.at(path.catalog).databases.at(path.database).tables.erase(path.object);
  return {};
}

Status Catalog::RenameTable(const ObjectPath& from, const ObjectPath& to) {
  TablePtr table = FindTable(from);
  if (!table) return NoTable(from);
  auto renamed = std::make_shared<Table>(*table);
  renamed->path = to;
  THALWEG_TRY(CreateTable(std::move(renamed), false));
  return DropTable(from, false, table->temporary, table->is_view());
}

void Catalog::ReplaceTable(TablePtr table) {
  const ObjectPath path = table->path;
  (table->temporary ? temporary_[path] : catalogs_.at(path.catalog).databases.at(path.database).tables[path.object]) =
      std::move(table);
}

std::vector<std::string> Catalog::Catalogs() const {
  std::vector<std::string> names;
  for (const auto& [name, databases] : catalogs_) names.push_back(name);
  return names;
}

Result<std::vector<std::string>> Catalog::Databases(const std::string& catalog) const {
  auto found = catalogs_.find(catalog);
  if (found == catalogs_.end()) return UserError("Catalog {} does not exist", catalog);
  std::vector<std::string> names;
  for (const auto& [name, database] : found->second.databases) names.push_back(name);
  return names;
}

Result<std::vector<std::string>> Catalog::Tables(const std::string& catalog, const std::string& database,
                                                 bool views_only) const {
  auto found = catalogs_.find(catalog);
  if (found == catalogs_.end()) return UserError("A catalog with name [{}] does not exist.", catalog);
  auto tables = found->second.databases.find(database);
  if (tables == found->second.databases.end())
    return UserError("A database with name [{}] does not exist in the catalog: [{}].", database, catalog);
  std::vector<std::string> names;
  for (const auto& [name, table] : tables->second.tables)
    if (!views_only || table->is_view()) names.push_back(name);
  for (const auto& [path, table] : temporary_)
    if (path.catalog == catalog && path.database == database && (!views_only || table->is_view()))
      names.push_back(path.object);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace thalweg::sql
