#include "sql/printer.h"

namespace thalweg::sql {

std::string_view ShowKindText(ShowKind kind) {
  static constexpr std::string_view kWords[] = {
      "CATALOGS",    "DATABASES",       "TABLES",           "VIEWS",        "MATERIALIZED TABLES",
      "FUNCTIONS",   "USER FUNCTIONS",  "MODULES",          "FULL MODULES", "MODELS",
      "CONNECTIONS", "PROCEDURES",      "PARTITIONS",       "COLUMNS",      "JARS",
      "JOBS",        "CURRENT CATALOG", "CURRENT DATABASE", "CREATE"};
  return kWords[static_cast<size_t>(kind)];
}

void Printer::PrintStatement(const Statement& statement) {
  std::visit([this](const auto& node) { Print(node); }, statement.node);
}

void Printer::Print(const QueryStatement& statement) { PrintQuery(*statement.query); }

void Printer::Print(const Insert& statement) {
  Word(statement.overwrite ? "INSERT OVERWRITE" : "INSERT INTO");
  Path(statement.table);
  Hints(statement.hints);
  if (!statement.partition.empty()) Partition(statement.partition);
  if (!statement.columns.empty()) {
    Word("(");
    Separated(statement.columns, ", ", [&](const Name& column) { Path(column); });
    Raw(")");
  }
  PrintQuery(*statement.query);
  if (!statement.on_conflict) return;
  static constexpr std::string_view kWords[] = {"ERROR", "NOTHING", "DEDUPLICATE"};
  Word("ON CONFLICT DO");
  Word(kWords[static_cast<size_t>(*statement.on_conflict)]);
}

void Printer::Print(const StatementSet& statement) {
  Word("STATEMENT SET BEGIN");
  for (const StatementPtr& insert : statement.inserts) {
    PrintStatement(*insert);
    Raw(";");
  }
  Word("END");
}

void Printer::Print(const BeginStatementSet&) { Word("BEGIN STATEMENT SET"); }
void Printer::Print(const EndStatementSet&) { Word("END"); }

void Printer::Print(const Execute& statement) {
  Word("EXECUTE");
  PrintStatement(*statement.statement);
}

void Printer::Print(const Update& statement) {
  Word("UPDATE");
  Path(statement.table);
  Hints(statement.hints);
  if (statement.alias) {
    Word("AS");
    Identifier(*statement.alias);
  }
  Word("SET");
  Separated(statement.assignments, ",", [&](const Update::Assignment& assignment) {
    Path(assignment.column);
    Word("=");
    Word("");
    Expression(*assignment.value);
  });
  if (!statement.where) return;
  Word("WHERE");
  Word("");
  Expression(*statement.where);
}

void Printer::Print(const Delete& statement) {
  Word("DELETE FROM");
  Path(statement.table);
  Hints(statement.hints);
  if (statement.alias) {
    Word("AS");
    Identifier(*statement.alias);
  }
  if (!statement.where) return;
  Word("WHERE");
  Word("");
  Expression(*statement.where);
}

void Printer::Print(const Truncate& statement) {
  Word("TRUNCATE TABLE");
  Path(statement.table);
}

void Printer::Print(const CallProcedure& statement) {
  Word("CALL");
  Expression(*statement.call);
}

void Printer::Print(const Analyze& statement) {
  Word("ANALYZE TABLE");
  Path(statement.table);
  if (!statement.partition.empty()) Partition(statement.partition);
  Word("COMPUTE STATISTICS");
  If(statement.all_columns, "FOR ALL COLUMNS");
  if (statement.columns.empty()) return;
  Word("FOR COLUMNS");
  Separated(statement.columns, ",", [&](const auto& column) { Identifier(column); });
}

void Printer::Print(const Explain& statement) {
  static constexpr std::string_view kWords[] = {"ESTIMATED_COST", "CHANGELOG_MODE", "PLAN_ADVICE",
                                                "JSON_EXECUTION_PLAN"};
  Word("EXPLAIN");
  Separated(statement.details, ",", [&](ExplainDetail detail) { Word(kWords[static_cast<size_t>(detail)]); });
  PrintStatement(*statement.statement);
}

void Printer::Print(const CompilePlan& statement) {
  Word(statement.execute ? "COMPILE AND EXECUTE PLAN" : "COMPILE PLAN");
  Quoted(statement.path);
  If(statement.if_not_exists, "IF NOT EXISTS");
  Word("FOR");
  PrintStatement(*statement.statement);
}

void Printer::Print(const ExecutePlan& statement) {
  Word("EXECUTE PLAN");
  Quoted(statement.path);
}

void Printer::Print(const Use& statement) {
  Word("USE");
  If(statement.kind == UseKind::kCatalog, "CATALOG");
  if (statement.kind != UseKind::kModules) return Path(statement.name);
  Word("MODULES");
  Separated(statement.modules, ",", [&](const auto& module) { Identifier(module); });
}

void Printer::Print(const Show& statement) {
  Word("SHOW");
  Word(ShowKindText(statement.kind));
  if (statement.object) Word(ObjectKindText(*statement.object));
  If(!statement.name.empty() && !statement.object && statement.kind != ShowKind::kPartitions, "FROM");
  if (!statement.name.empty()) Path(statement.name);
  if (!statement.partition.empty()) Partition(statement.partition);
  if (!statement.like) return;
  If(statement.like->negated, "NOT");
  Word(statement.like->ignore_case ? "ILIKE" : "LIKE");
  Quoted(statement.like->text);
}

void Printer::Print(const Describe& statement) {
  static constexpr std::string_view kWords[] = {"", "CATALOG", "DATABASE", "FUNCTION", "MODEL", "CONNECTION", "JOB"};
  Word("DESCRIBE");
  If(statement.kind != DescribeKind::kTable, kWords[static_cast<size_t>(statement.kind)]);
  If(statement.extended, "EXTENDED");
  if (statement.kind == DescribeKind::kJob) return Quoted(statement.job);
  Path(statement.name);
}

void Printer::Print(const SetOption& statement) {
  Word("SET");
  if (!statement.option) return;
  Quoted(statement.option->key);
  Word("=");
  Quoted(statement.option->value);
}

void Printer::Print(const ResetOption& statement) {
  Word("RESET");
  if (statement.key) Quoted(*statement.key);
}

void Printer::Print(const LoadModule& statement) {
  Word("LOAD MODULE");
  Identifier(statement.name);
  if (statement.options.empty()) return;
  Word("WITH");
  OptionList(statement.options);
}

void Printer::Print(const UnloadModule& statement) {
  Word("UNLOAD MODULE");
  Identifier(statement.name);
}

void Printer::Print(const JarCommand& statement) {
  Word(statement.add ? "ADD JAR" : "REMOVE JAR");
  Quoted(statement.path);
}

void Printer::Print(const StopJob& statement) {
  Word("STOP JOB");
  Quoted(statement.job);
  If(statement.savepoint, "WITH SAVEPOINT");
  If(statement.drain, "WITH DRAIN");
}

void Printer::Print(const ClientCommand& statement) {
  static constexpr std::string_view kWords[] = {"QUIT", "CLEAR", "HELP"};
  Word(kWords[static_cast<size_t>(statement.kind)]);
}

}  // namespace thalweg::sql
