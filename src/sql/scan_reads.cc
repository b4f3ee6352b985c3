#include "sql/scan_reads.h"

#include <algorithm>
#include <optional>
#include <set>

#include "expr/functions.h"
#include "graph/calc_spec.h"
#include "graph/scan_spec.h"
#include "sql/binder.h"

namespace thalweg::sql {
namespace {

using expr::Expression;
using graph::ColumnPath;

/// Ascending: a path stands before those that lie in it.
using Paths = std::set<ColumnPath>;

/// Of a column, or of a field of one.
std::optional<ColumnPath> PathOf(const Expression& expression) {
  if (expression.kind() == Expression::Kind::kInput) return ColumnPath{expression.input()};
  if (expression.kind() != Expression::Kind::kCall || expression.function().name != "FIELD") return std::nullopt;
  const Expression& row = expression.arguments()[0];
  std::optional<ColumnPath> path = PathOf(row);
  if (!path) return std::nullopt;
  const auto& fields = row.type().children();
  const std::string_view name = expression.arguments()[1].value().string();
  const auto field = std::find_if(fields.begin(), fields.end(), [&](const types::Field& f) { return f.name == name; });
  path->push_back(static_cast<int>(field - fields.begin()));
  return path;
}

void Collect(const Expression& expression, Paths& read) {
  if (std::optional<ColumnPath> path = PathOf(expression))
    read.insert(std::move(*path));
  else if (expression.kind() == Expression::Kind::kCall)
    for (const Expression& argument : expression.arguments()) Collect(argument, read);
}

/// What the nodes behind a source read of its table's columns; none: everything, as all nodes do but calcs.
std::optional<Paths> ReadBehind(const graph::JobGraph& graph, const graph::Node& source) {
  Paths read;
  for (const graph::Edge& edge : graph.edges) {
    if (edge.from != source.id || edge.from_port != 0) continue;
    const graph::Node& reader = graph.nodes[edge.to - 1];
    if (reader.kind != "calc" || !edge.key_columns.empty()) return std::nullopt;
    const Result<graph::CalcSpec> calc = graph::DecodeCalc(reader.payload);
    if (!calc.ok()) return std::nullopt;
    if (calc->condition) Collect(*calc->condition, read);
    for (const Expression& column : calc->columns) Collect(column, read);
  }
  return read;
}

/// What the scan's expressions read of the connector's rows to give what is read of the table's columns; others become NULL.
Paths ReadBelow(graph::ScanSpec& spec, const Paths& table) {
  if (spec.columns.empty()) return table;
  Paths rows;
  for (size_t i = 0; i < spec.columns.size(); ++i) {
    Expression& column = spec.columns[i];
    const std::optional<ColumnPath> place = PathOf(column);
    bool any = false;
    for (const ColumnPath& path : table) {
      if (path[0] != static_cast<int>(i)) continue;
      any = true;
      if (!place) continue;
      ColumnPath below = *place;
      below.insert(below.end(), path.begin() + 1, path.end());
      rows.insert(std::move(below));
    }
    if (any && !place) Collect(column, rows);
    if (!any && !place) column = Expression::Literal(expr::Value::Null(column.type()));
  }
  return rows;
}

/// Without those that lie in another.
std::vector<ColumnPath> Outermost(const Paths& paths) {
  std::vector<ColumnPath> kept;
  for (const ColumnPath& path : paths) {
    const bool covered = !kept.empty() && kept.back().size() <= path.size() &&
                         std::equal(kept.back().begin(), kept.back().end(), path.begin());
    if (!covered) kept.push_back(path);
  }
  return kept;
}

/// What the only calc behind a source asks of the table's rows; nullopt if others read them too, or nothing is asked.
std::optional<Expression> AskedBehind(const graph::JobGraph& graph, const graph::Node& source) {
  std::optional<Expression> asked;
  int readers = 0;
  for (const graph::Edge& edge : graph.edges) {
    if (edge.from != source.id) continue;
    const graph::Node& reader = graph.nodes[edge.to - 1];
    if (++readers > 1 || reader.kind != "calc" || edge.from_port != 0) return std::nullopt;
    const Result<graph::CalcSpec> calc = graph::DecodeCalc(reader.payload);
    if (!calc.ok()) return std::nullopt;
    asked = calc->condition;
  }
  return asked;
}

/// The part of it that the partition alone decides, over the connector's rows.
std::optional<Expression> AskedOfPartitions(const graph::ScanSpec& spec, const Expression& asked) {
  std::vector<Expression> conjuncts, of_partition;
  SplitConjuncts(asked, conjuncts);
  for (const Expression& conjunct : conjuncts) {
    const Expression over_rows = spec.columns.empty() ? conjunct : expr::ReplaceInputs(conjunct, spec.columns);
    const std::vector<int> inputs = expr::InputsOf(over_rows);
    const bool decides =
        over_rows.deterministic() && !inputs.empty() && std::all_of(inputs.begin(), inputs.end(), [&](int input) {
          const auto& columns = spec.partition_columns;
          return std::find(columns.begin(), columns.end(), input) != columns.end();
        });
    if (decides) of_partition.push_back(over_rows);
  }
  return JoinConjuncts(of_partition);
}

/// Which partitions are of use to the readers of a table that has some.
void TellPartitions(const graph::JobGraph& graph, graph::Node& source) {
  if (source.scan.empty()) return;
  Result<graph::ScanSpec> spec = graph::DecodeScan(source.scan);
  if (!spec.ok() || spec->partition_columns.empty()) return;
  const std::optional<Expression> asked = AskedBehind(graph, source);
  if (!asked) return;
  spec->partitions = AskedOfPartitions(*spec, *asked);
  source.scan = graph::Encode(*spec);
}

void Tell(graph::Node& source, const Paths& behind) {
  Result<graph::ScanSpec> spec = source.scan.empty() ? graph::ScanSpec() : graph::DecodeScan(source.scan);
  if (!spec.ok()) return;
  Paths table = behind;
  if (spec->watermark) Collect(*spec->watermark, table);
  std::vector<ColumnPath> reads = Outermost(ReadBelow(*spec, table));
  // A row needs something to be a row of.
  if (reads.empty()) reads.push_back({0});
  const auto whole = std::count_if(reads.begin(), reads.end(), [](const ColumnPath& path) { return path.size() == 1; });
  if (whole < source.outputs[0].schema->size()) spec->reads = std::move(reads);
  source.scan = graph::Encode(*spec);
}

}  // namespace

void TellReads(graph::JobGraph& graph) {
  for (graph::Node& node : graph.nodes) {
    if (node.role != graph::NodeRole::kSource || node.outputs.empty() || !node.outputs[0].schema) continue;
    TellPartitions(graph, node);
    if (const std::optional<Paths> read = ReadBehind(graph, node)) Tell(node, *read);
  }
}

}  // namespace thalweg::sql
