#include <algorithm>

#include "base/ascii.h"
#include "expr/aggregates.h"
#include "expr/functions.h"
#include "sql/describe.h"
#include "sql/explain.h"
#include "sql/session_visitor.h"
#include "sql/show_create.h"

namespace thalweg::sql {
namespace {

/// SQL's LIKE of SHOW ... LIKE: % and _.
bool MatchesLike(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    for (size_t i = 0; i <= text.size(); ++i)
      if (MatchesLike(text.substr(i), pattern.substr(1))) return true;
    return false;
  }
  return !text.empty() && (pattern[0] == '_' || pattern[0] == text[0]) &&
         MatchesLike(text.substr(1), pattern.substr(1));
}

std::vector<std::string> Texts(const Name& name) {
  std::vector<std::string> texts;
  for (const Identifier& part : name) texts.push_back(part.text);
  return texts;
}

/// What the person should know of state that nothing ever clears. `cleared`: the input ends, or state has a time to live.
std::string StateAdvice(const std::vector<PlanPtr>& plans, GraphMaker& maker, bool cleared, bool asked) {
  const auto bounds_of = [&](const JoinPlan& join) {
    const Result<TimeBounds> bounds = maker.BoundsOf(join);
    return bounds.ok() ? *bounds : TimeBounds{};
  };
  std::vector<std::string> lines;
  for (const PlanPtr& plan : plans)
    if (!cleared)
      for (std::string& line : GrowingState(*plan, bounds_of))
        if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
  if (lines.empty()) return asked ? "\n== Advice ==\nNo available advice...\n" : "";
  std::string text = "\n== Warnings ==\n";
  for (const std::string& line : lines) text += fmt::format("State that grows without bound: {}\n", line);
  return text + "Set 'table.exec.state.ttl', or group and join by windows, to bound it.\n";
}

}  // namespace

std::vector<std::string> Session::Visitor::Filtered(std::vector<std::string> names, const Show& show) const {
  if (!show.like) return names;
  std::erase_if(names, [&](const std::string& name) {
    const bool matches = show.like->ignore_case ? MatchesLike(AsciiLower(name), AsciiLower(show.like->text))
                                                : MatchesLike(name, show.like->text);
    return matches == show.like->negated;
  });
  return names;
}

Result<std::vector<std::string>> Session::Visitor::TablesOf(const Show& show, bool views) const {
  std::string catalog = session.catalog_.current_catalog(), database = session.catalog_.current_database();
  if (!show.name.empty()) database = show.name.back().text;
  if (show.name.size() > 1) catalog = show.name[0].text;
  return session.catalog_.Tables(catalog, database, views);
}

Session::Visitor::Outcome Session::Visitor::ShowCreate(const Show& show) const {
  if (show.object == ObjectKind::kCatalog) {
    const std::string& name = show.name.back().text;
    const Properties* properties = session.catalog_.FindCatalog(name);
    if (!properties) return Fault(show.name[0].span.begin, fmt::format("Catalog {} does not exist.", name));
    return OneColumn("result", {CreateText(name, *properties)});
  }
  if (show.object != ObjectKind::kTable && show.object != ObjectKind::kView)
    return UserError("SHOW CREATE {} is not supported yet", ObjectKindText(*show.object));
  THALWEG_ASSIGN(TablePtr table, TableNamed(show.name));
  if (table->is_view() == (show.object == ObjectKind::kView)) return OneColumn("result", {CreateText(*table)});
  return Fault(
      show.name[0].span.begin,
      fmt::format("SHOW CREATE {} is only supported for {}s, but {} is a {}. Please use SHOW CREATE {} instead.",
                  ObjectKindText(*show.object), table->is_view() ? "table" : "view", table->path.ToString(),
                  table->is_view() ? "view" : "table", table->is_view() ? "VIEW" : "TABLE"));
}

