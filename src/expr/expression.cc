#include "expr/expression.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "expr/functions.h"

namespace thalweg::expr {

using types::DataType;
using types::TypeId;

struct Expression::Node {
  Kind kind = Kind::kLiteral;
  DataType type;
  Value value = Value::Null(DataType());
  int input = -1;
  const Function* function = nullptr;
  std::vector<Expression> arguments;
  int depth = 1;
  bool deterministic = true;
  bool may_fail = false;
  uint64_t hash = 0;
};

namespace {

uint64_t Mix(uint64_t a, uint64_t b) {
  return (a ^ (b + 0x9e3779b97f4a7c15 + (a << 6) + (a >> 2))) * 0xff51afd7ed558ccd;
}

void CollectInputs(const Expression& expression, std::set<int>& inputs) {
  if (expression.kind() == Expression::Kind::kInput) inputs.insert(expression.input());
  for (const Expression& argument : expression.arguments()) CollectInputs(argument, inputs);
}

}  // namespace

Expression::Expression() : Expression(std::make_shared<Node>()) {}

Expression Expression::Literal(Value value) {
  auto node = std::make_shared<Node>();
  node->type = value.type();
  node->hash = Mix(1, value.Hash());
  node->value = std::move(value);
  return Expression(std::move(node));
}

Expression Expression::Input(int column, DataType type) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::kInput;
  node->type = std::move(type);
  node->input = column;
  node->hash = Mix(2, static_cast<uint64_t>(column));
  return Expression(std::move(node));
}

Expression Expression::Call(const Function& function, std::vector<Expression> arguments, DataType type) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::kCall;
  node->type = std::move(type);
  node->function = &function;
  node->deterministic = function.deterministic;
  node->may_fail = function.fails && (!function.fails_for || function.fails_for(arguments, node->type));
  node->hash = Mix(Hash64(function.name), Hash64(node->type.ToString()));
  for (const Expression& argument : arguments) {
    node->depth = std::max(node->depth, argument.depth() + 1);
    node->deterministic = node->deterministic && argument.deterministic();
    node->may_fail = node->may_fail || argument.may_fail();
    node->hash = Mix(node->hash, argument.hash());
  }
  node->arguments = std::move(arguments);
  return Expression(std::move(node));
}

Expression::Kind Expression::kind() const { return node_->kind; }
const DataType& Expression::type() const { return node_->type; }
const Value& Expression::value() const { return node_->value; }
int Expression::input() const { return node_->input; }
const Function& Expression::function() const { return *node_->function; }
const std::vector<Expression>& Expression::arguments() const { return node_->arguments; }
int Expression::depth() const { return node_->depth; }
bool Expression::deterministic() const { return node_->deterministic; }
bool Expression::may_fail() const { return node_->may_fail; }
uint64_t Expression::hash() const { return node_->hash; }

std::string Expression::ToString() const {
  if (kind() == Kind::kLiteral) return value().ToString();
  if (kind() == Kind::kInput) return fmt::format("${}", input());
  std::string text = std::string(ShownName(function())) + "(";
  for (size_t i = 0; i < arguments().size(); ++i) text += (i ? ", " : "") + arguments()[i].ToString();
  text += ")";
  return function().typed ? text + ":" + type().ToString() : text;
}

bool Expression::operator==(const Expression& other) const {
  if (node_ == other.node_) return true;
  if (hash() != other.hash() || kind() != other.kind() || !(type() == other.type())) return false;
  switch (kind()) {
    case Kind::kLiteral: return value() == other.value();
    case Kind::kInput: return input() == other.input();
    default: return &function() == &other.function() && arguments() == other.arguments();
  }
}

std::vector<int> InputsOf(const Expression& expression) {
  std::set<int> inputs;
  CollectInputs(expression, inputs);
  return {inputs.begin(), inputs.end()};
}

Expression ReplaceInputs(const Expression& expression, const std::vector<Expression>& replacements) {
  switch (expression.kind()) {
    case Expression::Kind::kLiteral: return expression;
    case Expression::Kind::kInput: return replacements[static_cast<size_t>(expression.input())];
    case Expression::Kind::kCall: break;
  }
  std::vector<Expression> arguments;
  for (const Expression& argument : expression.arguments()) arguments.push_back(ReplaceInputs(argument, replacements));
  return Expression::Call(expression.function(), std::move(arguments), expression.type());
}

Expression RemapInputs(const Expression& expression, const std::vector<int>& columns) {
  switch (expression.kind()) {
    case Expression::Kind::kLiteral: return expression;
    case Expression::Kind::kInput:
      return Expression::Input(columns[static_cast<size_t>(expression.input())], expression.type());
    default: break;
  }
  std::vector<Expression> arguments;
  for (const Expression& argument : expression.arguments()) arguments.push_back(RemapInputs(argument, columns));
  return Expression::Call(expression.function(), std::move(arguments), expression.type());
}

}  // namespace thalweg::expr
