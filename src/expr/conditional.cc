// CASE, IF, COALESCE, IFNULL, NULLIF, GREATEST, LEAST. Each branch is computed for its rows only.
#include <numeric>

#include "expr/comparison.h"
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

using types::DataType;
using types::TypeId;

namespace {

using Rows = std::vector<int32_t>;

/// Brings arguments `at` to their common type, which it gives.
std::optional<DataType> Unify(Arguments& arguments, const std::vector<size_t>& at) {
  Arguments values;
  for (size_t i : at) values.push_back(arguments[i]);
  std::optional<DataType> common = CommonType(values);
  if (!common) return std::nullopt;
  for (size_t i : at) arguments[i] = Coerced(arguments[i], *common);
  return common;
}

bool AsCondition(Expression& argument) {
  if (argument.is_null_literal() && argument.type().id() == TypeId::kNull)
    argument = Expression::Literal(Value::Null(DataType(TypeId::kBoolean)));
  return argument.type().id() == TypeId::kBoolean;
}

Rows Iota(int32_t n) {
  Rows rows(static_cast<size_t>(n));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

/// Adds the value of `argument` for `rows` to `parts`.
Status AddPart(Call& call, int argument, Rows rows, std::vector<Part>& parts) {
  if (rows.empty()) return {};
  THALWEG_ASSIGN(Vector values, call.Evaluate(argument, rows.data(), static_cast<int32_t>(rows.size())));
  parts.push_back({std::move(values), std::move(rows)});
  return {};
}

/// CASE WHEN c1 THEN v1 ... ELSE v END as (c1, v1, ..., v).
Result<Vector> RunCase(Call& call) {
  Rows left = Iota(call.rows());
  std::vector<Part> parts;
  int argument = 0;
  for (; argument + 1 < call.arguments() && !left.empty(); argument += 2) {
    THALWEG_ASSIGN(Vector condition, call.Evaluate(argument, left.data(), static_cast<int32_t>(left.size())));
    Rows taken, rest;
    for (size_t i = 0; i < left.size(); ++i) {
      const auto row = static_cast<int32_t>(i);
      const bool holds = !condition.IsNull(row) && condition.column.Bool(condition.at(row));
      (holds ? taken : rest).push_back(left[i]);
    }
    THALWEG_TRY(AddPart(call, argument + 1, std::move(taken), parts));
    left = std::move(rest);
  }
  THALWEG_TRY(AddPart(call, call.arguments() - 1, std::move(left), parts));
  return MergeParts(call.type(), call.rows(), parts, call.pool());
}

Result<Vector> RunCoalesce(Call& call) {
  Rows left = Iota(call.rows());
  std::vector<Part> parts;
  for (int argument = 0; argument < call.arguments() && !left.empty(); ++argument) {
    THALWEG_ASSIGN(Vector values, call.Evaluate(argument, left.data(), static_cast<int32_t>(left.size())));
    const bool last = argument + 1 == call.arguments();
    Rows present, taken, rest;
    for (size_t i = 0; i < left.size(); ++i) {
      const auto row = static_cast<int32_t>(i);
      if (!last && values.IsNull(row)) {
        rest.push_back(left[i]);
      } else {
        present.push_back(values.at(row));
        taken.push_back(left[i]);
      }
    }
    if (!taken.empty()) {
      columns::ColumnBuilder chosen(values.column.type, call.pool(), static_cast<int32_t>(taken.size()));
      chosen.AppendRows(values.column, present.data(), static_cast<int32_t>(present.size()));
      parts.push_back({Vector{chosen.Take()}, std::move(taken)});
    }
    left = std::move(rest);
  }
  return MergeParts(call.type(), call.rows(), parts, call.pool());
}

Binder Always(Kernel kernel) {
  return [kernel](const Expression&) -> Result<Kernel> { return kernel; };
}

std::optional<DataType> InferCase(Arguments& arguments) {
  if (arguments.size() < 3 || arguments.size() % 2 == 0) return std::nullopt;
  std::vector<size_t> values;
  for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
    if (!AsCondition(arguments[i])) return std::nullopt;
    values.push_back(i + 1);
  }
  values.push_back(arguments.size() - 1);
  return Unify(arguments, values);
}

std::optional<DataType> InferCoalesce(Arguments& arguments) {
  if (arguments.empty()) return std::nullopt;
  std::vector<size_t> all(arguments.size());
  std::iota(all.begin(), all.end(), size_t{0});
  std::optional<DataType> common = Unify(arguments, all);
  if (!common) return std::nullopt;
  bool nullable = true;
  for (const Expression& argument : arguments) nullable = nullable && argument.type().nullable();
  return common->WithNullable(nullable);
}

Function Lazy(std::string name, std::vector<std::string> signatures, Inference infer, Kernel kernel) {
  Function function;
  function.name = std::move(name);
  function.signatures = std::move(signatures);
  function.infer = std::move(infer);
  function.bind = Always(std::move(kernel));
  function.lazy = true;
  return function;
}

Result<Vector> RunNullIf(Call& call) {
  const Vector& a = call.argument(0);
  const Vector& b = call.argument(1);
  const Vector& value = call.argument(2);
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    const int32_t at = value.at(row);
    if (!a.IsNull(row) && !b.IsNull(row) && CellsEqual(a.column, a.at(row), b.column, b.at(row)))
      out.AppendNull();
    else
      out.AppendRows(value.column, &at, 1);
  }
  return Vector{out.Take()};
}

