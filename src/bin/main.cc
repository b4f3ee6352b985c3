// The program `thalweg`.
#include <algorithm>
#include <cstdio>

#include "api/environment.h"
#include "bin/job_loader.h"
#include "bin/sql_runner.h"
#include "bin/sql_shell.h"
#include "bin/sql_tests.h"
#include "cli/arguments.h"
#include "cli/doctor.h"
#include "cli/version.h"
#include "config/load.h"

namespace {

using namespace thalweg;

constexpr int kDone = 0, kFailed = 1, kWrongUse = 2;

Result<config::Configuration> Configure(const cli::Arguments& arguments) {
  THALWEG_ASSIGN(config::LoadedConfiguration loaded,
                 config::LoadConfiguration(arguments.config_file, arguments.definitions));
  for (const std::string& warning : loaded.warnings) fmt::print(stderr, "warning: {}\n", warning);
  return std::move(loaded.configuration);
}

Status RunStatements(const cli::Arguments& arguments, const config::Configuration& config,
                     const api::RunOptions& options) {
  bin::SqlScript script{.text = arguments.sql_text.value_or("")};
  if (!arguments.sql_text) {
    THALWEG_ASSIGN(script, bin::ReadSqlScript(arguments.sql_file));
  }
  script.output = arguments.output;
  return bin::RunSql(script, config, options, stdout);
}

Status Run(const cli::Arguments& arguments, config::Configuration config) {
  api::RunOptions options;
  options.from_checkpoint = arguments.from_checkpoint;
  options.allow_non_restored_state = arguments.allow_non_restored_state;
  options.terminal = true;
  options.progress_lines = arguments.progress_lines;
  options.arguments = arguments.job_arguments;
  if (arguments.library.empty()) return RunStatements(arguments, config, options);
  THALWEG_ASSIGN(api::JobEntryFunction * entry, bin::LoadJob(arguments.library));
  api::StreamExecutionEnvironment env(std::move(config), std::move(options));
  THALWEG_TRY(bin::CallJob(entry, env));
  if (env.executions() == 0)
    return UserError("Job library ran no job: call env.Execute(name) in THALWEG_JOB: {}", arguments.library);
  return {};
}

bool Doctor(const config::Configuration& config) {
  const std::vector<cli::Finding> findings = cli::Examine(config);
  fmt::print("{}", cli::FindingsText(findings));
  return std::none_of(findings.begin(), findings.end(),
                      [](const cli::Finding& f) { return f.health == cli::Health::kFailure; });
}

int Fail(const Status& status, int exit_status) {
  fmt::print(stderr, "thalweg: {}\n", status.ToString());
  return exit_status;
}

}  // namespace

int main(int argc, char** argv) {
  auto arguments = cli::ParseArguments({argv + 1, argv + argc});
  if (!arguments.ok()) return Fail(arguments.status(), kWrongUse);
  switch (arguments->command) {
    case cli::Command::kHelp: fmt::print("{}", arguments->help); return kDone;
    case cli::Command::kVersion: fmt::print("{}", cli::VersionText()); return kDone;
    case cli::Command::kDoctor: {
      auto config = Configure(*arguments);
      if (!config.ok()) return Fail(config.status(), kWrongUse);
      return Doctor(*config) ? kDone : kFailed;
    }
    case cli::Command::kTest: {
      auto passed = bin::RunSqlTestFiles(arguments->test_files, stdout);
      if (!passed.ok()) return Fail(passed.status(), kWrongUse);
      return *passed ? kDone : kFailed;
    }
    case cli::Command::kSql: {
      auto config = Configure(*arguments);
      if (!config.ok()) return Fail(config.status(), kWrongUse);
      Status status = bin::RunSqlShell(
          {.config = *std::move(config), .output = arguments->output, .init_file = arguments->init_file});
      return status.ok() ? kDone : Fail(status, kFailed);
    }
    case cli::Command::kRun: {
      auto config = Configure(*arguments);
      if (!config.ok()) return Fail(config.status(), kWrongUse);
      Status status = Run(*arguments, *std::move(config));
      return status.ok() ? kDone : Fail(status, kFailed);
    }
  }
}
