// Expressions. Each kind is a struct; `Expr` is one of them with its place in the text.
#pragma once

#include <variant>

#include "sql/ast.h"
#include "sql/ast_type.h"

namespace thalweg::sql {

enum class LiteralKind : uint8_t {
  kNull,
  kTrue,
  kFalse,
  kUnknown,
  kInteger,
  kDecimal,
  kApproximate,
  kString,
  kBinary,  // text: hex digits
  kDate,
  kTime,
  kTimestamp,
  kTimestampLtz,
};
struct Literal {
  LiteralKind kind;
  std::string text;
};

/// INTERVAL '1-2' YEAR TO MONTH
struct IntervalLiteral {
  bool negative = false;
  std::string text;
  IntervalQualifier qualifier;
};

/// a, t.a, catalog.database.t.a: which part is what, only the binder can tell.
struct ColumnRef {
  Name name;
};

/// *, t.*, and the * of COUNT(*).
struct Star {
  Name qualifier;
  std::vector<Identifier> exclude;
};

/// A word that is an argument by itself: the unit of EXTRACT and CEIL, BOTH of TRIM, DEFAULT.
struct Symbol {
  std::string word;
};

enum class UnaryOp : uint8_t { kNot, kMinus, kPlus, kRunning, kFinal };
struct Unary {
  UnaryOp op;
  ExprPtr operand;
};

/// operand IS [NOT] test
enum class IsTest : uint8_t {
  kNull,
  kTrue,
  kFalse,
  kUnknown,
  kJson,
  kJsonValue,
  kJsonObject,
  kJsonArray,
  kJsonScalar,
  kASet,
  kEmpty
};
struct Is {
  ExprPtr operand;
  IsTest test;
  bool negated = false;
};

/// a AND b AND c: flat, for such chains grow long.
enum class LogicalOp : uint8_t { kAnd, kOr };
struct Logical {
  LogicalOp op;
  std::vector<ExprPtr> operands;
};

enum class BinaryOp : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kConcat,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIsDistinctFrom,
  kIsNotDistinctFrom,
  kOverlaps,
  kMemberOf,
  kSubmultisetOf,
};
std::string_view BinaryOpText(BinaryOp op);
struct Binary {
  BinaryOp op;
  ExprPtr left;
  ExprPtr right;
};

struct Between {
  ExprPtr operand;
  ExprPtr low;
  ExprPtr high;
  bool negated = false;
  bool symmetric = false;
};

/// operand [NOT] IN (list), or IN (query).
struct In {
  ExprPtr operand;
  std::vector<ExprPtr> list;
  QueryPtr query;
  bool negated = false;
};

enum class LikeKind : uint8_t { kLike, kSimilar };
struct Like {
  LikeKind kind;
  ExprPtr operand;
  ExprPtr pattern;
  ExprPtr escape;  // may be null
  bool negated = false;
};

/// operand op SOME|ANY|ALL (list or query)
enum class Quantifier : uint8_t { kSome, kAll };
struct Quantified {
  ExprPtr operand;
  BinaryOp op;
  Quantifier quantifier;
  std::vector<ExprPtr> list;
  QueryPtr query;
};

struct Exists {
  QueryPtr query;
};
struct ScalarQuery {
  QueryPtr query;
};

struct Case {
  struct Branch {
    ExprPtr when;
    ExprPtr then;
  };
  ExprPtr operand;  // null: CASE WHEN condition
  std::vector<Branch> branches;
  ExprPtr otherwise;  // may be null
};

struct Cast {
  ExprPtr operand;
  TypePtr type;
  bool try_cast = false;
};

enum class NullOrder : uint8_t { kDefault, kFirst, kLast };
struct OrderItem {
  ExprPtr expr;
  bool descending = false;
  NullOrder nulls = NullOrder::kDefault;
};

enum class FrameBoundKind : uint8_t { kUnboundedPreceding, kPreceding, kCurrentRow, kFollowing, kUnboundedFollowing };
struct FrameBound {
  FrameBoundKind kind;
  ExprPtr offset;  // of kPreceding and kFollowing
};
struct WindowFrame {
  bool rows = true;  // else RANGE
  FrameBound start;
  std::optional<FrameBound> end;
};
/// OVER (...) or a named window. OVER w has `base` and nothing else, and `named_only`.
struct WindowSpec {
  std::optional<Identifier> base;
  bool named_only = false;
  std::vector<ExprPtr> partition_by;
  std::vector<OrderItem> order_by;
  std::optional<WindowFrame> frame;
};

