#include "sql/session.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "config/options.h"
#include "expr/aggregates.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "expr/user_function.h"
#include "sql/alter_table.h"
#include "sql/bind.h"
#include "sql/binder.h"
#include "sql/describe.h"
#include "sql/explain.h"
#include "sql/print.h"
#include "sql/rules.h"
#include "sql/show_create.h"
#include "sql/to_graph.h"

namespace thalweg::sql {
namespace {

using expr::Expression;

constexpr std::string_view kCoreModule = "core";  // the one there is: all built-in functions

// Java's default zone: TZ, else what /etc/localtime points to, else UTC.
std::string MachineZone() {
  if (const char* zone = std::getenv("TZ"); zone && *zone) return zone[0] == ':' ? zone + 1 : zone;
  std::error_code error;
  const std::string link = std::filesystem::read_symlink("/etc/localtime", error).string();
  constexpr std::string_view kFolder = "zoneinfo/";
  const size_t at = link.find(kFolder);
  return error || at == std::string::npos ? "UTC" : link.substr(at + kFolder.size());
}

std::map<std::string, std::string> OptionsOfHints(const std::vector<Hint>& hints) {
  std::map<std::string, std::string> options;
  for (const Hint& hint : hints)
    for (const Option& option : hint.options) options[option.key] = option.value;
  return options;
}

/// SQL's LIKE of SHOW ... LIKE: % and _.
bool MatchesLike(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    for (size_t i = 0; i <= text.size(); ++i)
      if (MatchesLike(text.substr(i), pattern.substr(1))) return true;
    return false;
  }
  return !text.empty() && (pattern[0] == '_' || pattern[0] == text[0]) &&
         MatchesLike(text.substr(1), pattern.substr(1));
}

std::string Lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

/// One execution: the statement at hand and the script it stands in.
struct Session::Visitor {
  Session& session;
  std::string_view script;
  size_t at = 0;  // where the statement begins
  StatementResult result;

  using Outcome = Result<decltype(StatementResult::outcome)>;

  Result<std::string> Zone() const { return session.Zone(); }
  Result<bool> Batch() const {
    THALWEG_ASSIGN(config::RuntimeMode mode, session.config_.Get(config::kRuntimeMode));
    if (mode == config::RuntimeMode::kAutomatic)
      return UserError("Unsupported mode 'AUTOMATIC' for 'execution.runtime-mode': SQL runs in BATCH or STREAMING");
    return mode == config::RuntimeMode::kBatch;
  }
  Result<BindEnvironment> Environment() const {
    BindEnvironment environment{session.catalog_};
    THALWEG_ASSIGN(environment.zone, Zone());
    THALWEG_ASSIGN(environment.batch, Batch());
    environment.query_start_ms = session.options_.now_ms;
    environment.file_tables = session.options_.file_tables;
    return environment;
  }
  Result<SinkOptions> Sinks() const {
    SinkOptions sink;
    THALWEG_ASSIGN(sink.upsert_materialize, session.config_.Get(config::kSinkUpsertMaterialize));
    THALWEG_ASSIGN(sink.require_on_conflict, session.config_.Get(config::kSinkRequireOnConflict));
    THALWEG_ASSIGN(const config::NotNullEnforcer not_null, session.config_.Get(config::kSinkNotNull));
    THALWEG_ASSIGN(const config::LengthEnforcer length, session.config_.Get(config::kSinkLength));
    THALWEG_ASSIGN(const config::NestedEnforcer nested, session.config_.Get(config::kSinkNested));
    // The numbers of both are the same.
    sink.constraints.not_null = static_cast<graph::ConstraintSpec::NotNull>(not_null);
    sink.constraints.length = static_cast<graph::ConstraintSpec::Length>(length);
    sink.constraints.nested = static_cast<graph::ConstraintSpec::Nested>(nested);
    return sink;
  }
  Result<PhysicalOptions> Physical() const {
    PhysicalOptions physical;
    physical.connectors = session.options_.connectors;
    THALWEG_ASSIGN(physical.zone, Zone());
    THALWEG_ASSIGN(config::Duration ttl, session.config_.Get(config::kStateTtl));
    THALWEG_ASSIGN(config::Duration idle, session.config_.Get(config::kSourceIdleTimeout));
    physical.state_ttl_ms = std::chrono::duration_cast<std::chrono::milliseconds>(ttl).count();
    physical.idle_timeout_ms = std::chrono::duration_cast<std::chrono::milliseconds>(idle).count();
    THALWEG_ASSIGN(physical.batch, Batch());
    THALWEG_ASSIGN(physical.sink, Sinks());
    THALWEG_ASSIGN(physical.source_repeats, session.config_.Get(config::kSourceCdcDuplicate));
    if (physical.batch) physical.query_start_ms = session.options_.now_ms;
    return physical;
  }
  Result<PlanPtr> PlanOf(const Query& query) const {
    THALWEG_ASSIGN(BindEnvironment environment, Environment());
    THALWEG_ASSIGN(PlanPtr plan, BindQuery(query, script, environment));
    return Optimize(plan);
  }
  Status Fault(const Position& at, std::string message, std::string hint = "") const {
    return RenderSyntaxError({at, std::move(message), std::move(hint)}, script);
  }
  Result<std::string> JobName(std::string otherwise) const {
    THALWEG_ASSIGN(std::optional<std::string> name, session.config_.Find(config::kPipelineName));
    return name.value_or(std::move(otherwise));
  }

