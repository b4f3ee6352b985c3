// Queries and what stands in FROM.
#pragma once

#include "sql/ast_expr.h"
#include "sql/ast_match.h"

namespace thalweg::sql {

/// t [/*+ hints */] [FOR SYSTEM_TIME AS OF expr]; `path` instead of a name: SELECT * FROM 'file.parquet'.
struct NamedTable {
  Name name;
  std::optional<std::string> path;
  std::vector<Hint> hints;
};
struct DerivedTable {
  QueryPtr query;
  bool lateral = false;
};
/// TABLE(f(...)), LATERAL TABLE(f(...)) and plain f(...).
struct FunctionTable {
  ExprPtr call;
  bool lateral = false;
  std::vector<Hint> hints;
};
struct Unnest {
  std::vector<ExprPtr> operands;
  bool with_ordinality = false;
};

enum class JoinKind : uint8_t { kInner, kLeft, kRight, kFull, kCross, kComma };
struct Join {
  JoinKind kind;
  TableRefPtr left;
  TableRefPtr right;
  bool natural = false;
  ExprPtr on;  // may be null
  std::vector<Identifier> using_columns;
};

struct MatchTable {
  TableRefPtr input;
  std::shared_ptr<const MatchRecognize> match;
};

struct Sample {
  bool bernoulli = true;  // else SYSTEM
  std::string percentage;
  std::optional<std::string> repeatable;
};

struct TableRef {
  using Node = std::variant<NamedTable, DerivedTable, FunctionTable, Unnest, Join, MatchTable>;
  Span span;
  Node node;
  ExprPtr as_of;  // FOR SYSTEM_TIME AS OF, may be null
  std::optional<Identifier> alias;
  std::vector<Identifier> columns;  // AS t(a, b)
  std::optional<Sample> sample;
};

struct SelectItem {
  ExprPtr expr;
  std::optional<Identifier> alias;
};

/// An element of GROUP BY: an expression, or sets of them.
enum class GroupingKind : uint8_t { kExpr, kEmpty, kGroupingSets, kRollup, kCube };
struct GroupingElement {
  GroupingKind kind;
  std::vector<ExprPtr> exprs;             // of kExpr one; of kRollup and kCube all
  std::vector<GroupingElement> elements;  // of kGroupingSets
};

struct NamedWindow {
  Identifier name;
  WindowSpec spec;
};

struct Select {
  std::vector<Hint> hints;
  SetQuantifier quantifier = SetQuantifier::kNone;
  std::vector<SelectItem> items;
  TableRefPtr from;  // may be null
  ExprPtr where;
  std::optional<std::vector<GroupingElement>> group_by;
  bool group_by_distinct = false;
  ExprPtr having;
  std::vector<NamedWindow> windows;
  ExprPtr qualify;
  Name late_into;  // LATE DATA INTO table; empty: none
};

enum class SetOp : uint8_t { kUnion, kIntersect, kExcept };
struct SetOperation {
  SetOp op;
  bool all = false;
  QueryPtr left;
  QueryPtr right;
};
struct Values {
  std::vector<ExprPtr> rows;  // RowValue, or one expression
};
/// TABLE t
struct TableQuery {
  Name name;
};
/// (query) below an ORDER BY or WITH of its own.
struct NestedQuery {
  QueryPtr query;
};

struct CommonTable {
  Identifier name;
  std::vector<Identifier> columns;
  QueryPtr query;
};

struct Query {
  using Node = std::variant<Select, SetOperation, Values, TableQuery, NestedQuery>;
  Span span;
  bool recursive = false;
  std::vector<CommonTable> with;
  Node node;
  std::vector<OrderItem> order_by;
  ExprPtr offset;
  ExprPtr limit;  // LIMIT n, FETCH FIRST n ROWS ONLY; null also for LIMIT ALL
};

}  // namespace thalweg::sql
