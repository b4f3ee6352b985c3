#include "bin/sql_shell.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "bin/line_editor.h"
#include "bin/sql_runner.h"
#include "bin/statement_runner.h"
#include "sql/lexer.h"
#include "sql/parser.h"
#include "sql/syntax_error.h"

namespace thalweg::bin {
namespace {

constexpr const char* kPrompt = "thalweg> ";
constexpr const char* kMore = "      -> ";
constexpr const char* kWelcome = "Thalweg SQL. HELP; lists what there is, Ctrl-D ends.\n";

// $XDG_STATE_HOME/thalweg/sql_history, by default below ~/.local/state.
std::string HistoryFile() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path folder;
  if (state && *state)
    folder = state;
  else if (home && *home)
    folder = std::filesystem::path(home) / ".local" / "state";
  else
    return "";
  folder /= "thalweg";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  return error ? "" : (folder / "sql_history").string();
}

/// Lines with prompts from a terminal, or without from a pipe.
class Input {
 public:
  Status Open(const StatementRunner& runner) {
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return {};
    THALWEG_ASSIGN(editor_,
                   LineEditor::Open(HistoryFile(), [this, &runner](std::string_view before, std::string_view after) {
                     // The lines above belong to the statement; the word is on the last.
                     const std::string all = pending_ + std::string(before);
                     cli::Completion found = cli::Complete(runner.session().catalog(), all, after);
                     found.begin -= std::min(found.begin, pending_.size());
                     return found;
                   }));
    return {};
  }
  bool interactive() const { return editor_ != nullptr; }

  /// The next whole input; kEnd at the end, with what stands before it.
  TypedLine Next() {
    pending_.clear();
    while (true) {
      TypedLine line = ReadLine(pending_.empty() ? kPrompt : kMore);
      if (line.kind == TypedLine::Kind::kInterrupted) {
        pending_.clear();
        continue;
      }
      if (line.kind == TypedLine::Kind::kEnd) return {TypedLine::Kind::kEnd, std::move(pending_)};
      pending_ += line.text + "\n";
      if (pending_.find_first_not_of(" \t\r\n;") == std::string::npos) {
        pending_.clear();
        continue;
      }
      if (!IsWholeInput(pending_)) continue;
      if (editor_) editor_->Remember(pending_.substr(0, pending_.size() - 1));
      return {TypedLine::Kind::kLine, std::move(pending_)};
    }
  }

 private:
  TypedLine ReadLine(const char* prompt) {
    if (editor_) return editor_->Read(prompt);
    TypedLine line;
    if (std::getline(std::cin, line.text)) line.kind = TypedLine::Kind::kLine;
    return line;
  }

  std::unique_ptr<LineEditor> editor_;
  std::string pending_;
};

/// The statements of one input, up to the first that fails.
Status RunInput(StatementRunner& runner, const std::string& text) {
  THALWEG_ASSIGN(auto statements, sql::ParseScript(text));
  for (const sql::ParsedStatement& statement : statements) {
    if (runner.quit()) break;
    THALWEG_TRY(runner.Execute(statement, text));
    if (runner.stopped()) break;
  }
  return {};
}

}  // namespace

bool IsWholeInput(std::string_view text) {
  std::vector<sql::Token> tokens;
  try {
    tokens = sql::Tokenize(text);
  } catch (const sql::SyntaxError& error) {
    // A string, a name or a comment that is still open goes on in the next line; what can never be SQL is told at once.
    return error.message.find("not closed") == std::string::npos;
  }
  tokens.pop_back();  // kEnd
  if (tokens.empty()) return true;
  if (tokens.size() == 1)
    for (std::string_view word : {"QUIT", "EXIT", "HELP", "CLEAR"})
      if (tokens[0].IsWord(word)) return true;
  if (!tokens.back().IsSymbol(";")) return false;
  bool in_set = false;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].IsWord("BEGIN") && i >= 2 && tokens[i - 1].IsWord("SET") && tokens[i - 2].IsWord("STATEMENT"))
      in_set = true;
    if (tokens[i].IsWord("END") && i + 1 < tokens.size() && tokens[i + 1].IsSymbol(";")) in_set = false;
  }
  return !in_set;
}

Status RunSqlShell(const SqlShellOptions& options) {
  api::RunOptions run = options.run;
  run.terminal = true;
  StatementRunner runner(
      {.config = options.config, .run = run, .output = options.output, .out = stdout, .interactive = true});
  if (!options.init_file.empty()) {
    THALWEG_ASSIGN(SqlScript init, ReadSqlScript(options.init_file));
    if (Status status = RunInput(runner, init.text); !status.ok())
      return Status(status.category(), PlaceInFile(status.message(), options.init_file));
  }
  Input input;
  THALWEG_TRY(input.Open(runner));
  if (input.interactive()) {
    // Between a statement and the next prompt Ctrl-C is nobody's; a statement has a handler of its own (StopOnSignal).
    std::signal(SIGINT, SIG_IGN);
    fmt::print("{}", kWelcome);
  }
  Status failed;
  while (!runner.quit()) {
    std::fflush(stdout);
    const TypedLine typed = input.Next();
    if (!typed.text.empty())
      if (Status status = RunInput(runner, typed.text); !status.ok()) {
        std::fflush(stdout);
        fmt::print(stderr, "[ERROR] {}\n", status.message());
        if (failed.ok()) failed = std::move(status);
      }
    if (typed.kind == TypedLine::Kind::kEnd) break;
  }
  if (input.interactive()) {
    if (!runner.quit()) fmt::print("\n");
    return {};
  }
  THALWEG_TRY(runner.WaitForJobs());
  return failed.ok() ? Status() : UserError("A statement failed");
}

}  // namespace thalweg::bin
