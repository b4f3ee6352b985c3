#include "operators/row_operators.h"

#include "operators/calc.h"
#include "operators/group_aggregate.h"
#include "operators/over_aggregate.h"
#include "operators/window_aggregate.h"
#include "operators/window_tvf.h"

namespace thalweg::operators {

void AddRowOperators(flow::Registry& registry) {
  registry.AddOperator("calc", MakeCalc);
  registry.AddOperator("group-aggregate", MakeGroupAggregate);
  registry.AddOperator("over-aggregate", MakeOverAggregate);
  registry.AddOperator("window-aggregate", MakeWindowAggregate);
  registry.AddOperator("window-tvf", MakeWindowTvf);
}

}  // namespace thalweg::operators
