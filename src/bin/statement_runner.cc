#include "bin/statement_runner.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/hash.h"
#include "cli/sql_help.h"
#include "columns/builder.h"
#include "config/client_options.h"
#include "config/options.h"
#include "config/sql_options.h"
#include "connectors/tables.h"
#include "formats/text.h"
#include "sql/syntax_error.h"
#include "time/clock.h"

namespace thalweg::bin {
namespace {

constexpr std::string_view kNullText = "<NULL>";   // how a session writes a NULL of the rows it knows itself
constexpr std::string_view kRawColumn = "result";  // the one column of texts that print without a table
constexpr std::string_view kCollectKind = "collect";
constexpr std::string_view kClearScreen = "\033[H\033[2J";

}  // namespace

/// A job that runs beside the statements behind its own.
class BackgroundJob {
 public:
  /// `place`: of its statement, "line 1, column 2", or "".
  BackgroundJob(flow::Program program, const config::Configuration& config, const api::RunOptions& run,
                std::string place)
      : name_(program.graph.name), place_(std::move(place)), started_ms_(time::SystemClock().NowMs()) {
    // Flink's form of an id; unique in the process and likely so beyond it.
    const std::string self = fmt::format("{}/{}/{}", name_, started_ms_, static_cast<const void*>(this));
    id_ = fmt::format("{:016x}{:016x}", Hash64(self), Hash64(self + "/"));
    options_ = run;
    options_.cancel = stop_;
    options_.on_progress = nullptr;
    options_.log = [name = name_](const std::string& line) { fmt::print(stderr, "{}: {}\n", name, line); };
    thread_ = std::thread([this, program = std::move(program), config]() mutable {
      auto result = api::RunEmbedded(std::move(program), config, options_);
      if (result.ok())
        fmt::print(stderr, "{}\n", SummaryText(*result));
      else
        fmt::print(stderr, "Job '{}' failed: {}\n", name_, result.status().message());
      std::lock_guard lock(mutex_);
      ended_ = true;
      stopped_ = result.ok() && result->stopped;
      status_ = result.status();
    });
  }
  ~BackgroundJob() {
    stop_->store(true);
    if (thread_.joinable()) thread_.join();
  }

  void Stop() { stop_->store(true); }
  /// Waits for the end. Once.
  Status Join() {
    if (thread_.joinable()) thread_.join();
    std::lock_guard lock(mutex_);
    const Status status = std::exchange(status_, Status()).WithContext(fmt::format("Job '{}'", name_));
    return place_.empty() ? status : status.WithContext(place_);
  }
  const std::string& id() const { return id_; }
  const std::string& name() const { return name_; }
  std::string StartText() const {
    std::string text;
    formats::AppendTimestamp({started_ms_, 0, 0}, formats::TimestampStandard::kSql, false, &text);
    return text;
  }
  std::string_view State() const {
    std::lock_guard lock(mutex_);
    if (!ended_) return "RUNNING";
    return !status_.ok() ? "FAILED" : stopped_ ? "CANCELED" : "FINISHED";
  }

