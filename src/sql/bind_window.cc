// The window functions: TUMBLE, HOP, CUMULATE and SESSION over a table.
#include <algorithm>
#include <cstdlib>

#include <fmt/ranges.h>

#include "base/ascii.h"
#include "expr/functions.h"
#include "sql/binder.h"
#include "sql/time_attributes.h"

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

/// A window by a column that is finer than milliseconds: by a copy of it, which nobody sees.
PlanPtr WindowOfMillis(PlanPtr input, WindowShape shape) {
  std::vector<expr::Expression> columns = InputsOfAll(*input);
  std::vector<std::string> names;
  for (const PlanColumn& column : input->columns) names.push_back(column.name);
  const size_t time = columns.size();
  const types::DataType& fine = columns[static_cast<size_t>(shape.time_column)].type();
  const types::DataType millis = fine.id() == TypeId::kTimestampLtz ? types::DataType::TimestampLtz(3, fine.nullable())
                                                                    : types::DataType::Timestamp(3, fine.nullable());
  columns.push_back(expr::Cast(columns[static_cast<size_t>(shape.time_column)], millis).value());
  names.push_back("$time");
  shape.time_column = static_cast<int>(time);
  const PlanPtr window =
      MakeWindow(MakeCalc(std::move(input), std::nullopt, std::move(columns), std::move(names)), std::move(shape));
  std::vector<expr::Expression> kept = InputsOfAll(*window);
  kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(time));
  names.clear();
  for (size_t i = 0; i < window->columns.size(); ++i)
    if (i != time) names.push_back(window->columns[i].name);
  return MakeCalc(window, std::nullopt, std::move(kept), std::move(names));
}

}  // namespace

PlanPtr Binder::BindWindowFunction(const Call& call, const Expr& expr, const Scope* outer) {
  const std::string name = AsciiUpper(call.name.back().text);
  const WindowSignature* signature = nullptr;
  for (const WindowSignature& each : WindowSignatures())
    if (each.name == name) signature = &each;
  if (!signature) {
    NearestWord nearest(name);
    for (const WindowSignature& each : WindowSignatures()) nearest.Consider(each.name);
    static constexpr std::string_view kModels[] = {"ML_PREDICT", "VECTOR_SEARCH", "VECTOR_SEARCH_TABLE"};
    if (std::find(std::begin(kModels), std::end(kModels), name) != std::end(kModels))
      FailAt(expr.span.begin, fmt::format("Table function {} is not supported: there are no models", name));
    FailAt(expr.span.begin, fmt::format("Unknown table function: {}", call.name.back().text),
           nearest.word().empty() ? "" : fmt::format("did you mean {}?", nearest.word()));
  }
  std::map<std::string, ExprPtr> arguments;
  const std::vector<std::string_view> fixed = {"DATA", "TIMECOL"};
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    if (auto* named = call.arguments[i]->As<NamedArgument>()) {
      arguments[AsciiUpper(named->name.text)] = named->value;
    } else {
      const size_t parameters = fixed.size() + signature->parameters.size();
      if (i >= parameters)
        FailAt(call.arguments[i]->span.begin, fmt::format("{} takes at most {} arguments", name, parameters));
      arguments[std::string(i < fixed.size() ? fixed[i] : signature->parameters[i - fixed.size()])] = call.arguments[i];
    }
  }
  auto need = [&](std::string_view parameter) -> const Expr& {
    auto found = arguments.find(std::string(parameter));
    if (found == arguments.end())
      FailAt(expr.span.begin, fmt::format("{} lacks its argument {}", name, parameter),
             fmt::format(
                 "{}(TABLE t, DESCRIPTOR(ts), {}): intervals such as INTERVAL '10' MINUTE", name,
                 fmt::join(signature->parameters.begin(),
                           signature->parameters.begin() + static_cast<std::ptrdiff_t>(signature->required), ", ")));
    return *found->second;
  };
  WindowShape shape;
  PlanPtr input = BindTableArgument(need("DATA"), name, outer, shape.partition);
  auto* descriptor = need("TIMECOL").As<Descriptor>();
  if (!descriptor || descriptor->columns.size() != 1)
    FailAt(need("TIMECOL").span.begin, fmt::format("{} needs DESCRIPTOR(time column)", name));
  const std::string& column = descriptor->columns[0].name.back().text;
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
  if (!environment_.batch) input = WithTimeAttribute(std::move(input), shape.time_column);
  const PlanColumn time = input->columns[static_cast<size_t>(shape.time_column)];
  const bool timestamp = time.type.id() == TypeId::kTimestamp || time.type.id() == TypeId::kTimestampLtz;
  const bool any_time = environment_.batch && timestamp;  // all rows are there when windows are made
  if (time.time == TimeRole::kNone && !any_time)
    FailAt(at,
           fmt::format("The window function {} requires the timecol to be a time attribute type, but is {}", name,
                       time.type.ToString()),
           "a column is one if WATERMARK FOR or PROCTIME() says so");
  shape.processing_time = time.time == TimeRole::kProctime;
  if (environment_.batch && shape.processing_time)
    FailAt(at, "Processing time Window TableFunction is not supported in batch mode: all rows are read at one time");
  if (time.type.id() == TypeId::kTimestampLtz) shape.zone = environment_.zone;
  auto millis = [&](std::string_view parameter) {
    return BindMillis(need(parameter), fmt::format("{} of {}", parameter, name));
  };
  for (std::string_view parameter : signature->parameters) {
    if (parameter == "SIZE" || parameter == "GAP") shape.size_ms = millis(parameter);
    if (parameter == "SLIDE" || parameter == "STEP") shape.slide_ms = millis(parameter);
    if (parameter == "OFFSET" && arguments.contains("OFFSET")) shape.offset_ms = millis(parameter);
  }
  if (shape.size_ms <= 0 || (signature->required == 2 && shape.slide_ms <= 0))
    FailAt(expr.span.begin, fmt::format("The intervals of {} must be positive", name));
  if (shape.kind == WindowShape::Kind::kTumble && std::abs(shape.offset_ms) >= shape.size_ms)
    FailAt(need("OFFSET").span.begin,
           fmt::format(
               "TUMBLE table function parameters must satisfy abs(offset) < size, but got size {} ms and offset {} ms",
               shape.size_ms, shape.offset_ms));
  // The windows of HOP stand a slide apart, those of CUMULATE begin a size apart.
  if (shape.kind == WindowShape::Kind::kHop) shape.offset_ms %= shape.slide_ms;
  if (shape.kind == WindowShape::Kind::kCumulate) shape.offset_ms %= shape.size_ms;
  if (shape.kind == WindowShape::Kind::kCumulate && shape.size_ms % shape.slide_ms != 0)
    FailAt(expr.span.begin,
           fmt::format("CUMULATE table function based aggregate requires maxSize must be an integral multiple of step, "
                       "but got maxSize {} ms and step {} ms",
                       shape.size_ms, shape.slide_ms));
  if (time.type.precision() <= 3 || !timestamp) return MakeWindow(std::move(input), std::move(shape));
  return WindowOfMillis(std::move(input), std::move(shape));
}

}  // namespace thalweg::sql
