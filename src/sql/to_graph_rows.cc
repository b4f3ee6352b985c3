// Graphs of plans: calcs and others that look at one row at a time (UNNEST, changelogs as rows), unions.
#include <algorithm>

#include "expr/expression_text.h"
#include "graph/calc_spec.h"
#include "graph/changelog_spec.h"
#include "graph/unnest_spec.h"
#include "sql/binder.h"
#include "sql/keys.h"
#include "sql/to_graph_state.h"

namespace thalweg::sql {
namespace {

using expr::Expression;
using graph::ChangelogMode;
using graph::Partitioning;

/// A calc that gives its input's columns other names.
bool OnlyNames(const CalcPlan& calc) {
  if (calc.condition || calc.columns.size() != calc.input->columns.size()) return false;
  for (size_t i = 0; i < calc.columns.size(); ++i) {
    const Expression& column = calc.columns[i];
    if (column.kind() != Expression::Kind::kInput || column.input() != static_cast<int>(i)) return false;
    if (!(column.type() == calc.input->columns[i].type)) return false;
  }
  return true;
}

/// Behind all that the node's uid comes from: names in errors are no part of what a node is.
void NameExpressions(const CalcPlan& calc, graph::Node& node) {
  std::vector<std::string> columns;
  for (const PlanColumn& column : calc.input->columns) columns.push_back(column.name);
  if (calc.condition && calc.condition->may_fail())
    node.options[graph::kConditionText] = expr::ExpressionText(*calc.condition, columns);
  for (size_t i = 0; i < calc.columns.size(); ++i)
    if (calc.columns[i].may_fail())
      node.options[graph::kColumnText + std::to_string(i)] = expr::ExpressionText(calc.columns[i], columns);
}

Status CheckCodes(const ToChangelogPlan& log, Changes below) {
  for (const graph::ChangeCode& code : log.codes) {
    const bool comes =
        code.kind == types::RowKind::kInsert || (code.kind == types::RowKind::kDelete ? below.deletes : below.updates);
    if (log.own_codes && !comes)
      return UserError(
          "Invalid 'op_mapping' for TO_CHANGELOG: the input table does not produce {}. Remove it from the mapping",
          types::RowKindText(code.kind));
  }
  if (log.full_deletes.value_or(false) && !below.deletes)
    return UserError(
        "Invalid 'produces_full_deletes' for TO_CHANGELOG: the input table never deletes rows. Remove the argument");
  return {};
}

}  // namespace

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const CalcPlan& calc, bool before) {
  THALWEG_ASSIGN(Changes below, modes.ChangesOf(*calc.input));
  // The condition of a normalization knows no time zone.
  if (auto* scan = calc.input->As<ScanPlan>();
      scan && calc.condition && calc.condition->deterministic() && options.zone == "UTC") {
    THALWEG_ASSIGN(const graph::SourceTable* source, SourceOf(*calc.input, *scan));
    if (Normalizes(*source)) return FilteredUpserts(plan, calc, *scan, before);
  }
  THALWEG_ASSIGN(before, update_before.OfInput(plan, before));
  THALWEG_ASSIGN(Stream input, Build(calc.input, before));
  if (OnlyNames(calc)) return input;
  return AddCalc(calc, SchemaOf(plan.columns), input, ModeOf(below, before));
}

Result<GraphMaker::State::Stream> GraphMaker::State::FilteredUpserts(const Plan& plan, const CalcPlan& calc,
                                                                     const ScanPlan& scan, bool before) {
  std::vector<Expression> conjuncts, of_key, others;
  SplitConjuncts(*calc.condition, conjuncts);
  for (const Expression& e : conjuncts)
    (HoldsAll(scan.table->primary_key, expr::InputsOf(e)) ? of_key : others).push_back(e);
  THALWEG_ASSIGN(Stream rows, RowsOf(*calc.input, scan));
  if (!of_key.empty()) {
    const CalcPlan filter{calc.input, JoinConjuncts(of_key), InputsOfAll(*calc.input)};
    rows = AddCalc(filter, SchemaOf(calc.input->columns), rows, ChangelogMode::kUpsert);
  }
  const Stream changes = Normalized(rows, *calc.input, scan.table->primary_key, before, JoinConjuncts(others));
  return AddCalc({calc.input, std::nullopt, calc.columns}, SchemaOf(plan.columns), changes,
                 ModeOf({true, true}, before));
}

