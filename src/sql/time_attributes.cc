#include "sql/time_attributes.h"

#include "sql/decorrelate.h"
#include "sql/rules.h"

namespace thalweg::sql {

PlanPtr WithTimeAttributes(PlanPtr plan) {
  if (PlanHasOuter(*plan)) return plan;
  PlanPtr better = Optimize(plan);
  for (size_t i = 0; i < plan->columns.size(); ++i)
    if (plan->columns[i].time == TimeRole::kNone && better->columns[i].time != TimeRole::kNone) return better;
  return plan;
}

PlanPtr WithTimeAttribute(PlanPtr plan, int column) {
  if (plan->columns[static_cast<size_t>(column)].time != TimeRole::kNone) return plan;
  return WithTimeAttributes(std::move(plan));
}

}  // namespace thalweg::sql