  // --- Data.

  Outcome operator()(const QueryStatement& statement) {
    THALWEG_ASSIGN(PlanPtr plan, PlanOf(*statement.query));
    THALWEG_ASSIGN(PhysicalOptions physical, Physical());
    const bool streaming = !physical.batch;
    GraphMaker maker(std::move(physical));
    THALWEG_TRY(maker.AddCollect(plan));
    QueryToRun query;
    THALWEG_ASSIGN(std::string name, JobName("collect"));
    query.graph = maker.Take(std::move(name), &result.warnings);
    std::vector<types::Field> fields;
    for (const PlanColumn& column : plan->columns) fields.push_back({column.name, column.type});
    query.schema = types::Schema(std::move(fields));
    query.streaming = streaming;
    return query;
  }

  static std::string DottedName(const ObjectPath& path) {
    return fmt::format("{}.{}.{}", path.catalog, path.database, path.object);
  }
  static std::string NearestColumn(const std::string& name, const Table& table) {
    NearestWord nearest(name);
    for (const TableColumn& column : table.columns) nearest.Consider(column.name);
    return nearest.word().empty() ? "" : fmt::format("did you mean {}?", nearest.word());
  }

  /// The query's columns as the table wants them; NULL in those that are not named.
  Result<PlanPtr> InsertPlan(const Insert& insert, const Table& table) const {
    const Position& at = insert.table[0].span.begin;
    if (insert.overwrite) return Fault(at, "INSERT OVERWRITE is not supported yet");
    THALWEG_ASSIGN(BindEnvironment environment, Environment());
    THALWEG_ASSIGN(PlanPtr plan, BindQuery(*insert.query, script, environment));
    std::vector<int> writable;
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const TableColumn& column = table.columns[i];
      if (column.kind == ColumnKind::kPhysical || (column.kind == ColumnKind::kMetadata && !column.is_virtual))
        writable.push_back(static_cast<int>(i));
    }
    // Connectors take physical columns first.
    std::stable_partition(writable.begin(), writable.end(), [&](int column) {
      return table.columns[static_cast<size_t>(column)].kind == ColumnKind::kPhysical;
    });
    std::vector<int> given;  // for each column of the query the table's
    std::vector<Expression> values(table.columns.size());
    std::set<int> set;
    for (const PartitionValue& partition : insert.partition) {
      const int column = table.Find(partition.column.text);
      if (column < 0 || !partition.value) return Fault(partition.column.span.begin, fmt::format("No such partition column, or no value: '{}'", partition.column.text));
      try {
        Binder binder(environment);
        values[static_cast<size_t>(column)] = Expression::Literal(binder.BindConstant(*partition.value, "A partition"));
      } catch (const SyntaxError& error) {
        return RenderSyntaxError(error, script);
      }
      set.insert(column);
    }
    if (insert.columns.empty()) {
      for (size_t i = 0; i < table.columns.size(); ++i)
        if (std::find(writable.begin(), writable.end(), static_cast<int>(i)) != writable.end() && !set.contains(static_cast<int>(i)))
          given.push_back(static_cast<int>(i));
    } else {
      for (const Name& name : insert.columns) {
        const int column = table.Find(name.back().text);
        if (column < 0 || std::find(writable.begin(), writable.end(), column) == writable.end())
          return Fault(name.back().span.begin, fmt::format("Unknown target column '{}'", name.back().text),
                       NearestColumn(name.back().text, table));
        given.push_back(column);
      }
    }
    if (given.size() != plan->columns.size()) {
      std::vector<std::string> query_types, sink_types;
      for (const PlanColumn& column : plan->columns) query_types.push_back(fmt::format("{}: {}", column.name, column.type.ToString()));
      for (int column : given) sink_types.push_back(fmt::format("{}: {}", table.columns[static_cast<size_t>(column)].name, table.columns[static_cast<size_t>(column)].type.ToString()));
      return Fault(at, fmt::format("Column types of query result and sink for '{}' do not match. Cause: Different number of columns.",
                                   DottedName(table.path)),
                   fmt::format("Query schema: [{}]\nSink schema:  [{}]", fmt::join(query_types, ", "), fmt::join(sink_types, ", ")));
    }
    for (size_t i = 0; i < given.size(); ++i) {
      const TableColumn& column = table.columns[static_cast<size_t>(given[i])];
      Expression value = InputOf(*plan, static_cast<int>(i));
      if (!expr::SameType(value.type(), column.type)) {
        if (!expr::CastsImplicitly(value.type(), column.type))
          return Fault(at, fmt::format("Column types of query result and sink for '{}' do not match. Cause: Incompatible types for sink "
                                       "column '{}' at position {}.", DottedName(table.path), column.name, i),
                       fmt::format("the query gives {} {}, the sink takes {}: write CAST", plan->columns[i].name, value.type().ToString(), column.type.ToString()));
        value = expr::Coerced(std::move(value), column.type);
      }
      values[static_cast<size_t>(given[i])] = std::move(value);
      set.insert(given[i]);
    }
    std::vector<Expression> columns;
    std::vector<std::string> names;
    for (int target : writable) {
      const TableColumn& column = table.columns[static_cast<size_t>(target)];
      if (!set.contains(target)) {
        if (!column.type.nullable())
          return Fault(at, fmt::format("Column '{}' has no default value and does not allow NULLs", column.name));
        values[static_cast<size_t>(target)] = Expression::Literal(expr::Value::Null(column.type));
      }
      columns.push_back(expr::Coerced(values[static_cast<size_t>(target)], column.type));
      names.push_back(column.name);
    }
    return Optimize(MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names)));
  }

  Status AddInsert(const Insert& insert, GraphMaker& maker) const {
    const ObjectPath path = session.catalog_.Resolve(insert.table);
    TablePtr table = session.catalog_.FindTable(path);
    if (!table) return Fault(insert.table[0].span.begin, session.catalog_.NoTable(path).message());
    if (table->is_view()) return Fault(insert.table[0].span.begin, fmt::format("A view cannot be written: {}", DottedName(path)));
    THALWEG_ASSIGN(PlanPtr plan, InsertPlan(insert, *table));
    return maker.AddSink(plan, *table, {OptionsOfHints(insert.hints), insert.on_conflict});
  }

  Result<JobToRun> Inserts(const std::vector<StatementPtr>& statements) {
    THALWEG_ASSIGN(PhysicalOptions physical, Physical());
    GraphMaker maker(std::move(physical));
    JobToRun job;
    std::vector<std::string>& targets = job.targets;
    for (const StatementPtr& statement : statements) {
      const auto* insert = statement->As<Insert>();
      if (!insert) return Fault(statement->span.begin, "A statement set has INSERT statements only");
      THALWEG_TRY(AddInsert(*insert, maker));
      const ObjectPath path = session.catalog_.Resolve(insert->table);
      targets.push_back(fmt::format("{}.{}.{}", path.catalog, path.database, path.object));
      ++job.sinks;
    }
    if (job.sinks == 0) return UserError("No statements in the statement set");
    THALWEG_ASSIGN(std::string name, JobName(fmt::format("insert-into_{}", fmt::join(targets, ","))));
    job.bounded = maker.bounded();
    job.graph = maker.Take(std::move(name), &result.warnings);
    return job;
  }

  Outcome operator()(const StatementSet& set) {
    THALWEG_ASSIGN(JobToRun job, Inserts(set.inserts));
    return job;
  }
  Outcome operator()(const BeginStatementSet&) {
    session.open_set_.emplace();
    return Done{};
  }
  Outcome operator()(const EndStatementSet&) { return UserError("No Statement Set to submit. 'END' statement should be used after 'BEGIN STATEMENT SET'."); }
  Outcome operator()(const sql::Execute& execute) { return Visit(execute.statement); }

  // --- Definitions.

  Outcome operator()(const CreateTable& create) {
    THALWEG_ASSIGN(BindEnvironment environment, Environment());
    if (create.query) return CreateAsSelect(create);
    if (create.mode != CreateMode::kCreate) return UserError("CREATE OR REPLACE TABLE and REPLACE TABLE want AS and a query");
    if (create.distribution) return UserError("DISTRIBUTED is not supported: no connector has buckets");
    THALWEG_ASSIGN(TablePtr table, BindTable(create, script, environment));
    THALWEG_TRY(session.catalog_.CreateTable(std::move(table), create.if_not_exists));
    return Done{};
  }

  /// The table of CREATE TABLE [(...)] AS query: what is declared, and the columns of the query.
  Result<TablePtr> TableOfQuery(const CreateTable& create, const Plan& plan, const BindEnvironment& environment) const {
    CreateTable declared = create;
    declared.query = nullptr;
    std::map<std::string, ColumnDefinition> of_query;
    std::vector<std::string> order;
    for (const PlanColumn& column : plan.columns) {
      ColumnDefinition definition;
      definition.span = create.name[0].span;
      definition.name = {Identifier{column.name, create.name[0].span}};
      THALWEG_ASSIGN(definition.type, ParseType(column.type.ToString()));
      of_query[column.name] = std::move(definition);
      order.push_back(column.name);
    }
    std::vector<TableElement> first, last;
    std::vector<std::string> named;
    for (const TableElement& element : create.elements.value_or(std::vector<TableElement>{})) {
      auto* column = std::get_if<ColumnDefinition>(&element);
      if (!column) {
        last.push_back(element);
        continue;
      }
      const std::string& name = column->name.back().text;
      auto known = of_query.find(name);
      if (column->kind == ColumnKind::kNameOnly) {
        if (known == of_query.end())
          return Fault(column->span.begin, fmt::format("Column '{}' not found in the source schema.", name));
        named.push_back(name);
      } else if (known != of_query.end()) {
        known->second = *column;
      } else {
        first.push_back(element);
      }
    }
    if (!named.empty()) {
      if (named.size() != order.size())
        return Fault(create.name[0].span.begin,
                     "The number of columns in the column list must match the number of columns in the source schema.");
      order = named;
    }
    for (const std::string& name : order) first.emplace_back(of_query.at(name));
    first.insert(first.end(), last.begin(), last.end());
    declared.elements = std::move(first);
    return BindTable(declared, script, environment);
  }

  Outcome CreateAsSelect(const CreateTable& create) {
    THALWEG_ASSIGN(BindEnvironment environment, Environment());
    THALWEG_ASSIGN(PlanPtr plan, BindQuery(*create.query, script, environment));
    THALWEG_ASSIGN(TablePtr table, TableOfQuery(create, *plan, environment));
    TablePtr before = session.catalog_.FindTable(table->path);
    if (create.mode == CreateMode::kReplace && !before)
      return Fault(create.name[0].span.begin,
                   fmt::format("The table {} to be replaced doesn't exist. You can try to use CREATE TABLE AS statement or "
                               "CREATE OR REPLACE TABLE AS statement.", table->path.ToString()));
    THALWEG_TRY(session.catalog_.CreateTable(table, create.if_not_exists, create.mode != CreateMode::kCreate));
    if (before && create.if_not_exists) return Done{};
    Insert insert;
    insert.table = create.name;
    for (const PlanColumn& column : plan->columns) insert.columns.push_back({Identifier{column.name, create.name[0].span}});
    insert.query = create.query;
    THALWEG_ASSIGN(PhysicalOptions physical, Physical());
    GraphMaker maker(std::move(physical));
    if (Status added = AddInsert(insert, maker); !added.ok()) {
      if (before)
        session.catalog_.ReplaceTable(before);
      else
        (void)session.catalog_.DropTable(table->path, true, table->temporary, false);
      return added;
    }
    JobToRun job;
    job.sinks = 1;
    job.targets = {fmt::format("{}.{}.{}", table->path.catalog, table->path.database, table->path.object)};
    job.bounded = maker.bounded();
    THALWEG_ASSIGN(std::string name, JobName(fmt::format("insert-into_{}", job.targets[0])));
    job.graph = maker.Take(std::move(name), &result.warnings);
    return job;
  }
  Outcome operator()(const CreateView& create) {
    THALWEG_ASSIGN(BindEnvironment environment, Environment());
    THALWEG_ASSIGN(PlanPtr plan, BindQuery(*create.query, script, environment));
    if (!create.columns.empty() && create.columns.size() != plan->columns.size())
      return Fault(create.name[0].span.begin, fmt::format("VIEW definition and input fields not match: {} names for {} columns",
                                                          create.columns.size(), plan->columns.size()));
    auto view = std::make_shared<Table>();
    view->path = session.catalog_.Resolve(create.name);
    view->temporary = create.temporary;
    view->query = create.query;
    view->query_text = Print(*create.query);
    view->query_catalog = session.catalog_.current_catalog();
    view->query_database = session.catalog_.current_database();
    if (create.comment) view->comment = *create.comment;
    for (size_t i = 0; i < plan->columns.size(); ++i)
      view->columns.push_back({.name = create.columns.empty() ? plan->columns[i].name : create.columns[i].text,
                               .type = plan->columns[i].type,
                               .time = plan->columns[i].time});
    THALWEG_TRY(session.catalog_.CreateTable(std::move(view), create.if_not_exists));
    return Done{};
  }
  static Properties PropertiesOf(const CreateObject& create) {
    Properties properties{create.comment.value_or(""), {}};
    for (const Option& option : create.options.value_or(Options{})) properties.options[option.key] = option.value;
    return properties;
  }
  Outcome operator()(const CreateObject& create) {
    if (create.kind == ObjectKind::kDatabase) {
      THALWEG_TRY(session.catalog_.CreateDatabase(create.name, create.if_not_exists, PropertiesOf(create)));
      return Done{};
    }
    if (create.kind == ObjectKind::kCatalog) {
      if (create.name.size() > 1) return Fault(create.name[1].span.begin, "The name of a catalog has one part");
      Properties properties = PropertiesOf(create);
      if (!properties.options.contains("type"))
        return Fault(create.name[0].span.begin, "Catalog options do not contain an option key 'type' for discovering a catalog.",
                     "write WITH ('type' = 'generic_in_memory')");
      for (const Option& option : *create.options)
        if (option.key == "type" && option.value != "generic_in_memory")
          return Fault(option.span.begin, fmt::format("Catalogs are of type generic_in_memory, not {}", option.value));
      THALWEG_TRY(session.catalog_.CreateCatalog(create.name[0].text, create.if_not_exists, std::move(properties)));
      return Done{};
    }
    return UserError("CREATE {} is not supported yet", ObjectKindText(create.kind));
  }
  // A library of C++: CREATE FUNCTION f AS 'symbol' LANGUAGE CPP USING ARTIFACT 'path.so'.
  Outcome operator()(const CreateFunction& create) {
    const std::string language = create.language.value_or("JAVA");
    if (language != "CPP") return UserError("CREATE FUNCTION runs functions of C++, not of {}: say LANGUAGE CPP USING ARTIFACT 'library.so'", language);
    if (create.resources.size() != 1 || create.resources[0].jar)
      return UserError("CREATE FUNCTION ... LANGUAGE CPP needs one library: USING ARTIFACT 'library.so'");
    if (create.options) return UserError("CREATE FUNCTION ... LANGUAGE CPP takes no WITH");
    if (create.if_not_exists && session.catalog_.FindFunction(create.name, false)) return Done{};
    const std::string& library = create.resources[0].path;
    THALWEG_ASSIGN(const expr::Function* function, expr::LoadUserFunction(library, create.class_name));
    THALWEG_TRY(session.catalog_.CreateFunction(create.name, create.system, {function, create.class_name, library}, create.if_not_exists));
    return Done{};
  }
  Outcome operator()(const Drop& drop) {
    switch (drop.kind) {
      case ObjectKind::kFunction:
        THALWEG_TRY(session.catalog_.DropFunction(drop.name, drop.system, drop.if_exists));
        return Done{};
      case ObjectKind::kTable:
      case ObjectKind::kView:
        THALWEG_TRY(session.catalog_.DropTable(session.catalog_.Resolve(drop.name), drop.if_exists, drop.temporary,
                                               drop.kind == ObjectKind::kView));
        return Done{};
      case ObjectKind::kDatabase:
        THALWEG_TRY(session.catalog_.DropDatabase(drop.name, drop.if_exists, drop.cascade.value_or(false)));
        return Done{};
      case ObjectKind::kCatalog:
        THALWEG_TRY(session.catalog_.DropCatalog(drop.name.back().text, drop.if_exists));
        return Done{};
      default: return UserError("DROP {} is not supported yet", ObjectKindText(drop.kind));
    }
  }
  Outcome AlterCatalog(const Alter& alter) {
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
  Outcome operator()(const Alter& alter) {
    if (alter.kind == ObjectKind::kCatalog) return AlterCatalog(alter);
    if (alter.kind == ObjectKind::kDatabase) {
      std::map<std::string, std::string> options;
      if (auto* set = std::get_if<SetOptions>(&alter.action))
        for (const Option& option : set->options) options[option.key] = option.value;
      THALWEG_TRY(session.catalog_.AlterDatabase(alter.name, options));
      return Done{};
    }
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
      session.catalog_.ReplaceTable(*std::move(altered));
      return Done{};
    }
    auto changed = std::make_shared<Table>(*table);
    if (auto* set = std::get_if<SetOptions>(&alter.action)) {
      for (const Option& option : set->options) changed->options[option.key] = option.value;
    } else if (auto* reset = std::get_if<ResetOptions>(&alter.action)) {
      if (reset->keys.empty()) return UserError("ALTER TABLE RESET does not support empty key");
      for (const std::string& key : reset->keys) {
        if (key == "connector") return UserError("ALTER TABLE RESET does not support changing 'connector'");
        changed->options.erase(key);
      }
    } else if (auto* query = std::get_if<SetQuery>(&alter.action)) {
      THALWEG_ASSIGN(PlanPtr plan, PlanOf(*query->query));
      changed->query = query->query;
      changed->query_text = Print(*query->query);
      changed->query_catalog = session.catalog_.current_catalog();
      changed->query_database = session.catalog_.current_database();
      changed->columns.clear();
      for (const PlanColumn& column : plan->columns)
        changed->columns.push_back({.name = column.name, .type = column.type, .time = column.time});
    } else {
      return UserError("ALTER TABLE of partitions and of the distribution is not supported");
    }
    session.catalog_.ReplaceTable(std::move(changed));
    return Done{};
  }

  // --- The session.

  Outcome operator()(const Use& use) {
    if (use.kind == UseKind::kCatalog)
      THALWEG_TRY(session.catalog_.UseCatalog(use.name.back().text));
    else if (use.kind == UseKind::kDatabase)
      THALWEG_TRY(session.catalog_.UseDatabase(use.name));
    else
      for (const Identifier& module : use.modules)
        if (module.text != kCoreModule) return Fault(module.span.begin, fmt::format("No module with name '{}' exists", module.text));
    return Done{};
  }
  Outcome operator()(const SetOption& set) {
    if (!set.option) {
      Rows rows{TextSchema({"key", "value"}), {}};
      for (const auto& [key, entry] : session.config_.entries()) rows.rows.push_back({key, entry.text});
      return rows;
    }
    Status status = session.config_.Set(set.option->key, set.option->value, &result.warnings);
    if (!status.ok()) return Fault(set.option->span.begin, std::string(status.message()));
    return Done{};
  }
  Outcome operator()(const ResetOption& reset) {
    if (!reset.key) {
      session.config_ = session.initial_;
      return Done{};
    }
    session.config_.Unset(*reset.key);
    return Done{};
  }

  std::vector<std::string> Filtered(std::vector<std::string> names, const Show& show) const {
    if (!show.like) return names;
    std::erase_if(names, [&](const std::string& name) {
      const bool matches = show.like->ignore_case ? MatchesLike(Lowered(name), Lowered(show.like->text))
                                                  : MatchesLike(name, show.like->text);
      return matches == show.like->negated;
    });
    return names;
  }
  Result<std::vector<std::string>> TablesOf(const Show& show, bool views) const {
    std::string catalog = session.catalog_.current_catalog(), database = session.catalog_.current_database();
    if (!show.name.empty()) database = show.name.back().text;
    if (show.name.size() > 1) catalog = show.name[0].text;
    return session.catalog_.Tables(catalog, database, views);
  }
  static std::vector<std::string> Texts(const Name& name) {
    std::vector<std::string> texts;
    for (const Identifier& part : name) texts.push_back(part.text);
    return texts;
  }
  Outcome ShowCreate(const Show& show) const {
    if (show.object == ObjectKind::kCatalog) {
      const std::string& name = show.name.back().text;
      const Properties* properties = session.catalog_.FindCatalog(name);
      if (!properties) return Fault(show.name[0].span.begin, fmt::format("Catalog {} does not exist.", name));
      return OneColumn("result", {CreateText(name, *properties)});
    }
    if (show.object != ObjectKind::kTable && show.object != ObjectKind::kView)
      return UserError("SHOW CREATE {} is not supported yet", ObjectKindText(*show.object));
    THALWEG_ASSIGN(TablePtr table, TableNamed(show.name));
    if (table->is_view() == (show.object == ObjectKind::kView)) return OneColumn("result", {CreateText(*table)});
    return Fault(show.name[0].span.begin,
                 fmt::format("SHOW CREATE {} is only supported for {}s, but {} is a {}. Please use SHOW CREATE {} instead.",
                             ObjectKindText(*show.object), table->is_view() ? "table" : "view", table->path.ToString(),
                             table->is_view() ? "view" : "table", table->is_view() ? "VIEW" : "TABLE"));
  }
  Outcome operator()(const Show& show) {
    switch (show.kind) {
      case ShowKind::kCatalogs: return OneColumn("catalog name", Filtered(session.catalog_.Catalogs(), show));
      case ShowKind::kDatabases: {
        if (show.name.size() > 1)
          return Fault(show.name[1].span.begin, fmt::format("Show databases from/in identifier [ {} ] format error, catalog must be a single part identifier.",
                                                            fmt::join(Texts(show.name), ".")));
        THALWEG_ASSIGN(auto names, session.catalog_.Databases(show.name.empty() ? session.catalog_.current_catalog()
                                                                               : show.name.back().text));
        return OneColumn("database name", Filtered(std::move(names), show));
      }
      case ShowKind::kTables:
      case ShowKind::kViews: {
        const bool views = show.kind == ShowKind::kViews;
        THALWEG_ASSIGN(auto names, TablesOf(show, views));
        return OneColumn(views ? "view name" : "table name", Filtered(std::move(names), show));
      }
      case ShowKind::kFunctions: {
        std::vector<std::string> names;
        for (const expr::Function* function : expr::Registry::BuiltIn().All()) names.push_back(Lowered(function->name));
        for (const expr::Aggregate& aggregate : expr::AllAggregates()) names.push_back(Lowered(aggregate.name));
        for (std::string& name : session.catalog_.Functions()) names.push_back(std::move(name));
        std::sort(names.begin(), names.end());
        return OneColumn("function name", Filtered(std::move(names), show));
      }
      case ShowKind::kUserFunctions: return OneColumn("function name", Filtered(session.catalog_.Functions(), show));
      case ShowKind::kModules: return OneColumn("module name", {std::string(kCoreModule)});
      case ShowKind::kFullModules: return Rows{TextSchema({"module name", "used"}), {{std::string(kCoreModule), "TRUE"}}};
      case ShowKind::kJars: return OneColumn("jars", {});
      case ShowKind::kModels: return OneColumn("model name", {});
      case ShowKind::kConnections: return OneColumn("connection name", {});
      case ShowKind::kProcedures: return OneColumn("procedure name", {});
      case ShowKind::kMaterializedTables: return OneColumn("table name", {});
      case ShowKind::kCurrentCatalog: return OneColumn("current catalog name", {session.catalog_.current_catalog()});
      case ShowKind::kCurrentDatabase: return OneColumn("current database name", {session.catalog_.current_database()});
      case ShowKind::kJobs: return ClientAction{.kind = ClientAction::Kind::kShowJobs};
      case ShowKind::kColumns: {
        THALWEG_ASSIGN(TablePtr table, TableNamed(show.name));
        return DescribeColumns(*table, [&](const std::string& name) { return !Filtered({name}, show).empty(); });
      }
      case ShowKind::kCreate: return ShowCreate(show);
      default: return UserError("SHOW {} is not supported yet", ShowKindText(show.kind));
    }
  }
  Result<TablePtr> TableNamed(const Name& name) const {
    const ObjectPath path = session.catalog_.Resolve(name);
    TablePtr table = session.catalog_.FindTable(path);
    if (!table) return Fault(name[0].span.begin, session.catalog_.NoTable(path).message());
    return table;
  }
  Outcome operator()(const Describe& describe) {
    switch (describe.kind) {
      case DescribeKind::kTable: {
        THALWEG_ASSIGN(TablePtr table, TableNamed(describe.name));
        return DescribeColumns(*table);
      }
      case DescribeKind::kCatalog: {
        const std::string& name = describe.name.back().text;
        const Properties* properties = session.catalog_.FindCatalog(name);
        if (!properties) return Fault(describe.name[0].span.begin, fmt::format("Catalog {} does not exist.", name));
        return DescribeCatalog(name, *properties, describe.extended);
      }
      case DescribeKind::kJob: return ClientAction{.kind = ClientAction::Kind::kDescribeJob, .job = describe.job};
      default: return UserError("DESCRIBE is of tables, views, catalogs and jobs as yet");
    }
  }
  Outcome operator()(const ClientCommand& command) {
    switch (command.kind) {
      case ClientCommandKind::kQuit: return ClientAction{.kind = ClientAction::Kind::kQuit};
      case ClientCommandKind::kClear: return ClientAction{.kind = ClientAction::Kind::kClear};
      case ClientCommandKind::kHelp: return ClientAction{.kind = ClientAction::Kind::kHelp};
    }
    return Done{};
  }
  Outcome operator()(const StopJob& stop) {
    if (stop.drain) return UserError("STOP JOB ... WITH DRAIN is not supported yet: a stop takes a last checkpoint and fires no windows");
    return ClientAction{.kind = ClientAction::Kind::kStopJob, .job = stop.job, .savepoint = stop.savepoint};
  }
  Outcome operator()(const JarCommand& jar) {
    return UserError("{} JAR is not supported: there is no Java here, functions come from C++ libraries", jar.add ? "ADD" : "REMOVE");
  }
  Outcome operator()(const LoadModule& load) {
    if (load.name.text == kCoreModule) return Fault(load.name.span.begin, "A module with name 'core' already exists");
    return Fault(load.name.span.begin, fmt::format("LOAD MODULE is not supported: there is one module, core, not '{}'", load.name.text));
  }
  Outcome operator()(const UnloadModule& unload) {
    if (unload.name.text != kCoreModule) return Fault(unload.name.span.begin, fmt::format("No module with name '{}' exists", unload.name.text));
    return UserError("UNLOAD MODULE is not supported: core has all functions there are");
  }

  Outcome operator()(const Explain& explain) {
    std::vector<StatementPtr> statements = {explain.statement};
    if (auto* execute = explain.statement->As<sql::Execute>()) statements = {execute->statement};
    if (auto* set = statements[0]->As<StatementSet>()) statements = set->inserts;
    THALWEG_ASSIGN(PhysicalOptions physical, Physical());
    const int64_t ttl_ms = physical.state_ttl_ms;
    GraphMaker maker(std::move(physical));
    std::vector<PlanPtr> plans;
    for (const StatementPtr& statement : statements) {
      if (auto* query = statement->As<QueryStatement>()) {
        THALWEG_ASSIGN(PlanPtr plan, PlanOf(*query->query));
        plans.push_back(std::move(plan));
        THALWEG_TRY(maker.AddCollect(plans.back()));
      } else if (auto* insert = statement->As<Insert>()) {
        THALWEG_ASSIGN(TablePtr table, TableNamed(insert->table));
        THALWEG_TRY(AddInsert(*insert, maker));
        THALWEG_ASSIGN(PlanPtr plan, InsertPlan(*insert, *table));
        plans.push_back(std::move(plan));
      } else {
        return UserError("EXPLAIN is of queries, INSERT statements and statement sets");
      }
    }
    auto wants = [&](ExplainDetail detail) {
      return std::find(explain.details.begin(), explain.details.end(), detail) != explain.details.end();
    };
    auto note = [&](const PlanPtr& node) -> Result<std::string> {
      if (!wants(ExplainDetail::kChangelogMode)) return std::string();
      THALWEG_ASSIGN(Changes changes, maker.ChangesOf(node));
      return ChangelogNote(*node, changes);
    };
    std::string text = "== Optimized Logical Plan ==\n";
    for (const PlanPtr& plan : plans) {
      THALWEG_ASSIGN(std::string tree, ToText(plan, note));
      text += tree + "\n";
    }
    const bool bounded = maker.bounded();
    const graph::JobGraph graph = maker.Take("explain", &result.warnings);
    if (wants(ExplainDetail::kEstimatedCost))
      result.warnings.push_back("ESTIMATED_COST: there are no costs, plans are made by rules alone");
    text += "== Physical Execution Plan ==\n";
    text += wants(ExplainDetail::kJsonExecutionPlan) ? graph::ToJson(graph) + "\n" : GraphText(graph);
    text += StateAdvice(plans, bounded || ttl_ms > 0, wants(ExplainDetail::kPlanAdvice));
    return OneColumn("result", {text});
  }
  /// What the person should know of state that nothing ever clears. `cleared`: the input ends, or state has a time to live.
  static std::string StateAdvice(const std::vector<PlanPtr>& plans, bool cleared, bool asked) {
    std::vector<std::string> lines;
    for (const PlanPtr& plan : plans)
      if (!cleared)
        for (std::string& line : GrowingState(*plan))
          if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
    if (lines.empty()) return asked ? "\n== Advice ==\nNo available advice...\n" : "";
    std::string text = "\n== Warnings ==\n";
    for (const std::string& line : lines) text += fmt::format("State that grows without bound: {}\n", line);
    return text + "Set 'table.exec.state.ttl', or group and join by windows, to bound it.\n";
  }

  Outcome operator()(const CreateMaterializedTable&) { return UserError("CREATE MATERIALIZED TABLE is not supported yet"); }
  Outcome operator()(const AlterFunction&) { return UserError("ALTER FUNCTION is not supported yet"); }
  template <typename Other>
  Outcome operator()(const Other&) {
    return UserError("{} is not supported yet", FirstWords());
  }
  /// The statement by its first word or two, for refusals.
  std::string FirstWords() const {
    std::istringstream text{std::string(script.substr(std::min<size_t>(at, script.size()), 100))};
    std::string first, second;
    text >> first >> second;
    for (std::string* word : {&first, &second})
      for (char& c : *word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    for (std::string_view verb : {"CREATE", "ALTER", "DROP", "ANALYZE", "COMPILE", "EXECUTE", "TRUNCATE"})
      if (first == verb) return first + " " + second;
    return first;
  }

  Outcome Visit(const StatementPtr& statement) {
    if (statement->As<Insert>()) {
      THALWEG_ASSIGN(JobToRun job, Inserts({statement}));
      return job;
    }
    return std::visit([this](const auto& node) { return (*this)(node); }, statement->node);
  }
};

