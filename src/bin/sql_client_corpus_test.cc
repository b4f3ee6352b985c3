// Scripts of Flink's SQL client with what it printed: tests/corpus/flink-sql-q.
//
// The client says "[INFO] Execute statement succeeded." where TableResult.print() says "OK", and frames what print() gives bare (EXPLAIN,
// SHOW CREATE); its footer of a streaming query is "Received a total of N rows". Else its tables are compared byte by byte.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "bin/sql_shell.h"
#include "bin/statement_runner.h"
#include "io/temporary_folder.h"
#include "sql/parser.h"
#include "testing/source_folder.h"

namespace thalweg::bin {
namespace {

struct ClientCase {
  int line = 0;
  std::string statement;
  std::string printed;
  std::string tag;  // ok, info, error, warning
};

std::vector<ClientCase> ReadClientCases(const std::string& path) {
  std::ifstream in(path);
  std::vector<ClientCase> cases;
  ClientCase now;
  bool in_statement = true;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (in_statement && now.statement.empty() && (line.empty() || line[0] == '#')) continue;
    if (in_statement) {
      if (now.line == 0) now.line = number;
      now.statement += line + "\n";
      in_statement = !(line.ends_with(';') && IsWholeInput(now.statement));
    } else if (line.starts_with('!')) {
      now.tag = line.substr(1);
      cases.push_back(std::exchange(now, {}));
      in_statement = true;
    } else {
      now.printed += line + "\n";
    }
  }
  return cases;
}

std::string Replaced(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [from, to] : values)
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  return text;
}

