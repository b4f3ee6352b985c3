// A script of SQL: its statements in order, by StatementRunner.
// Rule: the first statement that fails ends the script; nothing of a later one happens.
#pragma once

#include <cstdio>
#include <string>

#include "api/runner.h"
#include "cli/result_table.h"
#include "config/configuration.h"

namespace thalweg::bin {

struct SqlScript {
  std::string text;
  std::string file;  // for messages; empty: statements of the command line
  cli::OutputFormat output = cli::OutputFormat::kTable;
};

/// Reads a script. UserError if the file cannot be read.
Result<SqlScript> ReadSqlScript(const std::string& file);

/// Rows go to `out`, warnings and what a job tells go to stderr. All jobs are waited for. `options.terminal`: Ctrl-C stops the jobs
/// and ends the script. Errors begin with "file:line:column: ".
Status RunSql(const SqlScript& script, const config::Configuration& config, const api::RunOptions& options,
              std::FILE* out);

/// "file:2:6: ..." for the message of an error that begins with "line 2, column 6: "; others get the file in front.
std::string PlaceInFile(const std::string& message, const std::string& file);

}  // namespace thalweg::bin
