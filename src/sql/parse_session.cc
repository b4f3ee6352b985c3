#include <array>

#include "sql/grammar.h"

namespace thalweg::sql {

// What asks or changes the session: USE, SHOW, DESCRIBE, SET, modules, jars, jobs, the shell's own commands.
std::optional<Statement::Node> Grammar::ParseSession() {
  if (at_.Accept("USE")) return ParseUse();
  if (at_.Accept("SHOW")) return ParseShow();
  if (at_.Accept("DESCRIBE") || at_.Accept("DESC")) return ParseDescribe();
  if (at_.Accept("SET")) return ParseSetOption();
  if (at_.Accept("RESET")) {
    if (at_.AtEnd()) return ResetOption{};
    return ResetOption{ParseSessionText("a key in quotes")};
  }
  if (at_.Accept("LOAD")) {
    at_.Expect("MODULE");
    LoadModule load{at_.ExpectName("the name of a module"), {}};
    if (at_.Accept("WITH")) load.options = ParseOptions();
    return load;
  }
  if (at_.Accept("UNLOAD")) {
    at_.Expect("MODULE");
    return UnloadModule{at_.ExpectName("the name of a module")};
  }
  if (at_.IsAny({"ADD", "REMOVE"})) {
    bool add = at_.Take().upper == "ADD";
    at_.Expect("JAR");
    return JarCommand{add, at_.ExpectString("a path in quotes")};
  }
  if (at_.Accept("STOP")) {
    at_.Expect("JOB");
    return ParseStopJob();
  }
  if (at_.Accept("QUIT") || at_.Accept("EXIT")) return ClientCommand{ClientCommandKind::kQuit};
  if (at_.Accept("CLEAR")) return ClientCommand{ClientCommandKind::kClear};
  if (at_.Accept("HELP")) return ClientCommand{ClientCommandKind::kHelp};
  return std::nullopt;
}

Use Grammar::ParseUse() {
  if (at_.Accept("CATALOG")) return {UseKind::kCatalog, {at_.ExpectName("the name of a catalog")}, {}};
  Use use{UseKind::kDatabase, {}, {}};
  if (at_.Accept("MODULES")) {
    use.kind = UseKind::kModules;
    CommaSeparated([&] { use.modules.push_back(at_.ExpectName("the name of a module")); });
    return use;
  }
  use.name = at_.ExpectPath("a database, CATALOG or MODULES");
  return use;
}

ShowKind Grammar::ParseShowKind() {
  for (ShowKind kind :
       {ShowKind::kCatalogs, ShowKind::kDatabases, ShowKind::kTables, ShowKind::kViews, ShowKind::kMaterializedTables,
        ShowKind::kFunctions, ShowKind::kUserFunctions, ShowKind::kModules, ShowKind::kFullModules, ShowKind::kModels,
        ShowKind::kConnections, ShowKind::kProcedures, ShowKind::kPartitions, ShowKind::kColumns, ShowKind::kJars,
        ShowKind::kJobs, ShowKind::kCurrentCatalog, ShowKind::kCurrentDatabase, ShowKind::kCreate}) {
    if (at_.Accept(ShowKindText(kind))) return kind;
  }
  at_.Fail("TABLES, VIEWS, FUNCTIONS, DATABASES, CATALOGS, COLUMNS, JOBS, CREATE TABLE or another list after SHOW");
}

Show Grammar::ParseShow() {
  Show show{ParseShowKind(), {}, {}, {}, {}};
  if (show.kind == ShowKind::kCreate) {
    show.object = ParseObjectKind();
    show.name = at_.ExpectPath("a name");
    return show;
  }
  if (show.kind == ShowKind::kPartitions) {
    show.name = at_.ExpectPath("the name of a table");
    if (at_.Is("PARTITION")) show.partition = ParsePartition();
    return show;
  }
  bool alone = show.kind == ShowKind::kJars || show.kind == ShowKind::kJobs || show.kind == ShowKind::kCurrentCatalog ||
               show.kind == ShowKind::kCurrentDatabase || show.kind == ShowKind::kModules ||
               show.kind == ShowKind::kFullModules;
  if (alone) return show;
  bool of_something = show.kind != ShowKind::kCatalogs;
  if (of_something && (at_.Accept("FROM") || at_.Accept("IN"))) {
    show.name = at_.ExpectPath("a name");
  } else if (show.kind == ShowKind::kColumns) {
    at_.Fail("FROM and the name of a table");
  }
  bool negated = at_.Accept("NOT");
  if (at_.IsAny({"LIKE", "ILIKE"})) {
    bool ignore_case = at_.Take().upper == "ILIKE";
    show.like = Show::Pattern{negated, ignore_case, at_.ExpectString("a pattern in quotes")};
  } else if (negated) {
    at_.Fail("LIKE or ILIKE");
  }
  return show;
}

Describe Grammar::ParseDescribe() {
  Describe describe{DescribeKind::kTable, false, {}, {}};
  static constexpr std::array<std::pair<std::string_view, DescribeKind>, 6> kKinds = {
      {{"CATALOG", DescribeKind::kCatalog},
       {"DATABASE", DescribeKind::kDatabase},
       {"FUNCTION", DescribeKind::kFunction},
       {"MODEL", DescribeKind::kModel},
       {"CONNECTION", DescribeKind::kConnection},
       {"JOB", DescribeKind::kJob}}};
  for (const auto& [word, kind] : kKinds) {
    // Not reserved all of them: a table may have such a name.
    if (!at_.Is(word) || at_.Peek(1).kind == TokenKind::kEnd || at_.Peek(1).kind == TokenKind::kSymbol) continue;
    at_.Take();
    describe.kind = kind;
    break;
  }
  if (describe.kind == DescribeKind::kJob) {
    describe.job = at_.ExpectString("the id of a job in quotes");
    return describe;
  }
  describe.extended = at_.Accept("EXTENDED");
  describe.name = at_.ExpectPath("the name of a table");
  return describe;
}

// A string; or, as Flink takes it too, words without quotes that touch: execution.runtime-mode.
std::string Grammar::ParseSessionText(std::string_view what) {
  if (at_.Peek().kind == TokenKind::kString) return at_.Take().text;
  std::string text;
  uint32_t end = at_.here().offset;
  while (!at_.AtEnd() && !at_.IsSymbol("=") && at_.here().offset == end) {
    const Token& token = at_.Take();
    text += token.text;
    end = token.span.end;
  }
  if (text.empty()) at_.Fail(what);
  return text;
}

// SET, SET 'key' = 'value'
SetOption Grammar::ParseSetOption() {
  if (at_.AtEnd()) return {};
  Option option;
  Position begin = at_.here();
  option.key = ParseSessionText("a key in quotes");
  at_.ExpectSymbol("=");
  option.value = ParseSessionText("a value in quotes");
  option.span = at_.From(begin);
  return {std::move(option)};
}

// Behind STOP JOB.
StopJob Grammar::ParseStopJob() {
  StopJob stop{at_.ExpectString("the id of a job in quotes"), false, false};
  Position begin = at_.here();
  if (at_.Accept("WITH SAVEPOINT")) {
    stop.savepoint = true;
    begin = at_.here();
  }
  if (at_.Accept("WITH DRAIN")) {
    if (!stop.savepoint)
      at_.FailAt(begin, "WITH DRAIN stands behind WITH SAVEPOINT", "write WITH SAVEPOINT WITH DRAIN");
    stop.drain = true;
  }
  return stop;
}

}  // namespace thalweg::sql
