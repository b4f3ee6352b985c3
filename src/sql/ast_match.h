// MATCH_RECOGNIZE: patterns over the rows of a table.
#pragma once

#include "sql/ast_expr.h"

namespace thalweg::sql {

struct Pattern;
using PatternPtr = std::shared_ptr<const Pattern>;

enum class PatternKind : uint8_t {
  kVariable,       // A
  kConcatenation,  // A B
  kAlternation,    // A | B
  kPermute,        // PERMUTE(A, B)
  kExclusion,      // {- A -}
  kEmpty,          // ()
};
struct Quantity {
  std::optional<int> min;
  std::optional<int> max;  // none: without bound
  bool reluctant = false;
};
struct Pattern {
  PatternKind kind = PatternKind::kVariable;
  Identifier variable;
  std::vector<PatternPtr> parts;
  std::optional<Quantity> quantity;
  Position at;
};

enum class SkipKind : uint8_t { kPastLastRow, kToNextRow, kToFirst, kToLast, kToVariable };
struct AfterMatch {
  SkipKind kind;
  Identifier variable;
};

struct MatchRecognize {
  struct Measure {
    ExprPtr expr;
    Identifier alias;
  };
  struct Subset {
    Identifier name;
    std::vector<Identifier> variables;
  };
  struct Definition {
    Identifier variable;
    ExprPtr condition;
  };
  std::vector<ExprPtr> partition_by;
  std::vector<OrderItem> order_by;
  std::vector<Measure> measures;
  std::optional<bool> all_rows;  // ALL ROWS PER MATCH, ONE ROW PER MATCH
  Position rows_at;
  std::optional<AfterMatch> after;
  bool strict_start = false;  // ^
  bool strict_end = false;    // $
  Position anchor_at;
  PatternPtr pattern;
  ExprPtr within;  // an interval; may be null
  std::vector<Subset> subsets;
  std::vector<Definition> define;
};

}  // namespace thalweg::sql
