#include "operators/row_operators.h"

#include "operators/calc.h"
#include "operators/join.h"

namespace thalweg::operators {

void AddRowOperators(flow::Registry& registry) {
  registry.AddOperator("calc", MakeCalc);
  registry.AddOperator("join", MakeJoin);
}

}  // namespace thalweg::operators
