// Expression: a typed scalar expression over the columns of a batch, as data.
// Rule: a call exists only as Resolve (expr/functions.h) made it: its arguments have exactly the types its kernel takes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "expr/value.h"

namespace thalweg::expr {

struct Function;

/// Deepest nesting that is resolved or decoded: more than the parser's kMaxTreeDepth, for a chain of + is a level an operator.
constexpr int kMaxExpressionDepth = 1024;

/// An immutable tree with shared nodes. Value semantics, cheap to copy. Any thread.
class Expression {
 public:
  enum class Kind : uint8_t { kLiteral = 0, kInput = 1, kCall = 2 };

  /// NULL of type NULL.
  Expression();
  static Expression Literal(Value value);
  static Expression Input(int column, types::DataType type);
  /// For functions.cc and codec.cc.
  static Expression Call(const Function& function, std::vector<Expression> arguments, types::DataType type);

  Kind kind() const;
  bool is_literal() const { return kind() == Kind::kLiteral; }
  const types::DataType& type() const;
  /// Of a literal.
  const Value& value() const;
  /// Of an input: the batch's column.
  int input() const;
  /// Of a call.
  const Function& function() const;
  /// Empty but for calls.
  const std::vector<Expression>& arguments() const;
  int depth() const;

  /// The same input always gives the same result: no random, no clock.
  bool deterministic() const;
  /// Some row may give an error.
  bool may_fail() const;
  /// NULL, of whatever type.
  bool is_null_literal() const { return is_literal() && value().is_null(); }

  /// As Flink's plans: "+(a, 1)" style prefix form with $0 for inputs: "AND(>($0, 1), LIKE($1, 'a%'))".
  std::string ToString() const;
  /// Structural, types included.
  bool operator==(const Expression& other) const;
  uint64_t hash() const;
  /// Same node: what was copied from one another.
  bool SameNode(const Expression& other) const { return node_ == other.node_; }

 private:
  struct Node;
  explicit Expression(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  std::shared_ptr<const Node> node_;
};

/// Columns read, ascending, each once.
std::vector<int> InputsOf(const Expression& expression);

/// The expression over another layout: input i becomes `columns[i]`.
Expression RemapInputs(const Expression& expression, const std::vector<int>& columns);

/// The expression over what each input is computed from: input i becomes `replacements[i]`, which has its type.
Expression ReplaceInputs(const Expression& expression, const std::vector<Expression>& replacements);

/// Versioned bytes (docs/internals/expressions.md). Decode resolves each call anew, so bytes of any origin give an expression that
/// evaluates, or an error: external if malformed, user if it names a function that this build does not have.
std::string Encode(const Expression& expression);
Result<Expression> Decode(std::string_view bytes);

}  // namespace thalweg::expr
