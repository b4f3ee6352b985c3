#include <algorithm>

#include "base/check.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"
#include "sql/hints.h"
#include "sql/rules.h"
#include "sql/session_visitor.h"

namespace thalweg::sql {
namespace {

using expr::Expression;

std::string DottedName(const ObjectPath& path) {
  return fmt::format("{}.{}.{}", path.catalog, path.database, path.object);
}

const TableColumn& ColumnAt(const Table& table, int column) { return table.columns[static_cast<size_t>(column)]; }

std::string NearestColumn(const std::string& name, const Table& table) {
  std::vector<std::string> names;
  for (const TableColumn& column : table.columns) names.push_back(column.name);
  return DidYouMean(name, names);
}

/// "name: TYPE, ..." of a query's or a table's columns.
template <typename Column>
void AppendTyped(std::string& text, const Column& column) {
  if (!text.empty()) text += ", ";
  text += fmt::format("{}: {}", column.name, column.type.ToString());
}

std::string Mismatch(const Table& table, const std::string& cause) {
  return fmt::format("Column types of query result and sink for '{}' do not match. Cause: {}", DottedName(table.path),
                     cause);
}

/// Whether the fields of rows in them have the same names. Of types that are the same but for names.
bool HasSameNames(const types::DataType& a, const types::DataType& b) {
  for (size_t i = 0; i < a.children().size(); ++i) {
    if (a.id() == types::TypeId::kRow && a.children()[i].name != b.children()[i].name) return false;
    if (!HasSameNames(a.children()[i].type, b.children()[i].type)) return false;
  }
  return true;
}

/// A value as a sink's column. A format that writes names writes the table's, not the query's.
Expression AsColumn(Expression value, const types::DataType& type) {
  if (!expr::SameType(value.type(), type) || HasSameNames(value.type(), type))
    return expr::Coerced(std::move(value), type);
  Result<Expression> renamed = expr::Cast(std::move(value), type);
  THALWEG_CHECK(renamed.ok(), "{}", renamed.status().ToString());
  return *std::move(renamed);
}

/// Where the query writes column `i` of its first row; the table, if it does not.
const Position& ValuePlace(size_t i, const Insert& insert) {
  if (auto* values = std::get_if<Values>(&insert.query->node)) {
    auto* row = values->rows[0]->As<RowValue>();
    return row ? row->fields[i]->span.begin : values->rows[0]->span.begin;
  }
  auto* select = std::get_if<Select>(&insert.query->node);
  if (!select || std::ranges::any_of(select->items, [](const SelectItem& item) {
        return item.expr->As<Star>() || item.expr->As<FieldStar>();
      }))
    return insert.table[0].span.begin;
  return select->items[i].expr->span.begin;
}

}  // namespace

Status Session::Visitor::SetPartition(const Insert& insert, const Table& table, const BindEnvironment& environment,
                                      SinkValues& values) const {
  for (const PartitionValue& partition : insert.partition) {
    const Position& at = partition.column.span.begin;
    const std::string& name = partition.column.text;
    const int column = table.Find(name);
    const auto& keys = table.partitioned_by;
    if (column < 0 || std::find(keys.begin(), keys.end(), name) == keys.end())
      return Fault(at, fmt::format("No such partition column: '{}'", name),
                   keys.empty() ? "the table is not PARTITIONED BY columns"
                                : fmt::format("there are: {}", fmt::join(keys, ", ")));
    if (!partition.value)
      return Fault(at, fmt::format("Partition column '{}' has no value", name),
                   "leave it out here, and let the query give it");
    std::optional<Expression>& value = values[static_cast<size_t>(column)];
    if (value) return Fault(at, fmt::format("Partition column '{}' is assigned more than once", name));
    try {
      Binder binder(environment);
      value = Expression::Literal(binder.BindConstant(*partition.value, "A partition"));
    } catch (const SyntaxError& error) {
      return RenderSyntaxError(error, script);
    }
    Result<Expression> cast = expr::Cast(*value, ColumnAt(table, column).type);
    if (!cast.ok()) return Fault(at, cast.status().message());
    value = *std::move(cast);
  }
  return Status();
}

Result<std::vector<int>> Session::Visitor::InsertTargets(const Insert& insert, const Table& table,
                                                         const SinkValues& values) const {
  std::vector<int> writable = table.Writable();
  if (insert.columns.empty()) {
    // In the order in which the table declares them.
    std::sort(writable.begin(), writable.end());
    std::erase_if(writable, [&](int column) { return values[static_cast<size_t>(column)].has_value(); });
    return writable;
  }
  std::vector<int> targets;
  for (const Name& name : insert.columns) {
    const Identifier& last = name.back();
    const int column = table.Find(last.text);
    if (std::find(writable.begin(), writable.end(), column) == writable.end())
      return Fault(last.span.begin, fmt::format("Unknown target column '{}'", last.text),
                   NearestColumn(last.text, table));
    if (std::find(targets.begin(), targets.end(), column) != targets.end() || values[static_cast<size_t>(column)])
      return Fault(last.span.begin, fmt::format("Target column '{}' is assigned more than once", last.text));
    targets.push_back(column);
  }
  return targets;
}

Status Session::Visitor::SetQueried(const Insert& insert, const Plan& query, const Table& table,
                                    SinkValues& values) const {
  const Position& at = insert.table[0].span.begin;
  THALWEG_ASSIGN(const std::vector<int> targets, InsertTargets(insert, table, values));
  if (targets.size() != query.columns.size()) {
    std::string given, wanted;
    for (const PlanColumn& column : query.columns) AppendTyped(given, column);
    for (int column : targets) AppendTyped(wanted, ColumnAt(table, column));
    return Fault(at, Mismatch(table, "Different number of columns."),
                 fmt::format("Query schema: [{}]\nSink schema:  [{}]", given, wanted));
  }
  for (size_t i = 0; i < targets.size(); ++i) {
    const TableColumn& column = ColumnAt(table, targets[i]);
    Expression value = InputOf(query, static_cast<int>(i));
    if (!expr::SameType(value.type(), column.type) && !expr::CastsImplicitly(value.type(), column.type))
      return Fault(
          ValuePlace(i, insert),
          Mismatch(table, fmt::format("Incompatible types for sink column '{}' at position {}.", column.name, i + 1)),
          fmt::format("the query gives {} {}, the sink takes {}: write CAST", query.columns[i].name,
                      value.type().ToString(), column.type.ToString()));
    values[static_cast<size_t>(targets[i])] = std::move(value);
  }
  return Status();
}

Result<PlanPtr> Session::Visitor::InsertPlan(const Insert& insert, const Table& table) const {
  const Position& at = insert.table[0].span.begin;
  if (insert.overwrite) return Fault(at, "INSERT OVERWRITE is not supported yet");
  THALWEG_ASSIGN(BindEnvironment environment, Environment());
  THALWEG_ASSIGN(PlanPtr plan, BindQuery(*insert.query, script, environment));
  SinkValues values(table.columns.size());
  THALWEG_TRY(SetPartition(insert, table, environment, values));
  THALWEG_TRY(SetQueried(insert, *plan, table, values));
  std::vector<Expression> columns;
  std::vector<std::string> names;
  for (int target : table.Writable()) {
    const TableColumn& column = ColumnAt(table, target);
    std::optional<Expression>& value = values[static_cast<size_t>(target)];
    if (!value && !column.type.nullable())
      return Fault(at, fmt::format("Column '{}' has no default value and does not allow NULLs", column.name));
    if (!value) value = Expression::Literal(expr::Value::Null(column.type));
    columns.push_back(AsColumn(*std::move(value), column.type));
    names.push_back(column.name);
  }
  return Optimize(MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names)));
}

