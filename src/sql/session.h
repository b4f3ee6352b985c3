// Session: statements in order, each against what those before have declared and set. Nothing runs here: a statement that starts a
// job gives its graph.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "columns/batch.h"
#include "config/configuration.h"
#include "graph/table_connector.h"
#include "sql/catalog.h"
#include "sql/file_tables.h"
#include "sql/known_rows.h"
#include "sql/parser.h"
#include "sql/plan.h"

namespace thalweg::sql {

/// The statement is done: "OK".
struct Done {};
/// INSERT, or several in a statement set.
struct JobToRun {
  graph::JobGraph graph;
  int sinks = 0;
  std::vector<std::string> targets;  // "catalog.database.table", in the order of the statements
  bool bounded = false;              // all sources end
};
/// SELECT: the graph's one sink is of kind "collect".
struct QueryToRun {
  graph::JobGraph graph;
  types::Schema schema;
  bool streaming = true;  // rows have kinds
};
/// What is for whoever runs the statements: QUIT, CLEAR, HELP, and the jobs that they have started.
struct ClientAction {
  enum class Kind : uint8_t { kQuit, kClear, kHelp, kShowJobs, kDescribeJob, kStopJob };
  Kind kind = Kind::kQuit;
  std::string job;
  bool savepoint = false;  // of kStopJob
};

struct StatementResult {
  std::variant<Done, Rows, JobToRun, QueryToRun, ClientAction> outcome;
  std::vector<std::string> warnings;
};

struct SessionOptions {
  config::Configuration config;
  const graph::TableConnectors* connectors = nullptr;  // outlives the session
  const FileTableSource* file_tables = nullptr;        // of FROM 'file'; null: refused; outlives the session
  int64_t now_ms = 0;                                  // what constant clocks tell
};

/// One thread.
class Session {
 public:
  explicit Session(SessionOptions options);
  /// `script`: the text that the statement was parsed from; a user error tells line and column of it, and quotes the line.
  Result<StatementResult> Execute(const ParsedStatement& statement, std::string_view script);

  /// What clocks tell the statements that follow.
  void SetNow(int64_t now_ms) { options_.now_ms = now_ms; }
  const Catalog& catalog() const { return catalog_; }
  /// With what SET has changed.
  const config::Configuration& config() const { return config_; }
  /// table.local-time-zone, or the machine's.
  Result<std::string> Zone() const;

 private:
  struct Visitor;
  SessionOptions options_;
  config::Configuration config_;
  config::Configuration initial_;
  Catalog catalog_;
  /// BEGIN STATEMENT SET ... END.
  std::optional<std::vector<StatementPtr>> open_set_;
};

}  // namespace thalweg::sql
