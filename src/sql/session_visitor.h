// The body of Session: one execution of a statement, in parts by what statements are about.
#pragma once

#include "expr/expression.h"
#include "sql/bind.h"
#include "sql/catalog.h"
#include "sql/session.h"
#include "sql/syntax_error.h"
#include "sql/to_graph.h"

namespace thalweg::sql {

inline constexpr std::string_view kCoreModule = "core";  // the one there is: all built-in functions

/// One execution: the statement at hand and the script it stands in.
struct Session::Visitor {
  using Outcome = Result<decltype(StatementResult::outcome)>;

  Session& session;
  std::string_view script;
  size_t at = 0;  // where the statement begins
  StatementResult result;

  // --- session.cc: what the configuration says, and statements about the session.
  Result<std::string> Zone() const { return session.Zone(); }
  Result<bool> Batch() const;
  Result<BindEnvironment> Environment() const;
  Result<SinkOptions> Sinks() const;
  Result<FoldOptions> Folds() const;
  Result<PhysicalOptions> Physical() const;
  Result<PlanPtr> PlanOf(const Query& query) const;
  Status Fault(const Position& at, std::string message, std::string hint = "") const;
  /// A user error that tells no place yet, at this one.
  Status At(const Position& at, const Status& status, std::string hint = "") const;
  /// Of a database, or its catalog, that does not exist: "did you mean ...?", or "".
  std::string NearestDatabase(const Name& name) const;
  std::string NearestDatabase(const std::string& catalog, const std::string& database) const;
  Result<std::string> JobName(std::string otherwise) const;
  Result<TablePtr> TableNamed(const Name& name) const;
  Outcome operator()(const QueryStatement& statement);
  Outcome operator()(const sql::Execute& execute) { return Visit(execute.statement); }
  Outcome operator()(const Use& use);
  Outcome operator()(const SetOption& set);
  Outcome operator()(const ResetOption& reset);
  Outcome operator()(const ClientCommand& command);
  Outcome operator()(const StopJob& stop);
  Outcome operator()(const JarCommand& jar);
  Outcome operator()(const LoadModule& load);
  Outcome operator()(const UnloadModule& unload);
  Outcome operator()(const CreateMaterializedTable&) {
    return UserError("CREATE MATERIALIZED TABLE is not supported yet");
  }
  Outcome operator()(const AlterFunction&) { return UserError("ALTER FUNCTION is not supported yet"); }
  template <typename Other>
  Outcome operator()(const Other&) {
    return UserError("{} is not supported yet", FirstWords());
  }
  /// The statement by its first word or two, for refusals.
  std::string FirstWords() const;
  Outcome Visit(const StatementPtr& statement);

  // --- session_insert.cc: jobs that write tables.
  /// By the table's column what is written to it; none: NULL.
  using SinkValues = std::vector<std::optional<expr::Expression>>;
  /// Sets the values that PARTITION (...) names.
  Status SetPartition(const Insert& insert, const Table& table, const BindEnvironment& environment,
                      SinkValues& values) const;
  /// For each column of the query the table's.
  Result<std::vector<int>> InsertTargets(const Insert& insert, const Table& table, const SinkValues& values) const;
  /// Sets the values that are columns of the query.
  Status SetQueried(const Insert& insert, const Plan& query, const Table& table, SinkValues& values) const;
  /// The query's columns as the table wants them; NULL in those that are not named.
  Result<PlanPtr> InsertPlan(const Insert& insert, const Table& table) const;
  Status AddInsert(const Insert& insert, GraphMaker& maker) const;
  Result<JobToRun> Inserts(const std::vector<StatementPtr>& statements);
  Outcome operator()(const StatementSet& set);
  Outcome operator()(const BeginStatementSet&);
  Outcome operator()(const EndStatementSet&);
  /// The table of CREATE TABLE [(...)] AS query: what is declared, and the columns of the query.
  Result<TablePtr> TableOfQuery(const CreateTable& create, const Plan& plan, const BindEnvironment& environment) const;
  Outcome CreateAsSelect(const CreateTable& create);

  // --- session_definitions.cc: CREATE, ALTER, DROP.
  Outcome operator()(const CreateTable& create);
  /// Into the catalog, under the name that the statement says.
  Status AddTable(TablePtr table, const Name& name, bool if_not_exists, bool replace = false);
  Outcome operator()(const CreateView& create);
  Outcome operator()(const CreateObject& create);
  /// The names in a view go by the catalog and database of now.
  /// Binds the query and gives it to the view. `hides`: from now on the view's path means the view, whatever it has meant before.
  Status SetViewQuery(Table& view, const QueryPtr& query, bool hides) const;
  /// A library of C++: CREATE FUNCTION f AS 'symbol' LANGUAGE CPP USING ARTIFACT 'path.so'.
  Outcome operator()(const CreateFunction& create);
  Outcome operator()(const Drop& drop);
  Status DropOf(const Drop& drop);
  Outcome AlterCatalog(const Alter& alter);
  Outcome operator()(const Alter& alter);
  Outcome AlterDatabase(const Alter& alter);
  /// Of its options, or of a view's query.
  Outcome AlterTable(const Alter& alter, const Table& table);

  // --- session_show.cc: SHOW, DESCRIBE, EXPLAIN.
  std::vector<std::string> Filtered(std::vector<std::string> names, const Show& show) const;
  Result<std::vector<std::string>> TablesOf(const Show& show, bool views) const;
  Outcome ShowCreate(const Show& show) const;
  Outcome operator()(const Show& show);
  Outcome operator()(const Describe& describe);
  Outcome operator()(const Explain& explain);
};

}  // namespace thalweg::sql
