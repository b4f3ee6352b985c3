// Which columns are times that windows, temporal joins and the like may go by. Rule: a plan tells by its columns' roles (plan.h), as it stands;
// whether a join is by an interval, or a group by a window, only the rules find out.
#pragma once

#include "sql/plan.h"

namespace thalweg::sql {

/// `plan`, or what the rules make of it if that has more time attributes: the same columns in their order. A plan with references to queries
/// around it stays as it is.
PlanPtr WithTimeAttributes(PlanPtr plan);
/// The same where `column` is none yet.
PlanPtr WithTimeAttribute(PlanPtr plan, int column);

}  // namespace thalweg::sql