 private:
  std::string id_;
  const std::string name_, place_;
  const int64_t started_ms_;
  api::RunOptions options_;
  std::shared_ptr<std::atomic<bool>> stop_ = std::make_shared<std::atomic<bool>>(false);
  mutable std::mutex mutex_;
  bool ended_ = false;
  bool stopped_ = false;
  Status status_;
  std::thread thread_;
};

StatementRunner::StatementRunner(StatementRunnerOptions options)
    : options_(std::move(options)), session_(MakeSessionOptions()) {
  if (!options_.run.stop) options_.run.stop = std::make_shared<std::atomic<bool>>(false);
}
StatementRunner::~StatementRunner() = default;

sql::SessionOptions StatementRunner::MakeSessionOptions() {
  connectors::AddTableConnectors(connectors_);
  sql::SessionOptions options;
  options.config = options_.config;
  options.connectors = &connectors_;
  options.file_tables = &file_tables_;
  options.now_ms = time::SystemClock().NowMs();
  return options;
}

Status StatementRunner::Execute(const sql::ParsedStatement& statement, std::string_view script, bool last) {
  last_ = last;
  begin_ = statement.begin;
  if (options_.interactive) options_.run.stop = std::make_shared<std::atomic<bool>>(false);
  session_.SetNow(time::SystemClock().NowMs());
  auto result = session_.Execute(statement, script);
  THALWEG_TRY(result.status());
  for (const std::string& warning : result->warnings) fmt::print(stderr, "warning: {}\n", warning);
  return std::visit([this](auto& outcome) { return Do(outcome); }, result->outcome);
}

Result<config::Configuration> StatementRunner::JobConfig() const {
  config::Configuration config = session_.config();
  config.Unset(config::kRuntimeMode.key);
  THALWEG_ASSIGN(const int64_t parallelism, config.Get(config::kSqlParallelism));
  if (parallelism > 0) THALWEG_TRY(config.Set(config::kParallelism.key, std::to_string(parallelism)));
  return config;
}

Status StatementRunner::Print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), options_.out) == text.size() && std::fflush(options_.out) == 0)
    return {};
  return ExternalError("Cannot print rows: {}", std::strerror(errno));
}

Status StatementRunner::Do(const sql::Done&) {
  return options_.output == cli::OutputFormat::kTable ? Print("OK\n") : Status();
}

