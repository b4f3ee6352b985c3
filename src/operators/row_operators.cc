#include "operators/row_operators.h"

#include "operators/calc.h"
#include "operators/group_aggregate.h"
#include "operators/window_aggregate.h"

namespace thalweg::operators {

void AddRowOperators(flow::Registry& registry) {
  registry.AddOperator("calc", MakeCalc);
  registry.AddOperator("group-aggregate", MakeGroupAggregate);
  registry.AddOperator("window-aggregate", MakeWindowAggregate);
}

}  // namespace thalweg::operators