Status Session::Visitor::AddInsert(const Insert& insert, GraphMaker& maker) const {
  const ObjectPath path = session.catalog_.Resolve(insert.table);
  TablePtr table = session.catalog_.FindTable(path);
  if (!table) return Fault(insert.table[0].span.begin, session.catalog_.NoTable(path).message());
  if (table->is_view())
    return Fault(insert.table[0].span.begin, fmt::format("A view cannot be written: {}", DottedName(path)));
  THALWEG_ASSIGN(PlanPtr plan, InsertPlan(insert, *table));
  SinkClauses clauses{{}, insert.on_conflict};
  THALWEG_ASSIGN(const bool hints_allowed, session.config_.Get(config::kOptionHints));
  try {
    clauses.hints = OptionsOfHints(insert.hints, hints_allowed);
  } catch (const SyntaxError& error) {
    return RenderSyntaxError(error, script);
  }
  return maker.AddSink(plan, *table, clauses);
}

Result<JobToRun> Session::Visitor::Inserts(const std::vector<StatementPtr>& statements) {
  THALWEG_ASSIGN(PhysicalOptions physical, Physical());
  GraphMaker maker(std::move(physical));
  JobToRun job;
  std::vector<std::string>& targets = job.targets;
  for (const StatementPtr& statement : statements) {
    const auto* insert = statement->As<Insert>();
    if (!insert) return Fault(statement->span.begin, "A statement set has INSERT statements only");
    THALWEG_TRY(AddInsert(*insert, maker));
    const ObjectPath path = session.catalog_.Resolve(insert->table);
    targets.push_back(DottedName(path));
    ++job.sinks;
  }
  if (job.sinks == 0) return UserError("No statements in the statement set");
  THALWEG_ASSIGN(std::string name, JobName(fmt::format("insert-into_{}", fmt::join(targets, ","))));
  job.bounded = maker.bounded();
  job.graph = maker.Take(std::move(name), &result.warnings);
  return job;
}

Session::Visitor::Outcome Session::Visitor::operator()(const StatementSet& set) {
  THALWEG_ASSIGN(JobToRun job, Inserts(set.inserts));
  return job;
}

