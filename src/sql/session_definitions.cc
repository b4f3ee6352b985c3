#include <algorithm>
#include <set>

#include "expr/user_function.h"
#include "sql/alter_table.h"
#include "sql/print.h"
#include "sql/session_visitor.h"
#include "sql/syntax_error.h"
#include "sql/time_attributes.h"

namespace thalweg::sql {
namespace {

Properties PropertiesOf(const CreateObject& create) {
  Properties properties{create.comment.value_or(""), {}};
  for (const Option& option : create.options.value_or(Options{})) properties.options[option.key] = option.value;
  return properties;
}

/// Of what exists already.
std::string KeepOrDrop(ObjectKind kind) {
  return fmt::format("IF NOT EXISTS keeps the one there is, DROP {} takes it away", ObjectKindText(kind));
}

}  // namespace

Session::Visitor::Outcome Session::Visitor::operator()(const CreateTable& create) {
  THALWEG_ASSIGN(BindEnvironment environment, Environment());
  if (create.query) return CreateAsSelect(create);
  if (create.mode != CreateMode::kCreate)
    return UserError("CREATE OR REPLACE TABLE and REPLACE TABLE want AS and a query");
  if (create.distribution) return UserError("DISTRIBUTED is not supported: no connector has buckets");
  THALWEG_ASSIGN(TablePtr table, BindTable(create, script, environment));
  THALWEG_TRY(AddTable(std::move(table), create.name, create.if_not_exists));
  return Done{};
}

Status Session::Visitor::AddTable(TablePtr table, const Name& name, bool if_not_exists, bool replace) {
  const ObjectPath path = table->path;
  const ObjectKind kind = table->is_view() ? ObjectKind::kView : ObjectKind::kTable;
  const Status added = session.catalog_.CreateTable(std::move(table), if_not_exists, replace);
  if (added.ok()) return {};
  const bool exists = session.catalog_.FindTable(path) != nullptr;
  return At(name[0].span.begin, added, exists ? KeepOrDrop(kind) : NearestDatabase(path.catalog, path.database));
}

Status Session::Visitor::SetViewQuery(Table& view, const QueryPtr& query, bool hides) const {
  THALWEG_ASSIGN(BindEnvironment environment, Environment());
  StarColumns stars;
  environment.stars = &stars;
  if (hides) environment.defined = &view.path;
  THALWEG_ASSIGN(PlanPtr plan, BindQuery(*query, script, environment));
  view.stars = std::move(stars);
  view.query = query;
  view.query_text = Print(*query);
  view.query_catalog = session.catalog_.current_catalog();
  view.query_database = session.catalog_.current_database();
  view.columns.clear();
  const PlanPtr times = WithTimeAttributes(plan);
  for (size_t i = 0; i < plan->columns.size(); ++i)
    view.columns.push_back(
        {.name = plan->columns[i].name, .type = plan->columns[i].type, .time = times->columns[i].time});
  return {};
}

Session::Visitor::Outcome Session::Visitor::operator()(const CreateView& create) {
  auto view = std::make_shared<Table>();
  view->path = session.catalog_.Resolve(create.name);
  view->temporary = create.temporary;
  if (create.comment) view->comment = *create.comment;
  // A temporary one beside a permanent one of its name: the name would come to mean the view itself.
  const TablePtr known = session.catalog_.FindTable(view->path);
  const bool hides = known && known->temporary != create.temporary;
  THALWEG_TRY(SetViewQuery(*view, create.query, hides));
  if (!create.columns.empty() && create.columns.size() != view->columns.size())
    return Fault(create.name[0].span.begin,
                 fmt::format("VIEW definition and input fields not match: {} names for {} columns",
                             create.columns.size(), view->columns.size()));
  std::set<std::string> named;
  for (const Identifier& column : create.columns)
    if (!named.insert(column.text).second)
      return Fault(column.span.begin,
                   fmt::format("Schema must not contain duplicate column names. Found duplicates: [{}]", column.text));
  for (size_t i = 0; i < create.columns.size(); ++i) view->columns[i].name = create.columns[i].text;
  THALWEG_TRY(AddTable(std::move(view), create.name, create.if_not_exists));
  return Done{};
}

Session::Visitor::Outcome Session::Visitor::operator()(const CreateObject& create) {
  if (create.kind == ObjectKind::kDatabase) {
    const Status added = session.catalog_.CreateDatabase(create.name, create.if_not_exists, PropertiesOf(create));
    const bool exists = create.name.size() == 1 || session.catalog_.FindCatalog(create.name[0].text);
    THALWEG_TRY(At(create.name[0].span.begin, added, exists ? KeepOrDrop(create.kind) : NearestDatabase(create.name)));
    return Done{};
  }
  if (create.kind == ObjectKind::kCatalog) {
    if (create.name.size() > 1) return Fault(create.name[1].span.begin, "The name of a catalog has one part");
    Properties properties = PropertiesOf(create);
    if (!properties.options.contains("type"))
      return Fault(create.name[0].span.begin,
                   "Catalog options do not contain an option key 'type' for discovering a catalog.",
                   "write WITH ('type' = 'generic_in_memory')");
    const std::vector<std::string> known = {kFirstDatabaseOption, "type"};
    for (const Option& option : *create.options) {
      if (option.key == "type" && option.value != "generic_in_memory")
        return Fault(option.span.begin, fmt::format("Catalogs are of type generic_in_memory, not {}", option.value));
      if (std::ranges::find(known, option.key) == known.end())
        return Fault(option.span.begin,
                     fmt::format("Unknown option '{}' of a catalog. There are: {}", option.key, fmt::join(known, ", ")),
                     DidYouMean(option.key, known));
    }
    THALWEG_TRY(At(create.name[0].span.begin,
                   session.catalog_.CreateCatalog(create.name[0].text, create.if_not_exists, std::move(properties)),
                   KeepOrDrop(create.kind)));
    return Done{};
  }
  return UserError("CREATE {} is not supported yet", ObjectKindText(create.kind));
}

Session::Visitor::Outcome Session::Visitor::operator()(const CreateFunction& create) {
  const std::string language = create.language.value_or("JAVA");
  if (language != "CPP")
    return UserError("CREATE FUNCTION runs functions of C++, not of {}: say LANGUAGE CPP USING ARTIFACT 'library.so'",
                     language);
  if (create.resources.size() != 1 || create.resources[0].jar)
    return UserError("CREATE FUNCTION ... LANGUAGE CPP needs one library: USING ARTIFACT 'library.so'");
  if (create.options) return UserError("CREATE FUNCTION ... LANGUAGE CPP takes no WITH");
  if (create.if_not_exists && session.catalog_.FindFunction(create.name, false)) return Done{};
  const std::string& library = create.resources[0].path;
  THALWEG_ASSIGN(const expr::Function* function, expr::LoadUserFunction(library, create.class_name));
  THALWEG_TRY(At(create.name[0].span.begin,
                 session.catalog_.CreateFunction(create.name, create.system, {function, create.class_name, library},
                                                 create.if_not_exists),
                 KeepOrDrop(ObjectKind::kFunction)));
  return Done{};
}

Status Session::Visitor::DropOf(const Drop& drop) {
  Catalog& catalog = session.catalog_;
  const Position& at = drop.name[0].span.begin;
  const std::string& name = drop.name.back().text;
  const bool view = drop.kind == ObjectKind::kView;
  switch (drop.kind) {
    case ObjectKind::kFunction:
      return At(at, catalog.DropFunction(drop.name, drop.system, drop.if_exists),
                DidYouMean(name, catalog.Functions()));
    case ObjectKind::kTable:
    case ObjectKind::kView: {
      const ObjectPath path = catalog.Resolve(drop.name);
      const Status dropped = catalog.DropTable(path, drop.if_exists, drop.temporary, view);
      const TablePtr there = catalog.FindTable(path);
      if (there && there->is_view() != view)
        return At(at, dropped, fmt::format("DROP {} takes it away", view ? "TABLE" : "VIEW"));
      auto names = catalog.Tables(path.catalog, path.database, view);
      return At(at, dropped, names.ok() ? DidYouMean(path.object, *names) : "");
    }
    case ObjectKind::kDatabase:
      return At(at, catalog.DropDatabase(drop.name, drop.if_exists, drop.cascade.value_or(false)),
                NearestDatabase(drop.name));
    case ObjectKind::kCatalog:
      return At(at, catalog.DropCatalog(name, drop.if_exists), DidYouMean(name, catalog.Catalogs()));
    default: return UserError("DROP {} is not supported yet", ObjectKindText(drop.kind));
  }
}

Session::Visitor::Outcome Session::Visitor::operator()(const Drop& drop) {
  THALWEG_TRY(DropOf(drop));
  return Done{};
}

Session::Visitor::Outcome Session::Visitor::AlterCatalog(const Alter& alter) {
  const std::string& name = alter.name.back().text;
  const Properties* known = session.catalog_.FindCatalog(name);
  if (!known) return Fault(alter.name[0].span.begin, fmt::format("Catalog {} does not exist.", name));
  Properties changed = *known;
  if (auto* set = std::get_if<SetOptions>(&alter.action)) {
    for (const Option& option : set->options) changed.options[option.key] = option.value;
  } else if (auto* reset = std::get_if<ResetOptions>(&alter.action)) {
    if (reset->keys.empty()) return UserError("ALTER CATALOG RESET does not support empty key");
    for (const std::string& key : reset->keys) {
      if (key == "type") return UserError("ALTER CATALOG RESET does not support changing 'type'");
      changed.options.erase(key);
    }
  } else if (auto* comment = std::get_if<SetComment>(&alter.action)) {
    changed.comment = comment->comment;
  }
  THALWEG_TRY(session.catalog_.AlterCatalog(name, std::move(changed)));
  return Done{};
}

Session::Visitor::Outcome Session::Visitor::AlterDatabase(const Alter& alter) {
  std::map<std::string, std::string> options;
  if (auto* set = std::get_if<SetOptions>(&alter.action))
    for (const Option& option : set->options) options[option.key] = option.value;
  THALWEG_TRY(session.catalog_.AlterDatabase(alter.name, options));
  return Done{};
}

Session::Visitor::Outcome Session::Visitor::operator()(const Alter& alter) {
  if (alter.kind == ObjectKind::kCatalog) return AlterCatalog(alter);
  if (alter.kind == ObjectKind::kDatabase) return AlterDatabase(alter);
  if (alter.kind != ObjectKind::kTable && alter.kind != ObjectKind::kView)
    return UserError("ALTER {} is not supported yet", ObjectKindText(alter.kind));
  const ObjectPath path = session.catalog_.Resolve(alter.name);
  TablePtr table = session.catalog_.FindTable(path);
  if (!table)
    return alter.if_exists ? Outcome(Done{})
                           : Outcome(Fault(alter.name[0].span.begin, session.catalog_.NoTable(path).message()));
  if (table->is_view() != (alter.kind == ObjectKind::kView))
    return Fault(alter.name[0].span.begin,
                 fmt::format("{} is a {}: write ALTER {}", path.ToString(), table->is_view() ? "view" : "table",
                             table->is_view() ? "VIEW" : "TABLE"));
  if (auto* rename = std::get_if<RenameTo>(&alter.action)) {
    ObjectPath to = path;
    to.object = rename->name.back().text;
    THALWEG_TRY(session.catalog_.RenameTable(path, to));
    return Done{};
  }
  if (ChangesElements(alter.action)) {
    THALWEG_ASSIGN(BindEnvironment environment, Environment());
    auto altered = AlterElements(*table, alter.action, environment);
    if (!altered.ok()) return Fault(alter.name[0].span.begin, std::string(altered.status().message()));
    auto changed = std::make_shared<Table>(**altered);
    changed->place = table->place;
    changed->option_places = table->option_places;
    session.catalog_.ReplaceTable(std::move(changed));
    return Done{};
  }
  return AlterTable(alter, *table);
}

Session::Visitor::Outcome Session::Visitor::AlterTable(const Alter& alter, const Table& table) {
  auto changed = std::make_shared<Table>(table);
  if (auto* set = std::get_if<SetOptions>(&alter.action)) {
    for (const Option& option : set->options) {
      changed->options[option.key] = option.value;
      changed->option_places[option.key] = QuoteAt(option.span.begin, script);
    }
  } else if (auto* reset = std::get_if<ResetOptions>(&alter.action)) {
    if (reset->keys.empty()) return UserError("ALTER TABLE RESET does not support empty key");
    for (const std::string& key : reset->keys) {
      if (key == "connector") return UserError("ALTER TABLE RESET does not support changing 'connector'");
      changed->options.erase(key);
    }
  } else if (auto* query = std::get_if<SetQuery>(&alter.action)) {
    THALWEG_TRY(SetViewQuery(*changed, query->query, true));
  } else {
    return UserError("ALTER TABLE of partitions and of the distribution is not supported");
  }
  session.catalog_.ReplaceTable(std::move(changed));
  return Done{};
}

}  // namespace thalweg::sql