GraphMaker::State::Stream GraphMaker::State::AddCalc(const CalcPlan& calc, const types::Schema& output, Stream input,
                                                     ChangelogMode changelog) {
  graph::CalcSpec spec;
  spec.condition = calc.condition;
  spec.columns = calc.columns;
  spec.zone = options.zone == "UTC" ? "" : options.zone;
  spec.query_start_ms = options.query_start_ms;
  graph::Node node = NewNode("calc", "Calc", Encode(spec), output);
  const Inputs inputs{{Input{input, Partitioning::kForward, {}, changelog}}};
  // Two calls of RAND() are two.
  const bool shared =
      std::all_of(calc.columns.begin(), calc.columns.end(), [](const Expression& e) { return e.deterministic(); }) &&
      (!calc.condition || calc.condition->deterministic());
  const Stream stream =
      shared ? AddShared(std::move(node), inputs, input.parallelism) : Add(std::move(node), inputs, input.parallelism);
  NameExpressions(calc, graph.nodes[stream.node - 1]);
  return stream;
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const UnnestPlan& unnest, bool before) {
  THALWEG_ASSIGN(Changes below, modes.ChangesOf(*unnest.input));
  THALWEG_ASSIGN(before, update_before.OfInput(plan, before));
  THALWEG_ASSIGN(Stream input, Build(unnest.input, before));
  graph::UnnestSpec spec;
  spec.input = SchemaOf(unnest.input->columns);
  spec.collection = unnest.collection;
  spec.outer = unnest.outer;
  spec.ordinality = unnest.ordinality;
  spec.condition = unnest.condition;
  spec.zone = options.zone == "UTC" ? "" : options.zone;
  graph::Node node = NewNode("unnest", "Unnest", Encode(spec), SchemaOf(plan.columns));
  return AddShared(std::move(node), {{Input{input, Partitioning::kForward, {}, ModeOf(below, before)}}},
                   input.parallelism);
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const ToChangelogPlan& log, bool) {
  THALWEG_ASSIGN(Changes below, modes.ChangesOf(*log.input));
  THALWEG_TRY(CheckCodes(log, below));
  THALWEG_ASSIGN(const bool before, update_before.OfInput(plan, true));
  THALWEG_ASSIGN(Stream input, Build(log.input, before));
  graph::ToChangelogSpec spec{
      SchemaOf(log.input->columns), log.partition, log.codes, !log.full_deletes.value_or(true), {}};
  if (spec.partial_deletes && !log.input->unique_keys.empty()) spec.kept = log.input->unique_keys[0];
  graph::Node node = NewNode("to-changelog", "ToChangelog", Encode(spec), SchemaOf(plan.columns));
  return Add(std::move(node), {{Input{input, Partitioning::kForward, {}, ModeOf(below, before)}}}, input.parallelism);
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const FromChangelogPlan& log, bool before) {
  THALWEG_ASSIGN(Changes below, modes.ChangesOf(*log.input));
  if (below.any())
    return UserError("FROM_CHANGELOG takes a table that only inserts, and its input updates or deletes rows");
  THALWEG_ASSIGN(Stream input, Build(log.input, true));
  graph::FromChangelogSpec spec{SchemaOf(log.input->columns), log.partition, log.op, log.codes, log.skip_unknown};
  const types::Schema output = SchemaOf(plan.columns);
  graph::Node node = NewNode("from-changelog", "FromChangelog", Encode(spec), output);
  const Stream changes = Add(std::move(node), {{Input{input}}}, input.parallelism);
  if (!log.upsert) return before ? changes : WithoutUpdateBefore(changes, output);
  return before ? Normalized(changes, plan, plan.unique_keys[0], true) : changes;
}

Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan&, const ExpandPlan&, bool) {
  return UserError("GROUPING SETS are not supported yet");
}

// A union has no node: its readers read all of its inputs. Where one is needed (another parallelism, a name), a calc does nothing.
Result<GraphMaker::State::Stream> GraphMaker::State::Make(const Plan& plan, const UnionPlan& node, bool before) {
  std::vector<Input> inputs;
  bool one = true;
  for (const PlanPtr& input : node.inputs) {
    THALWEG_ASSIGN(Changes below, modes.ChangesOf(*input));
    THALWEG_ASSIGN(Stream stream, Build(input, before));
    one = one && stream.parallelism == 1;
    // An input that stands here twice: its rows come twice.
    if (std::any_of(inputs.begin(), inputs.end(), [&](const Input& other) { return other.from.node == stream.node; }))
      stream = Copy(*input, {stream, Partitioning::kForward, {}, ModeOf(below, before)});
    inputs.push_back({stream, Partitioning::kForward, {}, ModeOf(below, before)});
  }
  graph::CalcSpec spec;
  spec.columns = InputsOfAll(plan);
  graph::Node calc = NewNode("calc", "Union", Encode(spec), SchemaOf(plan.columns));
  return AddShared(std::move(calc), {inputs}, one ? 1 : 0);
}

GraphMaker::State::Stream GraphMaker::State::Copy(const Plan& plan, const Input& input) {
  graph::CalcSpec spec;
  spec.columns = InputsOfAll(plan);
  return Add(NewNode("calc", "Copy", Encode(spec), SchemaOf(plan.columns)), {{input}}, input.from.parallelism);
}

}  // namespace thalweg::sql
