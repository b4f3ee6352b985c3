// Runs SQL statements of one session, one after the other: what they print goes to one stream, the jobs they start run in this process.
// Rule: a job that ends by itself is waited for; one that does not runs beside the statements that follow.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/runner.h"
#include "bin/file_tables.h"
#include "bin/terminal.h"
#include "cli/result_table.h"
#include "config/configuration.h"
#include "connectors/collect_sink.h"
#include "graph/table_connector.h"
#include "sql/session.h"

namespace thalweg::bin {

class BackgroundJob;

struct StatementRunnerOptions {
  config::Configuration config;
  /// `stop`: of all that runs. `terminal`: Ctrl-C stops what runs.
  api::RunOptions run;
  cli::OutputFormat output = cli::OutputFormat::kTable;
  std::FILE* out = stdout;
  /// A person types the statements: Ctrl-C stops the statement at hand alone.
  bool interactive = false;
};

/// One thread. Warnings and what jobs tell go to stderr.
class StatementRunner {
 public:
  explicit StatementRunner(StatementRunnerOptions options);
  /// Stops the jobs that still run.
  ~StatementRunner();

  /// `script`: what the statement was parsed from. `last`: nothing follows, so that every job is waited for.
  /// An error of the statement says "line 1, column 2: ..."; one of a job that was waited for does not.
  Status Execute(const sql::ParsedStatement& statement, std::string_view script, bool last = false);
  /// Waits for the jobs that run beside. The error of the first that failed, with its statement's place unless a person typed it.
  Status WaitForJobs();
  /// Whether QUIT was met.
  bool quit() const { return quit_; }
  /// Whether the last statement was stopped by Ctrl-C.
  bool stopped() const { return options_.run.stop->load(); }
  const sql::Session& session() const { return session_; }

 private:
  sql::SessionOptions MakeSessionOptions();
  /// A plan in batch mode is a job like others: it needs no mode any more.
  Result<config::Configuration> JobConfig() const;
  Status Print(std::string_view text);
  Status Do(const sql::Done&);
  Status Do(const sql::Rows& rows);
  Status Do(sql::JobToRun& job);
  Status Do(sql::QueryToRun& query);
  Status Do(const sql::ClientAction& action);
  /// Prints the queue's rows to its end.
  Status PrintRows(connectors::CollectQueue& queue, cli::ResultWriter& writer);
  /// "-1" for each table, as Flink's TableResult.print() says of a job that has written.
  Status PrintWritten(const std::vector<std::string>& targets);
  Result<bool> WaitsFor(const sql::JobToRun& job);
  Status StartBeside(sql::JobToRun& job);
  sql::Rows Jobs(const std::string& id) const;
  Status StopJob(const sql::ClientAction& action);

  StatementRunnerOptions options_;
  graph::TableConnectors connectors_;
  FileTables file_tables_;
  sql::Session session_;
  std::vector<std::unique_ptr<BackgroundJob>> jobs_;
  std::optional<StopOnSignal> signals_;  // while jobs run beside a script
  sql::Position begin_;                  // of the statement at hand
  bool last_ = false;
  bool quit_ = false;
};

}  // namespace thalweg::bin
