#include "cli/arguments.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/edit_distance.h"

namespace thalweg::cli {
namespace {

constexpr char kFooter[] =
    "Keys of -D and --config are Flink's (docs/book/configuration.md); -D goes over --config.\n"
    "Ctrl-C stops a job: sources end, a last checkpoint is taken, the exit status is 0. A second one ends it at once, "
    "with 130.\n"
    "Exit status: 0 finished or stopped, 1 failed, 2 wrong command line or configuration.";

void AddConfiguration(CLI::App& app, Arguments& out) {
  app.add_option("--config", out.config_file, "Configuration file (YAML)")->type_name("FILE");
  app.add_option("-D", out.definitions, "A configuration value; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

/// What `run` was given, before it is known to be a library or a script.
struct RunArguments {
  std::string file;
  std::string sql;
  std::string output;
  int parallelism = 0;
};

void AddRun(CLI::App& run, Arguments& out, RunArguments& given) {
  run.add_option(
         "file", given.file,
         "A script of SQL statements, or a job library (a shared library that defines THALWEG_JOB(env) { ... })")
      ->type_name("FILE.sql|JOB.so");
  run.add_option("-e,--execute", given.sql, "SQL statements, in place of a file")->type_name("SQL");
  run.add_option("-o,--output", given.output, "How rows of SQL are printed: table (the default), csv, jsonl")
      ->type_name("FORMAT");
  AddConfiguration(run, out);
  run.add_option("-p,--parallelism", given.parallelism, "Short for -D parallelism.default=N")->type_name("N");
  run.add_option("-s,--from-checkpoint", out.from_checkpoint, "'latest', or a checkpoint's path: start from its state")
      ->type_name("latest|PATH");
  run.add_flag("-n,--allow-non-restored-state", out.allow_non_restored_state,
               "Leave out state of the checkpoint that no operator takes");
  run.add_flag("--progress", out.progress_lines, "A line of progress every 10 s where stderr is no terminal");
}

/// File or text, script or library.
Status TakeProgram(const CLI::App& run, const RunArguments& given, Arguments& out) {
  const bool has_text = run.count("--execute") > 0;
  if (has_text == !given.file.empty())
    return UserError("Wrong command line: {}; see 'thalweg run --help'",
                     has_text ? "-e and a file, where one is enough" : "no file and no -e 'SQL'");
  if (has_text) {
    out.sql_text = given.sql;
  } else if (given.file.ends_with(".sql")) {
    out.sql_file = given.file;
  } else {
    out.library = given.file;  // whatever its name: who loads it says what it is
  }
  if (run.count("--from-checkpoint") > 0 && out.from_checkpoint.empty())
    return UserError("Wrong command line: --from-checkpoint is empty; it is 'latest' or a checkpoint's path");
  if (out.library.empty() && !out.job_arguments.empty())
    return UserError("Wrong command line: arguments behind -- are for a job library; SQL takes none");
  if (given.output.empty()) return {};
  if (!out.library.empty()) return UserError("Wrong command line: -o is for rows of SQL; a job library prints its own");
  THALWEG_ASSIGN(out.output, ParseOutputFormat(given.output));
  return {};
}

Status CheckCommand(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front().starts_with("-")) return {};
  const std::string& given = arguments.front();
  NearestWord nearest(given);
  for (const char* name : {"run", "sql", "test", "doctor", "version", "help"}) {
    if (given == name) return {};
    nearest.Consider(name);
  }
  return UserError("Unknown command '{}'{} 'thalweg help' lists them", given,
                   nearest.word().empty() ? ":" : nearest.Suggestion());
}

}  // namespace

Result<Arguments> ParseArguments(std::vector<std::string> arguments) {
  THALWEG_TRY(CheckCommand(arguments));
  Arguments out;
  auto end = std::find(arguments.begin(), arguments.end(), "--");
  if (end != arguments.end()) out.job_arguments.assign(end + 1, arguments.end());
  arguments.erase(end, arguments.end());

  CLI::App app("Thalweg, a native stream processor", "thalweg");
  RunArguments given;
  bool version = false;
  app.footer(kFooter);
  app.add_flag("--version", version, "Versions of thalweg and of its libraries");
  CLI::App* run =
      app.add_subcommand("run", "Runs SQL or a job library in this process; a library's own arguments stand behind --");
  run->footer(kFooter);
  AddRun(*run, out, given);
  CLI::App* sql = app.add_subcommand("sql", "A shell for SQL: statements as they are typed, or from stdin");
  sql->footer(kFooter);
  sql->add_option("-i,--init", out.init_file, "A script of SQL statements that run first")->type_name("FILE.sql");
  sql->add_option("-o,--output", given.output, "How rows are printed: table (the default), csv, jsonl")
      ->type_name("FORMAT");
  AddConfiguration(*sql, out);
  sql->add_option("-p,--parallelism", given.parallelism, "Short for -D parallelism.default=N")->type_name("N");
  CLI::App* test = app.add_subcommand("test", "Runs tests of SQL, on virtual time (docs/book/sql_tests.md)");
  test->add_option("files", out.test_files, "Files of test cases")->type_name("FILE")->required();
  CLI::App* doctor = app.add_subcommand("doctor", "Checks this machine and the configuration, says what to do");
  AddConfiguration(*doctor, out);
  CLI::App* versions = app.add_subcommand("version", "As --version");
  CLI::App* help = app.add_subcommand("help", "This text");
  const std::string all = app.help();  // before a command is chosen: afterwards it is that one's
  const bool none = arguments.empty();
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    out.help = run->parsed()      ? run->help()
               : sql->parsed()    ? sql->help()
               : test->parsed()   ? test->help()
               : doctor->parsed() ? doctor->help()
                                  : all;
    return out;
  } catch (const CLI::ParseError& wrong) {
    return UserError("Wrong command line: {}; see 'thalweg {}--help'", wrong.what(), run->parsed() ? "run " : "");
  }
  if (run->parsed()) {
    out.command = Command::kRun;
    THALWEG_TRY(TakeProgram(*run, given, out));
    if (run->count("--parallelism") > 0)
      out.definitions.push_back("parallelism.default=" + std::to_string(given.parallelism));
  } else if (sql->parsed()) {
    out.command = Command::kSql;
    if (!given.output.empty()) {
      THALWEG_ASSIGN(out.output, ParseOutputFormat(given.output));
    }
    if (sql->count("--parallelism") > 0)
      out.definitions.push_back("parallelism.default=" + std::to_string(given.parallelism));
  } else if (test->parsed()) {
    out.command = Command::kTest;
  } else if (doctor->parsed()) {
    out.command = Command::kDoctor;
  } else if (version || versions->parsed()) {
    out.command = Command::kVersion;
  } else if (none || help->parsed()) {
    out.help = all;
  } else {
    return UserError("Wrong command line: no command; 'thalweg help' lists them");
  }
  if (!out.job_arguments.empty() && out.command != Command::kRun)
    return UserError("Wrong command line: arguments behind -- are a job's, and there is none");
  return out;
}

}  // namespace thalweg::cli