enum class JsonBehavior : uint8_t { kNull, kError, kDefault, kTrue, kFalse, kUnknown, kEmptyArray, kEmptyObject };
struct JsonFallback {
  JsonBehavior behavior;
  ExprPtr value;  // of kDefault
};
enum class JsonWrapper : uint8_t { kWithout, kConditional, kUnconditional };
enum class JsonNulls : uint8_t { kNull, kAbsent };
/// What a JSON function has besides its arguments.
struct JsonClauses {
  TypePtr returning;
  std::optional<JsonWrapper> wrapper;
  std::optional<JsonFallback> on_empty;
  std::optional<JsonFallback> on_error;
  std::optional<JsonNulls> on_null;
};

/// How a call is written; its arguments are in the order of the plain form.
enum class CallSyntax : uint8_t {
  kPlain,
  kNoParentheses,  // CURRENT_TIMESTAMP
  kExtract,        // EXTRACT(unit FROM x)
  kTrim,           // TRIM(side FROM x), TRIM(side chars FROM x): side, [chars,] x
  kPosition,       // POSITION(a IN b [FROM c])
  kOverlay,        // OVERLAY(a PLACING b FROM c [FOR d])
  kTo,             // CEIL(x TO unit)
  kUnitFirst,      // TIMESTAMPADD(unit, n, t)
  kJson,           // JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_ARRAY, JSON_ARRAYAGG
  kJsonObject,     // JSON_OBJECT, JSON_OBJECTAGG: key, value, key, value
};
enum class SetQuantifier : uint8_t { kNone, kAll, kDistinct };
enum class NullTreatment : uint8_t { kNone, kIgnore, kRespect };
struct Call {
  Name name;
  CallSyntax syntax = CallSyntax::kPlain;
  SetQuantifier quantifier = SetQuantifier::kNone;
  std::vector<ExprPtr> arguments;
  std::vector<OrderItem> order_by;  // ARRAY_AGG(x ORDER BY y)
  std::vector<OrderItem> within_group;
  NullTreatment nulls = NullTreatment::kNone;
  ExprPtr filter;                           // may be null
  std::shared_ptr<const WindowSpec> over;   // may be null
  std::shared_ptr<const JsonClauses> json;  // may be null
};

enum class CollectionKind : uint8_t { kArray, kMap, kMultiset };
/// ARRAY[1, 2], MAP['k', 1], MULTISET[1], or over a query.
struct Collection {
  CollectionKind kind;
  std::vector<ExprPtr> elements;
  QueryPtr query;  // ARRAY(SELECT ...)
};
/// ROW(1, 'a') and (1, 'a').
struct RowValue {
  std::vector<ExprPtr> fields;
};
struct Subscript {
  ExprPtr operand;
  ExprPtr index;
};
/// (expr).field; what begins with a plain name is a ColumnRef.
struct FieldAccess {
  ExprPtr operand;
  Identifier field;
};
/// (expr).*: the fields of a row as columns.
struct FieldStar {
  ExprPtr operand;
};

/// f(name => value)
struct NamedArgument {
  Identifier name;
  ExprPtr value;
};
/// f(TABLE t PARTITION BY k ORDER BY ts), f((SELECT ...) PARTITION BY k)
struct TableArgument {
  Name table;
  QueryPtr query;  // instead of `table`
  std::vector<ExprPtr> partition_by;
  std::vector<OrderItem> order_by;
};
/// f(MODEL m)
struct ModelArgument {
  Name model;
};
/// DESCRIPTOR(ts), DESCRIPTOR(a INT, b STRING)
struct Descriptor {
  struct Column {
    Name name;
    TypePtr type;  // may be null
  };
  std::vector<Column> columns;
};

struct Expr {
  using Node = std::variant<Literal, IntervalLiteral, ColumnRef, Star, Symbol, Unary, Is, Logical, Binary, Between, In,
                            Like, Quantified, Exists, ScalarQuery, Case, Cast, Call, Collection, RowValue, Subscript,
                            FieldAccess, FieldStar, NamedArgument, TableArgument, ModelArgument, Descriptor>;
  Span span;
  Node node;

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};

}  // namespace thalweg::sql