Session::Visitor::Outcome Session::Visitor::operator()(const BeginStatementSet&) {
  session.open_set_.emplace();
  return Done{};
}

Session::Visitor::Outcome Session::Visitor::operator()(const EndStatementSet&) {
  return UserError("No Statement Set to submit. 'END' statement should be used after 'BEGIN STATEMENT SET'.");
}

Result<TablePtr> Session::Visitor::TableOfQuery(const CreateTable& create, const Plan& plan,
                                                const BindEnvironment& environment) const {
  CreateTable declared = create;
  declared.query = nullptr;
  std::map<std::string, ColumnDefinition> of_query;
  std::vector<std::string> order;
  for (const PlanColumn& column : plan.columns) {
    ColumnDefinition definition;
    definition.span = create.name[0].span;
    definition.name = {Identifier{column.name, create.name[0].span}};
    if (column.type.id() == types::TypeId::kNull)
      return Fault(create.name[0].span.begin,
                   fmt::format("Illegal use of 'NULL': column '{}' of the query has no type", column.name),
                   "write CAST(NULL AS type)");
    THALWEG_ASSIGN(definition.type, ParseType(column.type.ToString()));
    of_query[column.name] = std::move(definition);
    order.push_back(column.name);
  }
  std::vector<TableElement> first, last;
  std::vector<std::string> named;
  std::set<std::string> declared_columns;
  std::vector<Identifier> keys;
  for (const TableElement& element : create.elements.value_or(std::vector<TableElement>{})) {
    auto* column = std::get_if<ColumnDefinition>(&element);
    if (!column) {
      if (auto* constraint = std::get_if<Constraint>(&element)) keys = constraint->columns;
      last.push_back(element);
      continue;
    }
    const std::string& name = column->name.back().text;
    auto known = of_query.find(name);
    if (column->kind == ColumnKind::kNameOnly) {
      if (known == of_query.end())
        return Fault(column->span.begin, fmt::format("Column '{}' not found in the source schema.", name));
      named.push_back(name);
    } else if (known != of_query.end()) {
      known->second = *column;
      declared_columns.insert(name);
    } else {
      first.push_back(element);
    }
  }
  if (!named.empty()) {
    if (named.size() != order.size())
      return Fault(create.name[0].span.begin,
                   "The number of columns in the column list must match the number of columns in the source schema.");
    order = named;
  }
  // A column that only the query declares keeps its type: a key does not make it NOT NULL.
  for (const Identifier& key : keys)
    for (const PlanColumn& column : plan.columns)
      if (column.name == key.text && column.type.nullable() && !declared_columns.contains(key.text))
        return Fault(key.span.begin, fmt::format("Invalid primary key. Column '{}' is nullable.", key.text),
                     fmt::format("declare it: {} {} NOT NULL", key.text, column.type.WithNullable(false).ToString()));
  for (const std::string& name : order) first.emplace_back(of_query.at(name));
  first.insert(first.end(), last.begin(), last.end());
  declared.elements = std::move(first);
  return BindTable(declared, script, environment);
}

Session::Visitor::Outcome Session::Visitor::CreateAsSelect(const CreateTable& create) {
  THALWEG_ASSIGN(BindEnvironment environment, Environment());
  THALWEG_ASSIGN(PlanPtr plan, BindQuery(*create.query, script, environment));
  THALWEG_ASSIGN(TablePtr table, TableOfQuery(create, *plan, environment));
  TablePtr before = session.catalog_.FindTable(table->path);
  if (create.mode == CreateMode::kReplace && !before)
    return Fault(
        create.name[0].span.begin,
        fmt::format("The table {} to be replaced doesn't exist. You can try to use CREATE TABLE AS statement or "
                    "CREATE OR REPLACE TABLE AS statement.",
                    table->path.ToString()));
  THALWEG_TRY(AddTable(table, create.name, create.if_not_exists, create.mode != CreateMode::kCreate));
  if (before && create.if_not_exists) return Done{};
  Insert insert;
  insert.table = create.name;
  for (const PlanColumn& column : plan->columns)
    insert.columns.push_back({Identifier{column.name, create.name[0].span}});
  insert.query = create.query;
  THALWEG_ASSIGN(PhysicalOptions physical, Physical());
  GraphMaker maker(std::move(physical));
  if (Status added = AddInsert(insert, maker); !added.ok()) {
    if (before)
      session.catalog_.ReplaceTable(before);
    else
      (void)session.catalog_.DropTable(table->path, true, table->temporary, false);
    return added;
  }
  JobToRun job;
  job.sinks = 1;
  job.targets = {DottedName(table->path)};
  job.bounded = maker.bounded();
  THALWEG_ASSIGN(std::string name, JobName(fmt::format("insert-into_{}", job.targets[0])));
  job.graph = maker.Take(std::move(name), &result.warnings);
  return job;
}

}  // namespace thalweg::sql
