#include "bin/sql_runner.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "bin/statement_runner.h"
#include "sql/parser.h"

namespace thalweg::bin {

Result<SqlScript> ReadSqlScript(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf()))
    return UserError("Cannot read the script {}: {}", file,
                     in.is_open() ? "it is empty or no file" : std::strerror(errno));
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::string script = text.str();
  if (script.starts_with(kByteOrderMark)) script.erase(0, kByteOrderMark.size());
  return SqlScript{.text = std::move(script), .file = file};
}

std::string PlaceInFile(const std::string& message, const std::string& file) {
  unsigned line = 0, column = 0;
  int used = 0;
  if (std::sscanf(message.c_str(), "line %u, column %u: %n", &line, &column, &used) == 2 && used > 0)
    return fmt::format("{}:{}:{}: {}", file, line, column, message.substr(static_cast<size_t>(used)));
  return fmt::format("{}: {}", file, message);
}

Status RunSql(const SqlScript& script, const config::Configuration& config, const api::RunOptions& options,
              std::FILE* out) {
  const std::string file = script.file.empty() ? "SQL" : script.file;
  auto placed = [&](const Status& status, const sql::ParsedStatement& statement) {
    const std::string message = std::string(status.message());
    // Errors of jobs know no place: it is their statement's.
    return message.starts_with("line ")
               ? Status(status.category(), PlaceInFile(message, file))
               : status.WithContext(fmt::format("{}:{}:{}", file, statement.begin.line, statement.begin.column));
  };
  auto statements = sql::ParseScript(script.text);
  if (!statements.ok())
    return Status(statements.status().category(), PlaceInFile(std::string(statements.status().message()), file));
  StatementRunner runner({.config = config, .run = options, .output = script.output, .out = out});
  for (size_t i = 0; i < statements->size() && !runner.stopped() && !runner.quit(); ++i) {
    const sql::ParsedStatement& statement = (*statements)[i];
    if (Status status = runner.Execute(statement, script.text, i + 1 == statements->size()); !status.ok())
      return placed(status, statement);
  }
  const Status jobs = runner.WaitForJobs();
  return jobs.ok() ? jobs : Status(jobs.category(), PlaceInFile(jobs.message(), file));
}

}  // namespace thalweg::bin
