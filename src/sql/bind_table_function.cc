// Table functions that are no windows: TO_CHANGELOG, FROM_CHANGELOG, SNAPSHOT.
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "sql/binder.h"

namespace thalweg::sql {

using expr::Value;
using graph::ChangeCode;
using types::RowKind;
using types::TypeId;

namespace {

constexpr std::array<std::pair<std::string_view, RowKind>, 4> kChanges = {{{"INSERT", RowKind::kInsert},
                                                                           {"UPDATE_BEFORE", RowKind::kUpdateBefore},
                                                                           {"UPDATE_AFTER", RowKind::kUpdateAfter},
                                                                           {"DELETE", RowKind::kDelete}}};

std::string WithoutBlanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return std::string(text);
}

/// "c, r" as its parts.
std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t comma = text.find(',');
    parts.push_back(WithoutBlanks(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

RowKind ChangeNamed(const std::string& name, const Position& at) {
  for (const auto& [each, kind] : kChanges)
    if (each == name) return kind;
  FailAt(at, fmt::format("Invalid target mapping for argument 'op_mapping'. Unknown change operation: '{}'", name),
         "the operations are INSERT, UPDATE_BEFORE, UPDATE_AFTER and DELETE, in upper case");
}

std::vector<ChangeCode> DefaultCodes() {
  std::vector<ChangeCode> codes;
  for (const auto& [name, kind] : kChanges) codes.push_back({kind, std::string(name)});
  return codes;
}

bool HasKind(const std::vector<ChangeCode>& codes, RowKind kind) {
  return std::any_of(codes.begin(), codes.end(), [&](const ChangeCode& code) { return code.kind == kind; });
}

void MustBeNew(const std::vector<ChangeCode>& codes, RowKind kind, const std::string& name, const Position& at,
               std::string hint = "") {
  if (HasKind(codes, kind))
    FailAt(at, fmt::format("Invalid target mapping for argument 'op_mapping'. Duplicate change operation: '{}'", name),
           std::move(hint));
}

/// Arguments of a table function by their names in upper case.
using Named = std::map<std::string, ExprPtr>;

Named NamedArguments(const Call& call, const Position& begin, const std::string& function,
                     const std::vector<std::string_view>& parameters) {
  Named arguments;
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    auto* named = call.arguments[i]->As<NamedArgument>();
    const Position& at = call.arguments[i]->span.begin;
    if (!named && i >= parameters.size())
      FailAt(at, fmt::format("{} takes at most {} arguments", function, parameters.size()));
    const std::string name = named ? AsciiUpper(named->name.text) : std::string(parameters[i]);
    // Flink has `uid` for all such functions: it names the state, and these have none.
    if (name != "UID" && std::find(parameters.begin(), parameters.end(), name) == parameters.end())
      FailAt(at, fmt::format("{} has no argument '{}'", function, named->name.text));
    arguments[name] = named ? named->value : call.arguments[i];
  }
  if (!arguments.contains(std::string(parameters[0])))
    FailAt(begin, fmt::format("First argument must be a table for {}", function));
  return arguments;
}

Named SnapshotArguments(const Call& call) {
  const Position& at = call.name.back().span.begin;
  return NamedArguments(call, at, "SNAPSHOT", {"INPUT", "LOAD_COMPLETED_CONDITION", "LOAD_COMPLETED_TIME"});
}

/// The one column that DESCRIPTOR(c) of the argument OP names; `op` if there is none.
std::string OpName(const Named& arguments) {
  auto found = arguments.find("OP");
  if (found == arguments.end()) return "op";
  auto* descriptor = found->second->As<Descriptor>();
  if (!descriptor || descriptor->columns.size() != 1)
    FailAt(found->second->span.begin, "The descriptor for argument 'op' must contain exactly one column name.");
  return descriptor->columns[0].name.back().text;
}

/// A MAP of constant texts as its pairs.
std::vector<std::pair<std::string, std::string>> TextPairs(const Value& map, const Position& at) {
  const auto& type = map.type();
  if (map.is_null() || type.id() != TypeId::kMap || type.children()[0].type.id() != TypeId::kString ||
      type.children()[1].type.id() != TypeId::kString)
    FailAt(at, "The 'op_mapping' argument must be a constant MAP literal of texts");
  const columns::Column& keys = map.column().children[0];
  const columns::Column& values = map.column().children[1];
  std::vector<std::pair<std::string, std::string>> pairs;
  for (int32_t i = 0; i < keys.length; ++i) {
    if (keys.IsNull(i) || values.IsNull(i)) FailAt(at, "The 'op_mapping' argument holds NULL");
    pairs.push_back({std::string(keys.String(i)), std::string(values.String(i))});
  }
  return pairs;
}

}  // namespace

const Call* SnapshotCall(const TableRef& ref) {
  auto* function = std::get_if<FunctionTable>(&ref.node);
  auto* call = function ? function->call->As<Call>() : nullptr;
  return call && AsciiUpper(call->name.back().text) == "SNAPSHOT" ? call : nullptr;
}

PlanPtr Binder::BindTableArgument(const Expr& argument, std::string_view function, const Scope* outer,
                                  std::vector<int>& partition) {
  TableArgument in_parentheses;
  auto* table = argument.As<TableArgument>();
  if (auto* query = argument.As<ScalarQuery>()) {
    in_parentheses.query = query->query;
    table = &in_parentheses;
  }
  if (!table) FailAt(argument.span.begin, fmt::format("The first argument of {} is a table: TABLE t", function));
  PlanPtr input = table->query ? BindQuery(*table->query, outer) : TableScan(table->table, {}, argument.span);
  Scope scope;
  scope.plan = input;
  scope.sources.push_back({"", std::nullopt, 0, static_cast<int>(input->columns.size())});
  for (const ExprPtr& key : table->partition_by) {
    const expr::Expression bound = BindExpr(*key, {.scope = &scope, .clause = "PARTITION BY"});
    if (bound.kind() != expr::Expression::Kind::kInput)
      FailAt(key->span.begin, "PARTITION BY of a table takes columns");
    partition.push_back(bound.input());
  }
  return input;
}

PlanPtr Binder::BindTableFunction(const Call& call, const Expr& expr, const Scope* outer) {
  const std::string name = AsciiUpper(call.name.back().text);
  if (name == "TO_CHANGELOG") return BindToChangelog(call, expr, outer);
  if (name == "FROM_CHANGELOG") return BindFromChangelog(call, expr, outer);
  if (name == "SNAPSHOT")
    FailAt(expr.span.begin, "SNAPSHOT stands on the right of a join: JOIN LATERAL TABLE(SNAPSHOT(TABLE t)) ON ...");
  return BindWindowFunction(call, expr, outer);
}

PlanPtr Binder::BindSnapshot(const Call& call, const Scope* outer) {
  const Named arguments = SnapshotArguments(call);
  std::vector<int> partition;
  const Expr& table = *arguments.at("INPUT");
  PlanPtr input = BindTableArgument(table, "SNAPSHOT", outer, partition);
  if (!partition.empty()) FailAt(table.span.begin, "SNAPSHOT takes a table without PARTITION BY");
  return input;
}

int64_t Binder::SnapshotLoadTime(const Call& call) {
  const Named arguments = SnapshotArguments(call);
  const auto condition = arguments.find("LOAD_COMPLETED_CONDITION"), time = arguments.find("LOAD_COMPLETED_TIME");
  std::string when = "compile_time";
  if (condition != arguments.end()) {
    const Value value = BindConstant(*condition->second, "load_completed_condition");
    if (!value.is_null() && value.type().id() == TypeId::kString) when = value.string();
    if (when != "compile_time" && when != "user_time")
      FailAt(condition->second->span.begin,
             fmt::format("Invalid value for argument 'load_completed_condition': '{}'", when),
             "write 'compile_time' or 'user_time'");
  }
  if ((when == "user_time") != (time != arguments.end()))
    FailAt(call.arguments[0]->span.begin,
           "SNAPSHOT has 'load_completed_time' with the condition 'user_time', and only with it");
  if (time == arguments.end()) return environment_.query_start_ms;
  const Value value = BindConstant(*time->second, "load_completed_time");
  if (value.is_null() || value.type().id() != TypeId::kTimestampLtz)
    FailAt(time->second->span.begin, "The 'load_completed_time' argument must be a constant TIMESTAMP_LTZ");
  return value.type().precision() <= 3 ? value.number<int64_t>() : value.number<types::TimestampValue>().millis;
}

PlanPtr Binder::BindToChangelog(const Call& call, const Expr& expr, const Scope* outer) {
  const Named arguments =
      NamedArguments(call, expr.span.begin, "TO_CHANGELOG", {"INPUT", "OP", "OP_MAPPING", "PRODUCES_FULL_DELETES"});
  ToChangelogPlan node;
  node.input = BindTableArgument(*arguments.at("INPUT"), "TO_CHANGELOG", outer, node.partition);
  node.codes = DefaultCodes();
  if (auto mapping = arguments.find("OP_MAPPING"); mapping != arguments.end()) {
    const Position& at = mapping->second->span.begin;
    node.own_codes = true;
    node.codes.clear();
    for (const auto& [kinds, code] : TextPairs(BindConstant(*mapping->second, "op_mapping"), at))
      for (const std::string& kind : SplitList(kinds)) {
        MustBeNew(node.codes, ChangeNamed(kind, at), kind, at);
        node.codes.push_back({ChangeNamed(kind, at), code});
      }
  }
  if (auto full = arguments.find("PRODUCES_FULL_DELETES"); full != arguments.end()) {
    const Position& at = full->second->span.begin;
    const Value value = BindConstant(*full->second, "produces_full_deletes");
    if (value.is_null() || value.type().id() != TypeId::kBoolean)
      FailAt(at, "The 'produces_full_deletes' argument must be a constant BOOLEAN literal.");
    node.full_deletes = value.boolean();
    if (*node.full_deletes && !HasKind(node.codes, RowKind::kDelete))
      FailAt(at, "Invalid 'produces_full_deletes' for TO_CHANGELOG: 'op_mapping' does not map DELETE rows");
    if (!*node.full_deletes && node.partition.empty() && node.input->unique_keys.empty())
      FailAt(at, "Invalid 'produces_full_deletes=false' for TO_CHANGELOG: no key says what a deletion keeps",
             "add PARTITION BY to the table, or leave the argument out");
  }
  return MakeToChangelog(std::move(node), OpName(arguments));
}

PlanPtr Binder::BindFromChangelog(const Call& call, const Expr& expr, const Scope* outer) {
  const Named arguments =
      NamedArguments(call, expr.span.begin, "FROM_CHANGELOG", {"INPUT", "OP", "OP_MAPPING", "ERROR_HANDLING"});
  const Expr& table = *arguments.at("INPUT");
  FromChangelogPlan node;
  node.input = BindTableArgument(table, "FROM_CHANGELOG", outer, node.partition);
  const std::string op = OpName(arguments);
  const PlanColumns& columns = node.input->columns;
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const PlanColumn& each) { return each.name == op; });
  if (found == columns.end())
    FailAt(table.span.begin, fmt::format("The op column '{}' does not exist in the input", op));
  if (found->type.id() != TypeId::kString)
    FailAt(table.span.begin,
           fmt::format("The op column '{}' must be of STRING type, but was {}", op, found->type.ToString()));
  node.op = static_cast<int>(found - columns.begin());
  node.codes = DefaultCodes();
  if (auto mapping = arguments.find("OP_MAPPING"); mapping != arguments.end()) {
    const Position& at = mapping->second->span.begin;
    node.codes.clear();
    for (const auto& [codes, change] : TextPairs(BindConstant(*mapping->second, "op_mapping"), at)) {
      const RowKind kind = ChangeNamed(WithoutBlanks(change), at);
      MustBeNew(node.codes, kind, WithoutBlanks(change), at,
                "several codes of one operation stand together: MAP['c, r', 'INSERT']");
      for (const std::string& code : SplitList(codes)) node.codes.push_back({kind, code});
    }
    node.upsert = HasKind(node.codes, RowKind::kUpdateAfter) && !HasKind(node.codes, RowKind::kUpdateBefore);
    if (node.upsert && node.partition.empty())
      FailAt(at,
             "An 'op_mapping' that produces UPDATE_AFTER without UPDATE_BEFORE describes an upsert changelog and "
             "requires a key",
             "add PARTITION BY to the table, or map UPDATE_BEFORE");
  }
  if (auto handling = arguments.find("ERROR_HANDLING"); handling != arguments.end()) {
    const Value value = BindConstant(*handling->second, "error_handling");
    const std::string mode = value.is_null() || value.type().id() != TypeId::kString ? "" : std::string(value.string());
    if (mode != "FAIL" && mode != "SKIP")
      FailAt(handling->second->span.begin, fmt::format("Invalid value for argument 'error_handling': '{}'", mode),
             "write 'FAIL' or 'SKIP'");
    node.skip_unknown = mode == "SKIP";
  }
  return MakeFromChangelog(std::move(node));
}

}  // namespace thalweg::sql
