// What all parts of the syntax tree are made of. Rule: a node is immutable once the parser has made it and owns what lies below it;
// nodes are shared by pointer, any thread may read them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sql/token.h"

namespace thalweg::sql {

struct Expr;
struct Query;
struct TypeSpec;
struct TableRef;
struct Statement;
using ExprPtr = std::shared_ptr<const Expr>;
using QueryPtr = std::shared_ptr<const Query>;
using TypePtr = std::shared_ptr<const TypeSpec>;
using TableRefPtr = std::shared_ptr<const TableRef>;
using StatementPtr = std::shared_ptr<const Statement>;

/// One part of a name, without backquotes, as written: names are case-sensitive in Flink.
struct Identifier {
  std::string text;
  Span span;
};

/// catalog.database.table, or a column with what qualifies it. Never empty.
using Name = std::vector<Identifier>;

/// 'key' = 'value' in WITH (...), SET (...) and OPTIONS hints.
struct Option {
  std::string key;
  std::string value;
  Span span;
};
using Options = std::vector<Option>;

/// /*+ OPTIONS('k' = 'v') */, /*+ BROADCAST(t1, t2) */, /*+ LOOKUP('table' = 'd') */
struct Hint {
  Identifier name;
  Options options;                     // 'k' = 'v'
  std::vector<std::string> arguments;  // names and literals without =
};

}  // namespace thalweg::sql
