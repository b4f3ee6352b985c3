// Statements: what stands between two semicolons of a script.
#pragma once

#include "sql/ast_table.h"

namespace thalweg::sql {

enum class ObjectKind : uint8_t {
  kTable,
  kView,
  kMaterializedTable,
  kFunction,
  kDatabase,
  kCatalog,
  kModel,
  kConnection
};
std::string_view ObjectKindText(ObjectKind kind);

// --- CREATE ---

enum class CreateMode : uint8_t { kCreate, kReplace, kCreateOrReplace, kCreateOrAlter };
struct CreateTable {
  CreateMode mode = CreateMode::kCreate;
  bool temporary = false;
  bool if_not_exists = false;
  Name name;
  std::optional<std::vector<TableElement>> elements;
  std::optional<std::string> comment;
  std::optional<Distribution> distribution;
  std::vector<Identifier> partitioned_by;
  std::optional<Options> options;
  std::optional<LikeClause> like;
  QueryPtr query;  // AS query; may be null
};
enum class StartMode : uint8_t {
  kFromBeginning,
  kFromNow,
  kFromTimestamp,
  kResumeOrFromBeginning,
  kResumeOrFromNow,
  kResumeOrFromTimestamp
};
struct CreateMaterializedTable {
  CreateMode mode = CreateMode::kCreate;
  bool if_not_exists = false;
  Name name;
  std::optional<std::vector<TableElement>> elements;
  std::optional<std::string> comment;
  std::optional<Distribution> distribution;
  std::vector<Identifier> partitioned_by;
  std::optional<Options> options;
  std::optional<StartMode> start_mode;
  ExprPtr start;                     // interval or timestamp of the start mode; may be null
  ExprPtr freshness;                 // an interval; may be null
  std::optional<bool> full_refresh;  // REFRESH_MODE = FULL, CONTINUOUS
  QueryPtr query;
};
struct CreateView {
  bool temporary = false;
  bool if_not_exists = false;
  Name name;
  std::vector<Identifier> columns;
  std::optional<std::string> comment;
  QueryPtr query;
};
/// CREATE DATABASE, CATALOG and CONNECTION.
struct CreateObject {
  ObjectKind kind;
  bool temporary = false;
  bool system = false;
  bool if_not_exists = false;
  Name name;
  std::optional<std::string> comment;
  std::optional<Options> options;
};
struct Resource {
  bool jar = true;  // else ARTIFACT
  std::string path;
};
struct CreateFunction {
  bool temporary = false;
  bool system = false;
  bool if_not_exists = false;
  Name name;
  std::string class_name;
  std::optional<std::string> language;  // upper case
  std::vector<Resource> resources;
  std::optional<Options> options;
};
struct CreateModel {
  bool temporary = false;
  bool if_not_exists = false;
  Name name;
  std::optional<std::vector<TableElement>> input;
  std::optional<std::vector<TableElement>> output;
  std::optional<std::string> comment;
  std::optional<Options> options;
  QueryPtr query;
};
struct Drop {
  ObjectKind kind;
  bool temporary = false;
  bool system = false;
  bool if_exists = false;
  Name name;
  std::optional<bool> cascade;  // CASCADE, RESTRICT
};

// --- ALTER ---

struct RenameTo {
  Name name;
};
struct RenameColumn {
  Name from;
  Identifier to;
};
struct SetOptions {
  Options options;
};
struct ResetOptions {
  std::vector<std::string> keys;
};
struct ChangeElements {
  bool add = true;  // else MODIFY
  std::vector<TableElement> elements;
};
struct DropColumns {
  std::vector<Name> columns;
};
struct DropConstraint {
  std::optional<Identifier> name;  // none: PRIMARY KEY
};
struct DropWatermark {};
struct AddPartitions {
  struct Partition {
    PartitionSpec spec;
    Options options;
  };
  bool if_not_exists = false;
  std::vector<Partition> partitions;
};
struct DropPartitions {
  bool if_exists = false;
  std::vector<PartitionSpec> partitions;
};
struct ChangeDistribution {
  bool add = true;  // else MODIFY
  Distribution distribution;
};
struct DropDistribution {};
struct SetQuery {
  QueryPtr query;
};
struct SetComment {
  std::string comment;
};
struct Suspend {};
struct Resume {
  Options options;
};
struct Refresh {
  PartitionSpec partition;
};
struct SetFreshness {
  ExprPtr interval;
};
struct SetRefreshMode {
  bool full = false;  // else CONTINUOUS
};
using AlterAction =
    std::variant<RenameTo, RenameColumn, SetOptions, ResetOptions, ChangeElements, DropColumns, DropConstraint,
                 DropWatermark, AddPartitions, DropPartitions, ChangeDistribution, DropDistribution, SetQuery,
                 SetComment, Suspend, Resume, Refresh, SetFreshness, SetRefreshMode>;
struct Alter {
  ObjectKind kind;
  bool if_exists = false;
  Name name;
  AlterAction action;
};
struct AlterFunction {
  bool temporary = false;
  bool system = false;
  bool if_exists = false;
  Name name;
  std::string class_name;
  std::optional<std::string> language;
};

// --- Data ---

struct QueryStatement {
  QueryPtr query;
};
enum class OnConflict : uint8_t { kError, kNothing, kDeduplicate };
struct Insert {
  bool overwrite = false;
  Name table;
  std::vector<Hint> hints;
  PartitionSpec partition;
  std::vector<Name> columns;
  QueryPtr query;
  std::optional<OnConflict> on_conflict;
};
/// STATEMENT SET BEGIN insert; insert; END
struct StatementSet {
  std::vector<StatementPtr> inserts;
};
/// BEGIN STATEMENT SET; and END; as statements of their own, with inserts between them.
struct BeginStatementSet {};
struct EndStatementSet {};
/// EXECUTE insert, query or statement set.
struct Execute {
  StatementPtr statement;
};
struct Update {
  struct Assignment {
    Name column;
    ExprPtr value;
  };
  Name table;
  std::vector<Hint> hints;
  std::optional<Identifier> alias;
  std::vector<Assignment> assignments;
  ExprPtr where;
};
struct Delete {
  Name table;
  std::vector<Hint> hints;
  std::optional<Identifier> alias;
  ExprPtr where;
};
struct Truncate {
  Name table;
};
struct CallProcedure {
  ExprPtr call;
};
struct Analyze {
  Name table;
  PartitionSpec partition;
  std::vector<Identifier> columns;
  bool all_columns = false;
};

// --- Plans ---

enum class ExplainDetail : uint8_t { kEstimatedCost, kChangelogMode, kPlanAdvice, kJsonExecutionPlan };
struct Explain {
  std::vector<ExplainDetail> details;
  StatementPtr statement;
};
struct CompilePlan {
  std::string path;
  bool if_not_exists = false;
  bool execute = false;  // COMPILE AND EXECUTE
  StatementPtr statement;
};
struct ExecutePlan {
  std::string path;
};

// --- The session ---

enum class UseKind : uint8_t { kDatabase, kCatalog, kModules };
struct Use {
  UseKind kind;
  Name name;
  std::vector<Identifier> modules;
};
enum class ShowKind : uint8_t {
  kCatalogs,
  kDatabases,
  kTables,
  kViews,
  kMaterializedTables,
  kFunctions,
  kUserFunctions,
  kModules,
  kFullModules,
  kModels,
  kConnections,
  kProcedures,
  kPartitions,
  kColumns,
  kJars,
  kJobs,
  kCurrentCatalog,
  kCurrentDatabase,
  kCreate,
};
std::string_view ShowKindText(ShowKind kind);
struct Show {
  struct Pattern {
    bool negated = false;
    bool ignore_case = false;  // ILIKE
    std::string text;
  };
  ShowKind kind;
  std::optional<ObjectKind> object;  // of kCreate
  Name name;                         // of kCreate and kPartitions; FROM and IN of the others
  PartitionSpec partition;
  std::optional<Pattern> like;
};
enum class DescribeKind : uint8_t { kTable, kCatalog, kDatabase, kFunction, kModel, kConnection, kJob };
struct Describe {
  DescribeKind kind;
  bool extended = false;
  Name name;
  std::string job;
};
struct SetOption {
  std::optional<Option> option;  // none: SET lists all
};
struct ResetOption {
  std::optional<std::string> key;  // none: all
};
struct LoadModule {
  Identifier name;
  Options options;
};
struct UnloadModule {
  Identifier name;
};
struct JarCommand {
  bool add = true;  // else REMOVE
  std::string path;
};
struct StopJob {
  std::string job;
  bool savepoint = false;
  bool drain = false;
};
enum class ClientCommandKind : uint8_t { kQuit, kClear, kHelp };
struct ClientCommand {
  ClientCommandKind kind;
};

struct Statement {
  using Node = std::variant<QueryStatement, CreateTable, CreateMaterializedTable, CreateView, CreateObject,
                            CreateFunction, CreateModel, Drop, Alter, AlterFunction, Insert, StatementSet,
                            BeginStatementSet, EndStatementSet, Execute, Update, Delete, Truncate, CallProcedure,
                            Analyze, Explain, CompilePlan, ExecutePlan, Use, Show, Describe, SetOption, ResetOption,
                            LoadModule, UnloadModule, JarCommand, StopJob, ClientCommand>;
  Span span;
  Node node;

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};

}  // namespace thalweg::sql