Status StatementRunner::Do(const sql::Rows& rows) {
  columns::BufferPool pool;
  auto schema = std::make_shared<const types::Schema>(rows.schema);
  cli::ResultOptions options{.format = options_.output,
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

Result<bool> StatementRunner::WaitsFor(const sql::JobToRun& job) {
  if (last_ && !options_.interactive) return true;
  // Flink's default, false, would let a query read what the INSERT before it has not yet written: only who says so has it.
  if (!session_.config().Has(config::kDmlSync.key)) return job.bounded;
  return session_.config().Get(config::kDmlSync);
}

Status StatementRunner::StartBeside(sql::JobToRun& job) {
  THALWEG_ASSIGN(config::Configuration config, JobConfig());
  flow::Program program;
  program.graph = std::move(job.graph);
  if (options_.run.terminal && !options_.interactive && !signals_) signals_.emplace(options_.run.stop);
  api::RunOptions run = options_.run;
  if (options_.interactive) run.stop = nullptr;
  // What a person has typed is told by the job's name: its lines are gone.
  jobs_.push_back(std::make_unique<BackgroundJob>(std::move(program), std::move(config), run,
                                                  options_.interactive ? "" : sql::ToText(begin_)));
  fmt::print(stderr, "Job '{}' runs beside what follows ('table.dml-sync' = 'true' waits)\nJob ID: {}\n",
             jobs_.back()->name(), jobs_.back()->id());
  return {};
}

Status StatementRunner::Do(sql::JobToRun& job) {
  THALWEG_ASSIGN(bool wait, WaitsFor(job));
  if (!wait) return StartBeside(job);
  THALWEG_ASSIGN(const config::Configuration config, JobConfig());
  flow::Program program;
  program.graph = std::move(job.graph);
  THALWEG_TRY((options_.run.terminal ? api::RunInTerminal(std::move(program), config, options_.run)
                                     : api::RunEmbedded(std::move(program), config, options_.run))
                  .status());
  return PrintWritten(job.targets);
}

Status StatementRunner::PrintWritten(const std::vector<std::string>& targets) {
  if (options_.output != cli::OutputFormat::kTable) return {};
  sql::Rows rows{sql::TextSchema(targets), {std::vector<std::string>(targets.size(), "-1")}};
  return Do(rows);
}

Status StatementRunner::Do(sql::QueryToRun& query) {
  THALWEG_ASSIGN(const config::Configuration config, JobConfig());
  THALWEG_ASSIGN(std::optional<config::Duration> interval, session_.config().Find(config::kCheckpointInterval));
  THALWEG_ASSIGN(int64_t width, session_.config().Get(config::kMaxColumnWidth));
  THALWEG_ASSIGN(std::string zone, session_.Zone());
  cli::ResultOptions table{.format = options_.output, .changelog = query.streaming};
  // Flink's batch results are as wide as their values, and it waits for all of them.
  if (!query.streaming) table.style = cli::ResultOptions::Style::kByContent;
  table.max_column_width = static_cast<int>(std::min<int64_t>(width, INT32_MAX));
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
  api::RunOptions run = options_.run;
  run.cancel = std::make_shared<std::atomic<bool>>(false);
  std::optional<StopOnSignal> signals;
  if (run.terminal) signals.emplace(run.stop);
  api::JobResult result;
  run.on_end = [&result](const api::JobResult& end) { result = end; };
  Status ended;
  std::thread job([&] {
    ended = api::RunEmbedded(std::move(program), config, run).status();
    queue->Finish(ended);
  });
  Status printed = PrintRows(*queue, *writer);
  queue->Cancel();
  run.cancel->store(true);
  job.join();
  if (const std::string lost = LostText(result); !lost.empty())
    fmt::print(stderr, "Not in the result: {}\n", lost.substr(2));
  THALWEG_TRY(printed);
  return ended;
}

Status StatementRunner::PrintRows(connectors::CollectQueue& queue, cli::ResultWriter& writer) {
  std::string text;
  int64_t rows = 0;
  while (true) {
    THALWEG_ASSIGN(std::optional<columns::Batch> batch, queue.Pop());
    if (!batch) break;
    text.clear();
    rows += batch->rows();
    THALWEG_TRY(writer.Append(*batch, &text));
    THALWEG_TRY(Print(text));
  }
  if (stopped()) {
    // As Flink's client: a table that was not read to its end has neither border nor footer.
    fmt::print(stderr, "Query terminated, received a total of {} {}\n", rows, rows == 1 ? "row" : "rows");
    return {};
  }
  text.clear();
  writer.Finish(&text);
  return Print(text);
}

Status StatementRunner::Do(const sql::ClientAction& action) {
  using Kind = sql::ClientAction::Kind;
  switch (action.kind) {
    case Kind::kQuit: quit_ = true; return {};
    case Kind::kClear: return isatty(fileno(options_.out)) ? Print(kClearScreen) : Status();
    case Kind::kHelp: return Print(cli::kSqlHelp);
    case Kind::kShowJobs: return Do(Jobs(""));
    case Kind::kDescribeJob: {
      sql::Rows rows = Jobs(action.job);
      return rows.rows.empty() ? UserError("There is no job '{}': SHOW JOBS lists them", action.job) : Do(rows);
    }
    case Kind::kStopJob: return StopJob(action);
  }
  return {};
}

sql::Rows StatementRunner::Jobs(const std::string& id) const {
  sql::Rows rows{sql::TextSchema({"job id", "job name", "status", "start time"}), {}};
  for (const auto& job : jobs_)
    if (id.empty() || job->id() == id)
      rows.rows.push_back({job->id(), job->name(), std::string(job->State()), job->StartText()});
  return rows;
}

Status StatementRunner::StopJob(const sql::ClientAction& action) {
  if (action.savepoint)
    return UserError(
        "STOP JOB ... WITH SAVEPOINT is not supported yet: where checkpoints are on, a stop takes a last one");
  for (const auto& job : jobs_)
    if (job->id() == action.job) {
      job->Stop();
      THALWEG_TRY(job->Join());
      return Do(sql::Done{});
    }
  return UserError("There is no job '{}': SHOW JOBS lists them", action.job);
}

Status StatementRunner::WaitForJobs() {
  Status first;
  for (const auto& job : jobs_)
    if (Status status = job->Join(); first.ok()) first = std::move(status);
  return first;
}

}  // namespace thalweg::bin