/// (a, b) becomes (a, b, a): the first two at the type they are compared in, the third as it came.
std::optional<DataType> InferNullIf(Arguments& arguments) {
  if (arguments.size() != 2 && arguments.size() != 3) return std::nullopt;
  if (arguments.size() == 2) arguments.push_back(arguments[0]);
  if (!Unify(arguments, {0, 1})) return std::nullopt;
  return arguments[2].type().WithNullable(true);
}

template <int kSign>
Result<Vector> RunExtreme(Call& call) {
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    const Vector* best = &call.argument(0);
    for (int i = 0; i < call.arguments(); ++i) {
      const Vector& candidate = call.argument(i);
      if (candidate.IsNull(row)) {
        best = &candidate;
        break;
      }
      if (CompareCells(candidate.column, candidate.at(row), best->column, best->at(row)) == kSign) best = &candidate;
    }
    const int32_t at = best->at(row);
    out.AppendRows(best->column, &at, 1);
  }
  return Vector{out.Take()};
}

template <int kSign>
Function Extreme(std::string name) {
  Function function;
  function.signatures = {name + "(<COMPARABLE>, ...)"};
  function.name = std::move(name);
  function.infer = [](Arguments& arguments) -> std::optional<DataType> {
    if (arguments.empty()) return std::nullopt;
    std::vector<size_t> all(arguments.size());
    std::iota(all.begin(), all.end(), size_t{0});
    std::optional<DataType> common = Unify(arguments, all);
    if (!common || !HasOrder(*common)) return std::nullopt;
    return Strict(*common, arguments);
  };
  function.bind = Always(RunExtreme<kSign>);
  return function;
}

}  // namespace

void AddConditional(Registry& registry) {
  registry.Add(Lazy("CASE", {"CASE(<BOOLEAN>, <ANY>, ..., <ANY>)"}, InferCase, RunCase));
  registry.Add(Lazy(
      "IF", {"IF(<BOOLEAN>, <ANY>, <ANY>)"},
      [](Arguments& arguments) -> std::optional<DataType> {
        if (arguments.size() != 3) return std::nullopt;
        std::optional<DataType> type = InferCase(arguments);
        if (type) type = Strict(*type, arguments);  // of the condition too, unlike CASE
        return type;
      },
      RunCase));
  registry.Add(Lazy("COALESCE", {"COALESCE(<ANY>, ...)"}, InferCoalesce, RunCoalesce));
  registry.Add(Lazy(
      "IFNULL", {"IFNULL(<ANY>, <ANY>)"},
      [](Arguments& arguments) { return arguments.size() == 2 ? InferCoalesce(arguments) : std::nullopt; },
      RunCoalesce));
  Function null_if;
  null_if.name = "NULLIF";
  null_if.signatures = {"NULLIF(<ANY>, <ANY>)"};
  null_if.infer = InferNullIf;
  null_if.bind = Always(RunNullIf);
  registry.Add(std::move(null_if));
  registry.Add(Extreme<1>("GREATEST"));
  registry.Add(Extreme<-1>("LEAST"));
}

}  // namespace thalweg::expr
