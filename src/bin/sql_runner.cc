#include "bin/sql_runner.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "bin/terminal.h"
#include "columns/builder.h"
#include "config/options.h"
#include "connectors/collect_sink.h"
#include "connectors/tables.h"
#include "sql/session.h"
#include "time/clock.h"

namespace thalweg::bin {
namespace {

constexpr std::string_view kNullText = "<NULL>";   // how a session writes a NULL of the rows it knows itself
constexpr std::string_view kRawColumn = "result";  // the one column of texts that print without a table
constexpr std::string_view kCollectKind = "collect";

/// One script on its way.
class ScriptRun {
 public:
  ScriptRun(const SqlScript& script, const config::Configuration& config, const api::RunOptions& options,
            std::FILE* out)
      : script_(script), options_(options), out_(out), session_(MakeOptions(config)) {
    if (!options_.stop) options_.stop = std::make_shared<std::atomic<bool>>(false);
  }

  Status Run() {
    auto statements = sql::ParseScript(script_.text);
    if (!statements.ok()) return Placed(statements.status());
    for (size_t i = 0; i < statements->size() && !options_.stop->load(); ++i) {
      is_last_ = i + 1 == statements->size();
      auto result = session_.Execute((*statements)[i], script_.text);
      if (!result.ok()) return Placed(result.status());
      for (const std::string& warning : result->warnings) fmt::print(stderr, "warning: {}\n", warning);
      if (Status status = std::visit([this](auto& outcome) { return Do(outcome); }, result->outcome); !status.ok())
        return status.WithContext(PlaceOf((*statements)[i]));
    }
    return {};
  }

 private:
  sql::SessionOptions MakeOptions(const config::Configuration& config) {
    connectors::AddTableConnectors(connectors_);
    sql::SessionOptions options;
    options.config = config;
    options.connectors = &connectors_;
    options.now_ms = time::SystemClock().NowMs();
    return options;
  }
  std::string PlaceOf(const sql::ParsedStatement& statement) const {
    return fmt::format("{}:{}:{}", script_.file.empty() ? "SQL" : script_.file, statement.begin.line,
                       statement.begin.column);
  }
  Status Placed(const Status& status) const {
    return Status(status.category(), PlaceInFile(status.message(), script_.file.empty() ? "SQL" : script_.file));
  }

  /// A plan in batch mode is a job like others: it needs no mode any more.
  config::Configuration JobConfig() const {
    config::Configuration config = session_.config();
    config.Unset(config::kRuntimeMode.key);
    return config;
  }

  Status Print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), out_) == text.size() && std::fflush(out_) == 0) return {};
    return ExternalError("Cannot print rows: {}", std::strerror(errno));
  }

  Status Do(const sql::Done&) { return script_.output == cli::OutputFormat::kTable ? Print("OK\n") : Status(); }
  Status Do(const sql::Rows& rows);
  Status Do(sql::JobToRun& job);
  Status Do(sql::QueryToRun& query);
  /// Prints the queue's rows to its end.
  Status PrintRows(connectors::CollectQueue& queue, cli::ResultWriter& writer);

  const SqlScript& script_;
  api::RunOptions options_;
  std::FILE* out_;
  graph::TableConnectors connectors_;
  sql::Session session_;
  bool is_last_ = false;
};

Status ScriptRun::Do(const sql::Rows& rows) {
  columns::BufferPool pool;
  auto schema = std::make_shared<const types::Schema>(rows.schema);
  cli::ResultOptions options{.format = script_.output,
                             .style = cli::ResultOptions::Style::kByContent,
                             .max_column_width = INT32_MAX,
                             .null_text = ""};
  if (rows.schema.size() == 1 && rows.schema.field(0).name == kRawColumn)
    options.style = cli::ResultOptions::Style::kRaw;
  THALWEG_ASSIGN(auto writer, cli::MakeResultWriter(schema, options));
  std::string text;
  for (const std::vector<std::string>& row : rows.rows) {
    columns::BatchBuilder builder(rows.schema, pool, 1);
    for (size_t i = 0; i < row.size(); ++i)
      row[i] == kNullText ? builder.column(static_cast<int>(i)).AppendNull()
                          : builder.column(static_cast<int>(i)).AppendString(row[i]);
    builder.FinishRow();
    THALWEG_TRY(writer->Append(builder.Take(), &text));
  }
  writer->Finish(&text);
  return Print(text);
}

Status ScriptRun::Do(sql::JobToRun& job) {
  flow::Program program;
  program.graph = std::move(job.graph);
  if (!is_last_)
    fmt::print(stderr, "Job '{}' runs to its end before the next statement (several at once: EXECUTE STATEMENT SET)\n",
               program.graph.name);
  return (options_.terminal ? api::RunInTerminal(std::move(program), JobConfig(), options_)
                            : api::RunEmbedded(std::move(program), JobConfig(), options_))
      .status();
}

Status ScriptRun::Do(sql::QueryToRun& query) {
  THALWEG_ASSIGN(std::optional<config::Duration> interval, session_.config().Find(config::kCheckpointInterval));
  THALWEG_ASSIGN(std::string zone, session_.Zone());
  cli::ResultOptions table{.format = script_.output, .changelog = query.streaming};
  THALWEG_ASSIGN(table.zone, expr::Zone::Find(zone));
  THALWEG_ASSIGN(auto writer, cli::MakeResultWriter(std::make_shared<const types::Schema>(query.schema), table));
  auto queue = std::make_shared<connectors::CollectQueue>();
  const auto guarantee = interval ? connectors::CollectGuarantee::kExactlyOnce : connectors::CollectGuarantee::kNone;
  flow::Program program;
  program.graph = std::move(query.graph);
  for (const graph::Node& node : program.graph.nodes)
    if (node.kind == kCollectKind)
      program.functions.operators[node.uid] =
          [queue, guarantee](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
        return connectors::MakeCollectSink(queue, guarantee);
      };
  api::RunOptions run = options_;
  run.cancel = std::make_shared<std::atomic<bool>>(false);
  std::optional<StopOnSignal> signals;
  if (run.terminal) signals.emplace(run.stop);
  Status ended;
  std::thread job([&] {
    ended = api::RunEmbedded(std::move(program), JobConfig(), run).status();
    queue->Finish(ended);
  });
  Status printed = PrintRows(*queue, *writer);
  queue->Cancel();
  run.cancel->store(true);
  job.join();
  THALWEG_TRY(printed);
  return ended;
}

Status ScriptRun::PrintRows(connectors::CollectQueue& queue, cli::ResultWriter& writer) {
  std::string text;
  while (true) {
    THALWEG_ASSIGN(std::optional<columns::Batch> batch, queue.Pop());
    if (!batch) break;
    text.clear();
    THALWEG_TRY(writer.Append(*batch, &text));
    THALWEG_TRY(Print(text));
  }
  text.clear();
  writer.Finish(&text);
  return Print(text);
}

}  // namespace

Result<SqlScript> ReadSqlScript(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf()))
    return UserError("Cannot read the script {}: {}", file,
                     in.is_open() ? "it is empty or no file" : std::strerror(errno));
  return SqlScript{.text = text.str(), .file = file};
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
  return ScriptRun(script, config, options, out).Run();
}

}  // namespace thalweg::bin
