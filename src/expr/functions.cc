#include "expr/functions.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/edit_distance.h"
#include "expr/evaluator.h"
#include "expr/families.h"
#include "expr/refused.h"
#include "expr/type_rules.h"
#include "expr/user_function.h"

namespace thalweg::expr {
namespace {

std::string TypesText(const std::vector<Expression>& arguments, std::string_view separator = ", ") {
  std::string text;
  for (const Expression& argument : arguments)
    text.append(text.empty() ? "" : separator).append(argument.type().WithNullable(true).ToString());
  return text;
}

/// "STRING and INT".
std::string SidesText(const std::vector<Expression>& sides) {
  return fmt::format("{} and {}", sides[0].type().WithNullable(true).ToString(),
                     sides[1].type().WithNullable(true).ToString());
}

Status NoOverload(const Function& function, const std::vector<Expression>& arguments) {
  const char first = function.name[0];
  const bool sign = !(first >= 'A' && first <= 'Z') && first != '$';  // a user's function begins with a dollar
  if (sign && arguments.size() == 2) {
    const bool casts =
        function.name.find_first_of("=<>") != std::string::npos && !SameType(arguments[0].type(), arguments[1].type());
    return UserError("Operator {} does not take {}{}", function.name, SidesText(arguments),
                     casts ? ": write CAST for one of them" : "");
  }
  for (const std::string_view common : {"COALESCE", "IFNULL", "NULLIF", "GREATEST", "LEAST"})
    if (function.name == common && arguments.size() > 1)
      return UserError("The arguments of {} have no type in common: {}", function.name, TypesText(arguments, " and "));
  std::string known;
  for (const std::string& signature : function.signatures) known += (known.empty() ? "" : ", ") + signature;
  if (arguments.empty()) return UserError("{} needs arguments. It takes: {}", ShownName(function), known);
  return UserError("{} does not take ({}). It takes: {}", ShownName(function), TypesText(arguments), known);
}

Status CheckDepth(const Function& function, const std::vector<Expression>& arguments) {
  for (const Expression& argument : arguments)
    if (argument.depth() >= kMaxExpressionDepth)
      return UserError("Expression is nested deeper than {} at {}", kMaxExpressionDepth, ShownName(function));
  return {};
}

}  // namespace

std::string_view ShownName(const Function& function) {
  const std::string_view name = function.name;
  return IsUserFunctionName(name) ? name.substr(name.rfind('#') + 1) : name;
}

const Registry& Registry::BuiltIn() {
  static const Registry& registry = *[] {
    auto* all = new Registry();  // lives as long as the process: plans point to its functions
    AddEveryFamily(*all);
    return all;
  }();
  return registry;
}

void Registry::Add(Function function) {
  std::string name = function.name;
  bool added = functions_.emplace(name, std::make_unique<Function>(std::move(function))).second;
  THALWEG_CHECK(added, "{} twice", name);
}

const Function* Registry::Find(std::string_view name) const {
  if (IsUserFunctionName(name)) return FindUserFunction(name);
  auto found = functions_.find(AsciiUpper(name));
  return found == functions_.end() ? nullptr : found->second.get();
}

Status Registry::Unknown(std::string_view name) const {
  const std::string upper = AsciiUpper(name);
  const size_t limit = std::min<size_t>(3, upper.size() / 3 + 1);
  std::string best;
  size_t least = limit + 1;
  for (const auto& [known, function] : functions_) {
    const size_t distance = EditDistance(upper, known, limit);
    if (distance < least) {
      least = distance;
      best = known;
    }
  }
  if (const std::string_view why = WhyRefused(upper); !why.empty())
    return UserError("Function {} is not supported: {}", upper, why);
  if (best.empty()) return UserError("Unknown function: {}", name);
  return UserError("Unknown function: {}. Did you mean {}?", name, best);
}

std::vector<const Function*> Registry::All() const {
  std::vector<const Function*> all;
  for (const auto& [name, function] : functions_) all.push_back(function.get());
  return all;
}

Result<Expression> Resolve(std::string_view name, std::vector<Expression> arguments) {
  const Function* function = Registry::BuiltIn().Find(name);
  if (!function) return Registry::BuiltIn().Unknown(name);
  return Resolve(*function, std::move(arguments));
}

Result<Expression> Resolve(const Function& function, std::vector<Expression> arguments) {
  THALWEG_TRY(CheckDepth(function, arguments));
  if (function.typed) return UserError("Function {} needs a type", function.name);
  std::vector<Expression> coerced = arguments;
  std::optional<types::DataType> type = function.infer(coerced);
  if (!type) return NoOverload(function, arguments);
  if (function.check) THALWEG_TRY(function.check(coerced));
  return Expression::Call(function, std::move(coerced), std::move(*type));
}

Expression Fold(const Expression& expression) {
  if (expression.kind() != Expression::Kind::kCall) return expression;
  std::vector<Expression> arguments;
  bool changed = false, constant = true;
  for (const Expression& argument : expression.arguments()) {
    arguments.push_back(Fold(argument));
    changed = changed || !arguments.back().SameNode(argument);
    constant = constant && arguments.back().is_literal();
  }
  const Function& function = expression.function();
  Expression folded = changed ? Expression::Call(function, std::move(arguments), expression.type()) : expression;
  if (!constant || !function.deterministic) return folded;
  if (function.contextual && (!function.contextual_for || function.contextual_for(folded.arguments(), folded.type())))
    return folded;
  columns::BufferPool pool;
  const Context context{.pool = pool};
  Result<Value> value = EvaluateFolded(folded, context);
  if (!value.ok() || !(value->type().WithNullable(true) == expression.type().WithNullable(true))) return folded;
  return Expression::Literal(std::move(value).value());
}

}  // namespace thalweg::expr