Session::Visitor::Outcome Session::Visitor::operator()(const Show& show) {
  switch (show.kind) {
    case ShowKind::kCatalogs: return OneColumn("catalog name", Filtered(session.catalog_.Catalogs(), show));
    case ShowKind::kDatabases: {
      if (show.name.size() > 1)
        return Fault(
            show.name[1].span.begin,
            fmt::format(
                "Show databases from/in identifier [ {} ] format error, catalog must be a single part identifier.",
                fmt::join(Texts(show.name), ".")));
      THALWEG_ASSIGN(auto names, session.catalog_.Databases(show.name.empty() ? session.catalog_.current_catalog()
                                                                              : show.name.back().text));
      return OneColumn("database name", Filtered(std::move(names), show));
    }
    case ShowKind::kTables:
    case ShowKind::kViews: {
      const bool views = show.kind == ShowKind::kViews;
      THALWEG_ASSIGN(auto names, TablesOf(show, views));
      return OneColumn(views ? "view name" : "table name", Filtered(std::move(names), show));
    }
    case ShowKind::kFunctions: {
      std::vector<std::string> names;
      for (const expr::Function* function : expr::Registry::BuiltIn().All())
        if (!function->inner) names.push_back(AsciiLower(function->name));
      for (const expr::Aggregate& aggregate : expr::AllAggregates()) names.push_back(AsciiLower(aggregate.name));
      for (std::string& name : session.catalog_.Functions()) names.push_back(std::move(name));
      std::sort(names.begin(), names.end());
      return OneColumn("function name", Filtered(std::move(names), show));
    }
    case ShowKind::kUserFunctions: return OneColumn("function name", Filtered(session.catalog_.Functions(), show));
    case ShowKind::kModules: return OneColumn("module name", {std::string(kCoreModule)});
    case ShowKind::kFullModules: return Rows{TextSchema({"module name", "used"}), {{std::string(kCoreModule), "TRUE"}}};
    case ShowKind::kJars: return OneColumn("jars", {});
    case ShowKind::kModels: return OneColumn("model name", {});
    case ShowKind::kConnections: return OneColumn("connection name", {});
    case ShowKind::kProcedures: return OneColumn("procedure name", {});
    case ShowKind::kMaterializedTables: return OneColumn("table name", {});
    case ShowKind::kCurrentCatalog: return OneColumn("current catalog name", {session.catalog_.current_catalog()});
    case ShowKind::kCurrentDatabase: return OneColumn("current database name", {session.catalog_.current_database()});
    case ShowKind::kJobs: return ClientAction{.kind = ClientAction::Kind::kShowJobs};
    case ShowKind::kColumns: {
      THALWEG_ASSIGN(TablePtr table, TableNamed(show.name));
      return DescribeColumns(*table, [&](const std::string& name) { return !Filtered({name}, show).empty(); });
    }
    case ShowKind::kCreate: return ShowCreate(show);
    default: return UserError("SHOW {} is not supported yet", ShowKindText(show.kind));
  }
}

Session::Visitor::Outcome Session::Visitor::operator()(const Describe& describe) {
  switch (describe.kind) {
    case DescribeKind::kTable: {
      THALWEG_ASSIGN(TablePtr table, TableNamed(describe.name));
      return DescribeColumns(*table);
    }
    case DescribeKind::kCatalog: {
      const std::string& name = describe.name.back().text;
      const Properties* properties = session.catalog_.FindCatalog(name);
      if (!properties) return Fault(describe.name[0].span.begin, fmt::format("Catalog {} does not exist.", name));
      return DescribeCatalog(name, *properties, describe.extended);
    }
    case DescribeKind::kJob: return ClientAction{.kind = ClientAction::Kind::kDescribeJob, .job = describe.job};
    default: return UserError("DESCRIBE is of tables, views, catalogs and jobs as yet");
  }
}

Session::Visitor::Outcome Session::Visitor::operator()(const Explain& explain) {
  std::vector<StatementPtr> statements = {explain.statement};
  if (auto* execute = explain.statement->As<sql::Execute>()) statements = {execute->statement};
  if (auto* set = statements[0]->As<StatementSet>()) statements = set->inserts;
  THALWEG_ASSIGN(PhysicalOptions physical, Physical());
  const int64_t ttl_ms = physical.state_ttl_ms;
  const int32_t parallelism = physical.parallelism;
  GraphMaker maker(std::move(physical));
  for (const StatementPtr& statement : statements) {
    if (auto* query = statement->As<QueryStatement>()) {
      THALWEG_ASSIGN(PlanPtr plan, PlanOf(*query->query));
      THALWEG_TRY(maker.AddCollect(plan));
    } else if (auto* insert = statement->As<Insert>()) {
      THALWEG_TRY(AddInsert(*insert, maker));
    } else {
      return UserError("EXPLAIN is of queries, INSERT statements and statement sets");
    }
  }
  auto wants = [&](ExplainDetail detail) {
    return std::find(explain.details.begin(), explain.details.end(), detail) != explain.details.end();
  };
  auto note = [&](const PlanPtr& node) -> Result<std::string> {
    std::string text;
    if (auto* join = node->As<JoinPlan>()) {
      THALWEG_ASSIGN(const TimeBounds bounds, maker.BoundsOf(*join));
      text = ForgetsNote(*join, bounds);
    }
    if (!wants(ExplainDetail::kChangelogMode)) return text;
    THALWEG_ASSIGN(Changes changes, maker.ChangesOf(node));
    return (text.empty() ? "" : text + ", ") + ChangelogNote(*node, changes, maker.UpdateBeforeAsked(*node));
  };
  const std::vector<PlanPtr> plans = maker.plans();
  std::string text = "== Optimized Logical Plan ==\n";
  for (const PlanPtr& plan : plans) {
    THALWEG_ASSIGN(std::string tree, ToText(plan, note));
    text += tree + "\n";
  }
  const bool bounded = maker.bounded();
  graph::JobGraph graph = maker.Take("explain", &result.warnings);
  for (graph::Node& node : graph.nodes)
    if (node.parallelism <= 0) node.parallelism = parallelism;
  if (wants(ExplainDetail::kEstimatedCost))
    result.warnings.push_back("ESTIMATED_COST: there are no costs, plans are made by rules alone");
  text += "== Physical Execution Plan ==\n";
  text += wants(ExplainDetail::kJsonExecutionPlan) ? graph::ToJson(graph) + "\n" : GraphText(graph);
  text += StateAdvice(plans, maker, bounded || ttl_ms > 0, wants(ExplainDetail::kPlanAdvice));
  return OneColumn("result", {text});
}

}  // namespace thalweg::sql
