// The command line of the program `thalweg`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/result_table.h"

namespace thalweg::cli {

enum class Command : uint8_t { kHelp, kVersion, kRun, kSql, kTest, kDoctor };

struct Arguments {
  Command command = Command::kHelp;
  std::string help;                      // kHelp: the text
  std::string config_file;               // --config; "": none
  std::vector<std::string> definitions;  // -D key=value, in their order
  // kRun: one of the three
  std::string library;
  std::string sql_file;
  std::optional<std::string> sql_text;  // -e
  std::string init_file;                // kSql: a script that runs first
  // kRun of SQL, kSql
  OutputFormat output = OutputFormat::kTable;
  // kRun
  std::string from_checkpoint;  // "", "latest" or a path
  bool allow_non_restored_state = false;
  bool progress_lines = false;
  std::vector<std::string> job_arguments;  // behind --
  std::vector<std::string> test_files;     // kTest
};

/// `arguments` without the program's name. UserError that names the argument and where to read on.
Result<Arguments> ParseArguments(std::vector<std::string> arguments);

}  // namespace thalweg::cli
