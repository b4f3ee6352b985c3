// The window functions: TUMBLE, HOP, CUMULATE and SESSION over a table.
#include <algorithm>

#include "sql/binder.h"

namespace thalweg::sql {

using graph::WindowShape;
using types::TypeId;

namespace {

struct WindowSignature {
  std::string_view name;
  WindowShape::Kind kind;
  std::vector<std::string_view> parameters;  // behind DATA and TIMECOL
  size_t required;                           // of those
};

const std::vector<WindowSignature>& WindowSignatures() {
  static const std::vector<WindowSignature> all = {
      {"TUMBLE", WindowShape::Kind::kTumble, {"SIZE", "OFFSET"}, 1},
      {"HOP", WindowShape::Kind::kHop, {"SLIDE", "SIZE", "OFFSET"}, 2},
      {"CUMULATE", WindowShape::Kind::kCumulate, {"STEP", "SIZE", "OFFSET"}, 2},
      {"SESSION", WindowShape::Kind::kSession, {"GAP"}, 1},
  };
  return all;
}

std::string InUpperCase(std::string_view text) {
  std::string upper;
  for (char c : text) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

}  // namespace

PlanPtr Binder::BindWindowFunction(const Call& call, const Expr& expr, const Scope* outer) {
  const std::string name = InUpperCase(call.name.back().text);
  const WindowSignature* signature = nullptr;
  for (const WindowSignature& each : WindowSignatures())
    if (each.name == name) signature = &each;
  if (!signature) {
    NearestWord nearest(name);
    for (const WindowSignature& each : WindowSignatures()) nearest.Consider(each.name);
    FailAt(expr.span.begin, fmt::format("Table function {} is not supported yet", name),
           nearest.word().empty() ? "" : fmt::format("did you mean {}?", nearest.word()));
  }
  std::map<std::string, ExprPtr> arguments;
  const std::vector<std::string_view> fixed = {"DATA", "TIMECOL"};
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    if (auto* named = call.arguments[i]->As<NamedArgument>()) {
      arguments[InUpperCase(named->name.text)] = named->value;
    } else {
      const size_t parameters = fixed.size() + signature->parameters.size();
      if (i >= parameters) FailAt(call.arguments[i]->span.begin, fmt::format("{} takes at most {} arguments", name, parameters));
      arguments[std::string(i < fixed.size() ? fixed[i] : signature->parameters[i - fixed.size()])] = call.arguments[i];
    }
  }
  auto need = [&](std::string_view parameter) -> const Expr& {
    auto found = arguments.find(std::string(parameter));
    if (found == arguments.end()) FailAt(expr.span.begin, fmt::format("{} lacks its argument {}", name, parameter));
    return *found->second;
  };
  auto* table = need("DATA").As<TableArgument>();
  if (!table) FailAt(need("DATA").span.begin, fmt::format("The first argument of {} is a table: TABLE t", name));
  PlanPtr input = table->query ? BindQuery(*table->query, outer) : TableScan(table->table, {}, need("DATA").span);
  auto* descriptor = need("TIMECOL").As<Descriptor>();
  if (!descriptor || descriptor->columns.size() != 1)
    FailAt(need("TIMECOL").span.begin, fmt::format("{} needs DESCRIPTOR(time column)", name));
  const std::string& column = descriptor->columns[0].name.back().text;
  WindowShape shape;
  shape.kind = signature->kind;
  for (size_t i = 0; i < input->columns.size(); ++i)
    if (input->columns[i].name == column) shape.time_column = static_cast<int>(i);
  const Position& at = descriptor->columns[0].name.back().span.begin;
  if (shape.time_column < 0) {
    NearestWord nearest(column);
    for (const PlanColumn& each : input->columns) nearest.Consider(each.name);
    FailAt(at, fmt::format("Column '{}' not found in the table of {}", column, name),
           nearest.word().empty() ? "" : fmt::format("did you mean {}?", nearest.word()));
  }
  const PlanColumn& time = input->columns[static_cast<size_t>(shape.time_column)];
  if (time.time == TimeRole::kNone)
    FailAt(at, fmt::format("The window function {} requires the timecol to be a time attribute type, but is {}", name, time.type.ToString()),
           "a column is one if WATERMARK FOR or PROCTIME() says so");
  shape.processing_time = time.time == TimeRole::kProctime;
  if (time.type.id() == TypeId::kTimestampLtz) shape.zone = environment_.zone;
  auto millis = [&](std::string_view parameter) { return BindMillis(need(parameter), fmt::format("{} of {}", parameter, name)); };
  for (std::string_view parameter : signature->parameters) {
    if (parameter == "SIZE" || parameter == "GAP") shape.size_ms = millis(parameter);
    if (parameter == "SLIDE" || parameter == "STEP") shape.slide_ms = millis(parameter);
    if (parameter == "OFFSET" && arguments.contains("OFFSET")) shape.offset_ms = millis(parameter);
  }
  if (shape.size_ms <= 0 || (signature->required == 2 && shape.slide_ms <= 0))
    FailAt(expr.span.begin, fmt::format("The intervals of {} must be positive", name));
  if (shape.kind == WindowShape::Kind::kCumulate && shape.size_ms % shape.slide_ms != 0)
    FailAt(expr.span.begin, fmt::format("The size of CUMULATE must be an integral multiple of its step"));
  Scope scope;
  scope.plan = input;
  scope.sources.push_back({"", std::nullopt, 0, static_cast<int>(input->columns.size())});
  for (const ExprPtr& key : table->partition_by) {
    const expr::Expression bound = BindExpr(*key, {.scope = &scope, .clause = "PARTITION BY"});
    if (bound.kind() != expr::Expression::Kind::kInput) FailAt(key->span.begin, "PARTITION BY of a table takes columns");
    shape.partition.push_back(bound.input());
  }
  return MakeWindow(std::move(input), std::move(shape));
}

}  // namespace thalweg::sql
