// Subqueries that refer to the query around them: how such a reference stands in a plan, and how a plan gets rid of it.
// Rule: no plan that leaves the binder has a reference to a query around it; Hoist takes all of them out, or says that it cannot.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "sql/plan.h"
#include "sql/token.h"

namespace thalweg::sql {

/// Column `column` of the query `level` queries out: 1 is the one around this.
expr::Expression OuterColumn(int level, int column, types::DataType type);
/// `e` has such references.
bool HasOuter(const expr::Expression& e);
/// Of the expressions of a plan, its inputs included.
bool PlanHasOuter(const Plan& plan);

/// A subquery without references. For one row of the query around it, its rows are `outputs` of those of `plan` that pass `conjuncts`;
/// these two are over the columns of `plan` and may hold references.
struct Hoisted {
  PlanPtr plan;
  std::vector<expr::Expression> outputs;
  std::vector<expr::Expression> conjuncts;
  /// Of an aggregate without groups, which has a row even where none of `plan` passes `conjuncts`, and never more than one.
  struct OneRow {
    std::vector<expr::Expression> outputs_of_none;
    std::vector<expr::Expression> tests;          // HAVING, where there is a row of `plan`
    std::vector<expr::Expression> tests_of_none;  // HAVING, where there is none
  };
  std::optional<OneRow> one_row;
};

/// A subquery as a plan of its outputs, then columns that each must equal an expression over the query around it.
struct KeyedSubquery {
  PlanPtr plan;
  int outputs = 0;
  struct Key {
    expr::Expression outer;  // references only
    bool nulls_match = false;
    bool operator==(const Key&) const = default;
  };
  std::vector<Key> keys;  // of columns `outputs`, `outputs` + 1, ...
};

/// How a subquery meets the query around it.
struct Surroundings {
  PlanPtr plan;                    // of the query around it
  std::vector<PlanPtr> further;    // of the queries around that one, from the nearest on
  std::function<int(int)> column;  // where a column that is referred to stands in `plan`; null: in its place
  Position at;                     // for messages

  /// An expression of a subquery over the columns of `plan`, then `width` - |plan| others, then those of the subquery's plan.
  /// References to queries further out come one level nearer.
  expr::Expression Joined(const expr::Expression& e, int width) const;
};

/// Throw SyntaxError if a reference stands where it cannot be taken out.
Hoisted Hoist(const PlanPtr& subquery, const Surroundings& around);
KeyedSubquery HoistKeyed(const PlanPtr& subquery, const Surroundings& around);
/// `hoisted` of the same surroundings.
KeyedSubquery Keyed(Hoisted hoisted, const Surroundings& around);

}  // namespace thalweg::sql
