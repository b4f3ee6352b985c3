// `thalweg sql`: a person types statements, one session keeps what they declare.
// Rule: a statement that fails or is stopped by Ctrl-C costs nothing but itself.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "api/runner.h"
#include "cli/result_table.h"
#include "config/configuration.h"

namespace thalweg::bin {

struct SqlShellOptions {
  config::Configuration config;
  api::RunOptions run;
  cli::OutputFormat output = cli::OutputFormat::kTable;
  std::string init_file;  // a script that runs first; "": none
};

/// Until QUIT or the end of stdin. Without a terminal on stdin it reads statements without prompts, goes on behind errors, and
/// returns an error if one failed.
Status RunSqlShell(const SqlShellOptions& options);

/// Whether `text` is one or more whole statements: it ends with a semicolon that is outside strings, comments and statement sets; or is
/// one of the shell's own commands (QUIT, EXIT, HELP, CLEAR), which need none.
bool IsWholeInput(std::string_view text);

}  // namespace thalweg::bin
