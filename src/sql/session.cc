#include "sql/session.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "base/ascii.h"
#include "config/keys.h"
#include "config/options.h"
#include "expr/zone.h"
#include "sql/bind.h"
#include "sql/rules.h"
#include "sql/session_visitor.h"

namespace thalweg::sql {
namespace {

constexpr std::string_view kDefaultZone = "default";  // of table.local-time-zone: the machine's

// Java's default zone: TZ, else what /etc/localtime points to, else UTC.
std::string MachineZone() {
  if (const char* zone = std::getenv("TZ"); zone && *zone) return zone[0] == ':' ? zone + 1 : zone;
  std::error_code error;
  const std::string link = std::filesystem::read_symlink("/etc/localtime", error).string();
  constexpr std::string_view kFolder = "zoneinfo/";
  const size_t at = link.find(kFolder);
  return error || at == std::string::npos ? "UTC" : link.substr(at + kFolder.size());
}

}  // namespace

Result<bool> Session::Visitor::Batch() const {
  THALWEG_ASSIGN(config::RuntimeMode mode, session.config_.Get(config::kRuntimeMode));
  if (mode == config::RuntimeMode::kAutomatic)
    return UserError("Unsupported mode 'AUTOMATIC' for 'execution.runtime-mode': SQL runs in BATCH or STREAMING");
  return mode == config::RuntimeMode::kBatch;
}

Result<BindEnvironment> Session::Visitor::Environment() const {
  BindEnvironment environment{session.catalog_};
  THALWEG_ASSIGN(environment.zone, Zone());
  THALWEG_ASSIGN(environment.batch, Batch());
  THALWEG_ASSIGN(environment.option_hints, session.config_.Get(config::kOptionHints));
  environment.query_start_ms = session.options_.now_ms;
  environment.file_tables = session.options_.file_tables;
  return environment;
}

Result<SinkOptions> Session::Visitor::Sinks() const {
  SinkOptions sink;
  THALWEG_ASSIGN(sink.upsert_materialize, session.config_.Get(config::kSinkUpsertMaterialize));
  THALWEG_ASSIGN(sink.require_on_conflict, session.config_.Get(config::kSinkRequireOnConflict));
  THALWEG_ASSIGN(const config::NotNullEnforcer not_null, session.config_.Get(config::kSinkNotNull));
  THALWEG_ASSIGN(const config::LengthEnforcer length, session.config_.Get(config::kSinkLength));
  THALWEG_ASSIGN(const config::NestedEnforcer nested, session.config_.Get(config::kSinkNested));
  // The numbers of both are the same.
  sink.constraints.not_null = static_cast<graph::ConstraintSpec::NotNull>(not_null);
  sink.constraints.length = static_cast<graph::ConstraintSpec::Length>(length);
  sink.constraints.nested = static_cast<graph::ConstraintSpec::Nested>(nested);
  return sink;
}

Result<FoldOptions> Session::Visitor::Folds() const {
  FoldOptions fold;
  THALWEG_ASSIGN(fold.enabled, session.config_.Get(config::kMiniBatchEnabled));
  THALWEG_ASSIGN(fold.phases, session.config_.Get(config::kAggregatePhases));
  THALWEG_ASSIGN(fold.mini_batch.rows, session.config_.Get(config::kMiniBatchSize));
  THALWEG_ASSIGN(config::Duration latency, session.config_.Get(config::kMiniBatchLatency));
  fold.mini_batch.latency_ms = std::chrono::duration_cast<std::chrono::milliseconds>(latency).count();
  if (fold.enabled && fold.mini_batch.latency_ms <= 0)
    return UserError("MiniBatch Latency must be greater than 0 ms: SET '{}' = '...'", config::kMiniBatchLatency.key);
  return fold;
}

Result<PhysicalOptions> Session::Visitor::Physical() const {
  PhysicalOptions physical;
  physical.connectors = session.options_.connectors;
  THALWEG_ASSIGN(physical.zone, Zone());
  THALWEG_ASSIGN(config::Duration ttl, session.config_.Get(config::kStateTtl));
  THALWEG_ASSIGN(config::Duration idle, session.config_.Get(config::kSourceIdleTimeout));
  physical.state_ttl_ms = std::chrono::duration_cast<std::chrono::milliseconds>(ttl).count();
  physical.idle_timeout_ms = std::chrono::duration_cast<std::chrono::milliseconds>(idle).count();
  THALWEG_ASSIGN(physical.batch, Batch());
  THALWEG_ASSIGN(physical.sink, Sinks());
  THALWEG_ASSIGN(physical.source_repeats, session.config_.Get(config::kSourceCdcDuplicate));
  THALWEG_ASSIGN(int64_t parallelism, session.config_.Get(config::kSqlParallelism));
  if (parallelism <= 0) {
    THALWEG_ASSIGN(parallelism, session.config_.Get(config::kParallelism));
  }
  physical.parallelism = static_cast<int32_t>(parallelism);
  if (!physical.batch) {
    THALWEG_ASSIGN(physical.fold, Folds());
  }
  if (physical.batch) physical.query_start_ms = session.options_.now_ms;
  return physical;
}

Result<PlanPtr> Session::Visitor::PlanOf(const Query& query) const {
  THALWEG_ASSIGN(BindEnvironment environment, Environment());
  THALWEG_ASSIGN(PlanPtr plan, BindQuery(query, script, environment));
  return Optimize(plan);
}

Status Session::Visitor::Fault(const Position& at, std::string message, std::string hint) const {
  return RenderSyntaxError({at, std::move(message), std::move(hint)}, script);
}

Status Session::Visitor::At(const Position& at, const Status& status, std::string hint) const {
  if (status.ok() || status.category() != ErrorCategory::kUser || HasPlace(status)) return status;
  return Fault(at, status.message(), std::move(hint));
}

std::string Session::Visitor::NearestDatabase(const std::string& catalog, const std::string& database) const {
  auto databases = session.catalog_.Databases(catalog);
  return databases.ok() ? DidYouMean(database, *databases) : DidYouMean(catalog, session.catalog_.Catalogs());
}

std::string Session::Visitor::NearestDatabase(const Name& name) const {
  return NearestDatabase(name.size() == 2 ? name[0].text : session.catalog_.current_catalog(), name.back().text);
}

Result<std::string> Session::Visitor::JobName(std::string otherwise) const {
  THALWEG_ASSIGN(std::optional<std::string> name, session.config_.Find(config::kPipelineName));
  return name.value_or(std::move(otherwise));
}

Session::Visitor::Outcome Session::Visitor::operator()(const QueryStatement& statement) {
  THALWEG_ASSIGN(PlanPtr plan, PlanOf(*statement.query));
  THALWEG_ASSIGN(PhysicalOptions physical, Physical());
  const bool streaming = !physical.batch;
  GraphMaker maker(std::move(physical));
  THALWEG_TRY(maker.AddCollect(plan));
  QueryToRun query;
  THALWEG_ASSIGN(std::string name, JobName("collect"));
  query.graph = maker.Take(std::move(name), &result.warnings);
  std::vector<types::Field> fields;
  for (const PlanColumn& column : plan->columns) fields.push_back({column.name, column.type});
  query.schema = types::Schema(std::move(fields));
  query.streaming = streaming;
  return query;
}

Session::Visitor::Outcome Session::Visitor::operator()(const Use& use) {
  if (use.kind == UseKind::kCatalog) {
    const Identifier& name = use.name.back();
    THALWEG_TRY(At(name.span.begin, session.catalog_.UseCatalog(name.text),
                   DidYouMean(name.text, session.catalog_.Catalogs())));
  } else if (use.kind == UseKind::kDatabase) {
    const Status used = session.catalog_.UseDatabase(use.name);
    THALWEG_TRY(At(use.name[0].span.begin, used, used.ok() ? "" : NearestDatabase(use.name)));
  } else {
    for (const Identifier& module : use.modules)
      if (module.text != kCoreModule)
        return Fault(module.span.begin, fmt::format("No module with name '{}' exists", module.text));
  }
  return Done{};
}

Session::Visitor::Outcome Session::Visitor::operator()(const SetOption& set) {
  if (!set.option) {
    Rows rows{TextSchema({"key", "value"}), {}};
    for (const auto& [key, entry] : session.config_.entries()) rows.rows.push_back({key, entry.text});
    return rows;
  }
  // Looked at here, not when the first clock is read.
  if (set.option->key == config::kLocalTimeZone.key && set.option->value != kDefaultZone)
    THALWEG_TRY(At(set.option->span.begin, expr::Zone::Find(set.option->value).status()));
  const config::Definition definition{set.option->key, set.option->value, "SET"};
  THALWEG_TRY(At(set.option->span.begin, session.config_.ApplyLayer({&definition, 1}, &result.warnings)));
  return Done{};
}

Session::Visitor::Outcome Session::Visitor::operator()(const ResetOption& reset) {
  if (!reset.key) {
    session.config_ = session.initial_;
    return Done{};
  }
  if (!config::FindKey(*reset.key) && config::KeysOfDeprecated(*reset.key).empty())
    return UserError("Unknown configuration key '{}' (RESET){}", *reset.key, config::SuggestKey(*reset.key));
  session.config_.Unset(*reset.key);
  return Done{};
}

Session::Visitor::Outcome Session::Visitor::operator()(const ClientCommand& command) {
  switch (command.kind) {
    case ClientCommandKind::kQuit: return ClientAction{.kind = ClientAction::Kind::kQuit};
    case ClientCommandKind::kClear: return ClientAction{.kind = ClientAction::Kind::kClear};
    case ClientCommandKind::kHelp: return ClientAction{.kind = ClientAction::Kind::kHelp};
  }
  return Done{};
}

Session::Visitor::Outcome Session::Visitor::operator()(const StopJob& stop) {
  if (stop.drain)
    return UserError(
        "STOP JOB ... WITH DRAIN is not supported yet: a stop takes a last checkpoint and fires no windows");
  return ClientAction{.kind = ClientAction::Kind::kStopJob, .job = stop.job, .savepoint = stop.savepoint};
}

Session::Visitor::Outcome Session::Visitor::operator()(const JarCommand& jar) {
  return UserError("{} JAR is not supported: there is no Java here, functions come from C++ libraries",
                   jar.add ? "ADD" : "REMOVE");
}

Session::Visitor::Outcome Session::Visitor::operator()(const LoadModule& load) {
  if (load.name.text == kCoreModule) return Fault(load.name.span.begin, "A module with name 'core' already exists");
  return Fault(load.name.span.begin,
               fmt::format("LOAD MODULE is not supported: there is one module, core, not '{}'", load.name.text));
}

Session::Visitor::Outcome Session::Visitor::operator()(const UnloadModule& unload) {
  if (unload.name.text != kCoreModule)
    return Fault(unload.name.span.begin, fmt::format("No module with name '{}' exists", unload.name.text));
  return UserError("UNLOAD MODULE is not supported: core has all functions there are");
}

std::string Session::Visitor::FirstWords() const {
  std::istringstream text{std::string(script.substr(std::min<size_t>(at, script.size()), 100))};
  std::string first, second;
  text >> first >> second;
  for (std::string* word : {&first, &second}) *word = AsciiUpper(*word);
  for (std::string_view verb : {"CREATE", "ALTER", "DROP", "ANALYZE", "COMPILE", "EXECUTE", "TRUNCATE"})
    if (first == verb) return first + " " + second;
  return first;
}

Session::Visitor::Outcome Session::Visitor::Visit(const StatementPtr& statement) {
  if (statement->As<Insert>()) {
    THALWEG_ASSIGN(JobToRun job, Inserts({statement}));
    return job;
  }
  return std::visit([this](const auto& node) { return (*this)(node); }, statement->node);
}

Result<TablePtr> Session::Visitor::TableNamed(const Name& name) const {
  const ObjectPath path = session.catalog_.Resolve(name);
  TablePtr table = session.catalog_.FindTable(path);
  if (!table) return Fault(name[0].span.begin, session.catalog_.NoTable(path).message());
  return table;
}

Session::Session(SessionOptions options)
    : options_(std::move(options)), config_(options_.config), initial_(options_.config) {}

Result<std::string> Session::Zone() const {
  THALWEG_ASSIGN(std::optional<std::string> zone, config_.Find(config::kLocalTimeZone));
  if (!zone || *zone == kDefaultZone) return MachineZone();
  return *zone;
}

Result<StatementResult> Session::Execute(const ParsedStatement& parsed, std::string_view script) {
  Visitor visitor{*this, script, parsed.begin.offset, {}};
  if (open_set_) {
    if (parsed.statement->As<Insert>()) {
      open_set_->push_back(parsed.statement);
      return StatementResult{Done{}, {}};
    }
    if (!parsed.statement->As<EndStatementSet>())
      return visitor.Fault(parsed.begin,
                           "Only 'INSERT/CREATE TABLE AS' statement is allowed in Statement Set or use 'END' statement "
                           "to submit Statement Set.");
    if (open_set_->empty()) {
      open_set_.reset();
      return StatementResult{Done{}, {}};
    }
    const std::vector<StatementPtr> statements = std::move(*open_set_);
    open_set_.reset();
    auto inserted = visitor.Inserts(statements);
    THALWEG_TRY(visitor.At(parsed.begin, inserted.status()));
    JobToRun job = std::move(inserted).value();
    return StatementResult{std::move(job), std::move(visitor.result.warnings)};
  }
  auto outcome = visitor.Visit(parsed.statement);
  THALWEG_TRY(visitor.At(parsed.begin, outcome.status()));
  visitor.result.outcome = std::move(outcome).value();
  return std::move(visitor.result);
}

}  // namespace thalweg::sql
