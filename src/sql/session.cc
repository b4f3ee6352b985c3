#include "sql/session.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "config/options.h"
#include "expr/aggregates.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/bind.h"
#include "sql/binder.h"
#include "sql/explain.h"
#include "sql/print.h"
#include "sql/rules.h"
#include "sql/show_create.h"
#include "sql/to_graph.h"

namespace thalweg::sql {
namespace {

using expr::Expression;

// Java's default zone: TZ, else what /etc/localtime points to, else UTC.
std::string MachineZone() {
  if (const char* zone = std::getenv("TZ"); zone && *zone) return zone[0] == ':' ? zone + 1 : zone;
  std::error_code error;
  const std::string link = std::filesystem::read_symlink("/etc/localtime", error).string();
  constexpr std::string_view kFolder = "zoneinfo/";
  const size_t at = link.find(kFolder);
  return error || at == std::string::npos ? "UTC" : link.substr(at + kFolder.size());
}

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
    return environment;
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
    THALWEG_ASSIGN(physical.upsert_materialize, session.config_.Get(config::kUpsertMaterialize));
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
          return Fault(name.back().span.begin, fmt::format("Unknown target column '{}'", name.back().text));
        given.push_back(column);
      }
    }
    if (given.size() != plan->columns.size()) {
      std::vector<std::string> query_types, sink_types;
      for (const PlanColumn& column : plan->columns) query_types.push_back(fmt::format("{}: {}", column.name, column.type.ToString()));
      for (int column : given) sink_types.push_back(fmt::format("{}: {}", table.columns[static_cast<size_t>(column)].name, table.columns[static_cast<size_t>(column)].type.ToString()));
      return Fault(at, fmt::format("Column types of query result and sink for '{}' do not match. Cause: Different number of columns.",
                                   table.path.ToString()),
                   fmt::format("Query schema: [{}]\nSink schema:  [{}]", fmt::join(query_types, ", "), fmt::join(sink_types, ", ")));
    }
    for (size_t i = 0; i < given.size(); ++i) {
      const TableColumn& column = table.columns[static_cast<size_t>(given[i])];
      Expression value = InputOf(*plan, static_cast<int>(i));
      if (!expr::SameType(value.type(), column.type)) {
        if (!expr::CastsImplicitly(value.type(), column.type))
          return Fault(at, fmt::format("Column types of query result and sink for '{}' do not match. Cause: Incompatible types for sink "
                                       "column '{}' at position {}.", table.path.ToString(), column.name, i),
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
    if (table->is_view()) return Fault(insert.table[0].span.begin, fmt::format("A view cannot be written: {}", path.ToString()));
    THALWEG_ASSIGN(PlanPtr plan, InsertPlan(insert, *table));
    return maker.AddSink(plan, *table, OptionsOfHints(insert.hints));
  }

  Result<JobToRun> Inserts(const std::vector<StatementPtr>& statements) {
    THALWEG_ASSIGN(PhysicalOptions physical, Physical());
    GraphMaker maker(std::move(physical));
    JobToRun job;
    std::vector<std::string> targets;
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
  Outcome operator()(const EndStatementSet&) { return UserError("END without BEGIN STATEMENT SET"); }
  Outcome operator()(const sql::Execute& execute) { return Visit(execute.statement); }

  // --- Definitions.

  Outcome operator()(const CreateTable& create) {
    THALWEG_ASSIGN(BindEnvironment environment, Environment());
    if (create.query && !create.elements) return CreateAsSelect(create);
    if (create.query) return UserError("CREATE TABLE ... AS SELECT with columns of its own is not supported yet");
    THALWEG_ASSIGN(TablePtr table, BindTable(create, script, environment));
    const bool replace = create.mode == CreateMode::kReplace || create.mode == CreateMode::kCreateOrReplace;
    THALWEG_TRY(session.catalog_.CreateTable(std::move(table), create.if_not_exists, replace));
    return Done{};
  }
  Outcome CreateAsSelect(const CreateTable& create) {
    THALWEG_ASSIGN(BindEnvironment environment, Environment());
    THALWEG_ASSIGN(PlanPtr plan, BindQuery(*create.query, script, environment));
    CreateTable declared = create;
    declared.query = nullptr;
    THALWEG_ASSIGN(TablePtr empty, BindTable(declared, script, environment));
    auto table = std::make_shared<Table>(*empty);
    for (const PlanColumn& column : plan->columns) table->columns.push_back({.name = column.name, .type = column.type});
    const bool exists = session.catalog_.FindTable(table->path) != nullptr;
    THALWEG_TRY(session.catalog_.CreateTable(table, create.if_not_exists, create.mode != CreateMode::kCreate));
    if (exists && create.if_not_exists) return Done{};
    Insert insert;
    insert.table = create.name;
    insert.query = create.query;
    THALWEG_ASSIGN(PhysicalOptions physical, Physical());
    GraphMaker maker(std::move(physical));
    Status added = AddInsert(insert, maker);
    if (!added.ok()) {
      (void)session.catalog_.DropTable(table->path, true, table->temporary, false);
      return added;
    }
    JobToRun job;
    job.sinks = 1;
    THALWEG_ASSIGN(std::string name, JobName(fmt::format("insert-into_{}", table->path.object)));
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
    if (create.comment) view->comment = *create.comment;
    for (size_t i = 0; i < plan->columns.size(); ++i)
      view->columns.push_back({.name = create.columns.empty() ? plan->columns[i].name : create.columns[i].text,
                               .type = plan->columns[i].type,
                               .time = plan->columns[i].time});
    THALWEG_TRY(session.catalog_.CreateTable(std::move(view), create.if_not_exists));
    return Done{};
  }
  Outcome operator()(const CreateObject& create) {
    if (create.kind == ObjectKind::kDatabase) {
      THALWEG_TRY(session.catalog_.CreateDatabase(create.name, create.if_not_exists, create.comment.value_or("")));
      return Done{};
    }
    if (create.kind == ObjectKind::kCatalog) {
      for (const Option& option : create.options.value_or(Options{}))
        if (option.key == "type" && option.value != "generic_in_memory")
          return Fault(option.span.begin, fmt::format("Catalogs are of type generic_in_memory, not {}", option.value));
      THALWEG_TRY(session.catalog_.CreateCatalog(create.name.back().text, create.if_not_exists));
      return Done{};
    }
    return UserError("CREATE {} is not supported yet", ObjectKindText(create.kind));
  }
  Outcome operator()(const Drop& drop) {
    switch (drop.kind) {
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
  Outcome operator()(const Alter& alter) {
    if (alter.kind != ObjectKind::kTable && alter.kind != ObjectKind::kView)
      return UserError("ALTER {} is not supported yet", ObjectKindText(alter.kind));
    const ObjectPath path = session.catalog_.Resolve(alter.name);
    TablePtr table = session.catalog_.FindTable(path);
    if (!table) return alter.if_exists ? Outcome(Done{}) : Outcome(session.catalog_.NoTable(path));
    if (auto* rename = std::get_if<RenameTo>(&alter.action)) {
      ObjectPath to = path;
      to.object = rename->name.back().text;
      THALWEG_TRY(session.catalog_.RenameTable(path, to));
      return Done{};
    }
    auto changed = std::make_shared<Table>(*table);
    if (auto* set = std::get_if<SetOptions>(&alter.action)) {
      for (const Option& option : set->options) changed->options[option.key] = option.value;
    } else if (auto* reset = std::get_if<ResetOptions>(&alter.action)) {
      for (const std::string& key : reset->keys) {
        if (key == "connector") return UserError("ALTER TABLE RESET does not support changing 'connector'");
        changed->options.erase(key);
      }
    } else if (std::get_if<DropConstraint>(&alter.action)) {
      if (changed->primary_key.empty()) return UserError("The base table does not define any primary key.");
      changed->primary_key.clear();
    } else if (std::get_if<DropWatermark>(&alter.action)) {
      if (!changed->watermark) return UserError("The base table does not define any watermark strategy.");
      changed->columns[static_cast<size_t>(changed->watermark->column)].time = TimeRole::kNone;
      changed->watermark.reset();
    } else if (auto* query = std::get_if<SetQuery>(&alter.action)) {
      THALWEG_ASSIGN(PlanPtr plan, PlanOf(*query->query));
      changed->query = query->query;
      changed->query_text = Print(*query->query);
      changed->columns.clear();
      for (const PlanColumn& column : plan->columns)
        changed->columns.push_back({.name = column.name, .type = column.type, .time = column.time});
    } else {
      return UserError("This form of ALTER TABLE is not supported yet: drop the table and create it anew");
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
      return UserError("USE MODULES is not supported yet");
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
  Outcome operator()(const Show& show) {
    switch (show.kind) {
      case ShowKind::kCatalogs: return OneColumn("catalog name", Filtered(session.catalog_.Catalogs(), show));
      case ShowKind::kDatabases: {
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
        std::sort(names.begin(), names.end());
        return OneColumn("function name", Filtered(std::move(names), show));
      }
      case ShowKind::kUserFunctions: return OneColumn("function name", {});
      case ShowKind::kModules: return OneColumn("module name", {"core"});
      case ShowKind::kCurrentCatalog: return OneColumn("current catalog name", {session.catalog_.current_catalog()});
      case ShowKind::kCurrentDatabase: return OneColumn("current database name", {session.catalog_.current_database()});
      case ShowKind::kJobs: return OneColumn("job name", {});
      case ShowKind::kColumns: {
        THALWEG_ASSIGN(TablePtr table, TableNamed(show.name));
        return Described(*table, show);
      }
      case ShowKind::kCreate: {
        THALWEG_ASSIGN(TablePtr table, TableNamed(show.name));
        return OneColumn("result", {CreateText(*table)});
      }
      default: return UserError("SHOW {} is not supported yet", ShowKindText(show.kind));
    }
  }
  Result<TablePtr> TableNamed(const Name& name) const {
    const ObjectPath path = session.catalog_.Resolve(name);
    TablePtr table = session.catalog_.FindTable(path);
    if (!table) return Fault(name[0].span.begin, session.catalog_.NoTable(path).message());
    return table;
  }
  Rows Described(const Table& table, const Show& show) const {
    Rows rows{TextSchema({"name", "type", "null", "key", "extras", "watermark"}), {}};
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const TableColumn& column = table.columns[i];
      if (show.like && Filtered({column.name}, show).empty()) continue;
      std::string type = column.type.WithNullable(true).ToString();
      if (column.time == TimeRole::kRowtime) type += " *ROWTIME*";
      if (column.time == TimeRole::kProctime) type += " *PROCTIME*";
      const bool key = std::find(table.primary_key.begin(), table.primary_key.end(), static_cast<int>(i)) != table.primary_key.end();
      std::vector<std::string> keys;
      for (int k : table.primary_key) keys.push_back(table.columns[static_cast<size_t>(k)].name);
      std::string extras = "<NULL>";
      if (column.computed) extras = "AS " + column.source;
      if (column.kind == ColumnKind::kMetadata) {
        extras = column.metadata_key == column.name ? "METADATA" : fmt::format("METADATA FROM '{}'", column.metadata_key);
        if (column.is_virtual) extras += " VIRTUAL";
      }
      const bool watermark = table.watermark && table.watermark->column == static_cast<int>(i);
      rows.rows.push_back({column.name, type, column.type.nullable() ? "TRUE" : "FALSE",
                           key ? fmt::format("PRI({})", fmt::join(keys, ", ")) : "<NULL>", extras,
                           watermark ? table.watermark->source : "<NULL>"});
    }
    return rows;
  }
  Outcome operator()(const Describe& describe) {
    if (describe.kind != DescribeKind::kTable) return UserError("DESCRIBE is of tables and views as yet");
    THALWEG_ASSIGN(TablePtr table, TableNamed(describe.name));
    return Described(*table, Show{ShowKind::kColumns});
  }

  Outcome operator()(const Explain& explain) {
    std::vector<PlanPtr> plans;
    std::vector<StatementPtr> inserts;
    if (auto* query = explain.statement->As<QueryStatement>()) {
      THALWEG_ASSIGN(PlanPtr plan, PlanOf(*query->query));
      plans.push_back(std::move(plan));
    } else if (explain.statement->As<Insert>()) {
      inserts = {explain.statement};
    } else if (auto* set = explain.statement->As<StatementSet>()) {
      inserts = set->inserts;
    } else {
      return UserError("EXPLAIN is of queries, INSERT statements and statement sets");
    }
    graph::JobGraph graph;
    if (plans.empty()) {
      THALWEG_ASSIGN(JobToRun job, Inserts(inserts));
      graph = std::move(job.graph);
      for (const StatementPtr& statement : inserts) {
        const auto* insert = statement->As<Insert>();
        THALWEG_ASSIGN(TablePtr table, TableNamed(insert->table));
        THALWEG_ASSIGN(PlanPtr plan, InsertPlan(*insert, *table));
        plans.push_back(std::move(plan));
      }
    } else {
      THALWEG_ASSIGN(PhysicalOptions physical, Physical());
      GraphMaker maker(std::move(physical));
      THALWEG_TRY(maker.AddCollect(plans[0]));
      graph = maker.Take("explain", &result.warnings);
    }
    std::string text = "== Optimized Logical Plan ==\n";
    for (const PlanPtr& plan : plans) text += ToText(*plan) + "\n";
    text += "== Physical Execution Plan ==\n" + GraphText(graph);
    return OneColumn("result", {text});
  }

  template <typename Other>
  Outcome operator()(const Other&) {
    return UserError("This statement is not supported yet");
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
  Visitor visitor{*this, script, {}};
  if (open_set_) {
    if (parsed.statement->As<Insert>()) {
      open_set_->push_back(parsed.statement);
      return StatementResult{Done{}, {}};
    }
    if (!parsed.statement->As<EndStatementSet>())
      return visitor.Fault(parsed.begin, "Only INSERT statements may stand between BEGIN STATEMENT SET and END");
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