Session::Session(SessionOptions options)
    : options_(std::move(options)), config_(options_.config), initial_(options_.config) {}

Result<std::string> Session::Zone() const {
  THALWEG_ASSIGN(std::optional<std::string> zone, config_.Find(config::kLocalTimeZone));
  if (!zone || *zone == "default") return MachineZone();
  return *zone;
}

Result<StatementResult> Session::Execute(const ParsedStatement& parsed, std::string_view script) {
  Visitor visitor{*this, script, parsed.begin.offset, {}};
  if (open_set_) {
    if (parsed.statement->As<Insert>()) {
      open_set_->push_back(parsed.statement);
      return StatementResult{Done{}, {}};
    }
    if (!parsed.statement->As<EndStatementSet>())
      return visitor.Fault(parsed.begin, "Only 'INSERT/CREATE TABLE AS' statement is allowed in Statement Set or use 'END' statement to submit Statement Set.");
    if (open_set_->empty()) {
      open_set_.reset();
      return StatementResult{Done{}, {}};
    }
    const std::vector<StatementPtr> statements = std::move(*open_set_);
    open_set_.reset();
    THALWEG_ASSIGN(JobToRun job, visitor.Inserts(statements));
    return StatementResult{std::move(job), std::move(visitor.result.warnings)};
  }
  auto outcome = visitor.Visit(parsed.statement);
  THALWEG_TRY(outcome.status());
  visitor.result.outcome = std::move(outcome).value();
  return std::move(visitor.result);
}

}  // namespace thalweg::sql