std::string TrimmedEnd(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

/// What stands in the one cell of a table whose one column is `result`; nullopt of other tables.
std::optional<std::string> FramedResult(const std::string& printed) {
  std::vector<std::string> lines;
  std::istringstream in(printed);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  if (lines.size() < 5 || !lines[0].starts_with("+--") || !lines[1].ends_with(" result |") ||
      lines[1].find_first_not_of("| ") != lines[1].size() - 8)
    return std::nullopt;
  std::string text = lines[3].substr(2);
  for (size_t i = 4; i < lines.size() && lines[i] != " |" && !lines[i].starts_with("+--"); ++i) text += "\n" + lines[i];
  return TrimmedEnd(text);
}

/// What we would print where the client printed this.
std::string AsPrinted(const std::string& printed) {
  if (auto framed = FramedResult(printed)) return *framed;
  if (printed == "[INFO] Execute statement succeeded.\n") return "OK";
  static constexpr std::string_view kReceived = "Received a total of ";
  const size_t at = printed.rfind(kReceived);
  if (at == std::string::npos) return TrimmedEnd(printed);
  return printed.substr(0, at) + TrimmedEnd(printed.substr(at + kReceived.size())) + " in set";
}

class ClientCorpus {
 public:
  explicit ClientCorpus(const std::string& folder) : folder_(folder) {
    std::ifstream in(folder + "/skips.tsv");
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line[0] == '#') continue;
      std::istringstream fields(line);
      std::string file, lines, reason;
      std::getline(fields, file, '\t');
      std::getline(fields, lines, '\t');
      std::getline(fields, reason);
      EXPECT_FALSE(reason.empty()) << line;
      std::istringstream numbers(lines);
      for (std::string number; std::getline(numbers, number, ',');) skips_.insert({file, std::stoi(number)});
    }
  }

  void RunFile(const std::string& file) {
    io::TemporaryFolder data;
    const std::map<std::string, std::string> variables = {{"$VAR_STREAMING_PATH", data.path() + "/s"},
                                                          {"$VAR_BATCH_PATH", data.path() + "/b"},
                                                          {"$VAR_UDF_JAR_PATH", "/no/such.jar"}};
    std::FILE* out = std::tmpfile();
    config::Configuration config;
    EXPECT_TRUE(config.Set("table.local-time-zone", "UTC", nullptr).ok());
    StatementRunner runner({.config = config, .out = out, .interactive = false});
    int passed = 0, total = 0, skipped = 0;
    for (const ClientCase& one : ReadClientCases(folder_ + "/" + file)) {
      const std::string why = Difference(runner, out, one, variables);
      if (skips_.contains({file, one.line})) {
        ++skipped;
        if (why.empty()) ADD_FAILURE() << file << ":" << one.line << " is on the skip list and passes: take it off";
        continue;
      }
      ++total;
      if (why.empty())
        ++passed;
      else
        ADD_FAILURE() << file << ":" << one.line << ": " << one.statement << why;
    }
    std::fclose(out);
    std::cout << "flink-sql-q/" << file << ": " << passed << "/" << total << " (" << skipped << " skipped)\n";
    passed_ += passed;
    total_ += total + skipped;
    skipped_ += skipped;
  }

  /// Of all files together: those about Flink's jars, modules and plans have more skips than a tenth, see README.md.
  void ExpectFewSkips() const {
    std::cout << "flink-sql-q: " << passed_ << " of " << total_ << " passed, " << skipped_ << " skipped\n";
    EXPECT_EQ(skipped_, static_cast<int>(skips_.size())) << "a line of skips.tsv is no statement's";
    EXPECT_LT(skipped_ * 10, total_) << "skips are a tenth of the statements or more";
  }

 private:
  /// "" if the statement did and printed what Flink's client says.
  static std::string Difference(StatementRunner& runner, std::FILE* out, const ClientCase& one,
                                const std::map<std::string, std::string>& variables) {
    const std::string text = Replaced(one.statement, variables);
    if (std::fseek(out, 0, SEEK_SET) != 0 || ftruncate(fileno(out), 0) != 0)
      return "cannot empty the file of the output";
    Status status;
    auto statements = sql::ParseScript(text);
    status = statements.status();
    if (statements.ok())
      for (const sql::ParsedStatement& statement : *statements)
        if (status.ok()) status = runner.Execute(statement, text, true);
    std::rewind(out);
    std::string got;
    char buffer[4096];
    for (size_t n; (n = std::fread(buffer, 1, sizeof(buffer), out)) > 0;) got.append(buffer, n);
    if (one.tag == "error") return status.ok() ? "no error, but " + one.printed : "";
    if (!status.ok()) return "error: " + std::string(status.message());
    if (one.printed.find("[INFO] Complete execution") != std::string::npos)
      return got.find("-1 |") != std::string::npos ? "" : "no -1 in: " + got;
    const std::string wanted = AsPrinted(Replaced(one.printed, variables));
    return TrimmedEnd(got) == wanted ? "" : "wanted:\n" + wanted + "\ngot:\n" + got;
  }

  const std::string folder_;
  std::set<std::pair<std::string, int>> skips_;
  int passed_ = 0, total_ = 0, skipped_ = 0;
};

TEST(SqlClientCorpus, StatementsPrintWhatFlinksClientPrints) {
  ClientCorpus corpus(SourceFolder() + "/tests/corpus/flink-sql-q");
  for (const char* file : {"catalog_database.q", "insert.q", "misc.q", "module.q", "select.q", "select_batch.q",
                           "set.q", "statement_set.q", "table.q", "view.q"})
    corpus.RunFile(file);
  corpus.ExpectFewSkips();
}

TEST(SqlClientCorpus, ACaseIsAStatementWhatWasPrintedAndATag) {
  EXPECT_EQ(AsPrinted("[INFO] Execute statement succeeded.\n"), "OK");
  EXPECT_EQ(AsPrinted("+-+\nReceived a total of 1 row\n"), "+-+\n1 row in set");
  EXPECT_EQ(AsPrinted("+----------+\n|   result |\n+----------+\n| CREATE x\ny\n |\n+----------+\n1 row in set\n"),
            "CREATE x\ny");
}

}  // namespace
}  // namespace thalweg::bin
