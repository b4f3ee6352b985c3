#include "operators/row_operators.h"

#include "operators/calc.h"

namespace thalweg::operators {

void AddRowOperators(flow::Registry& registry) { registry.AddOperator("calc", MakeCalc); }

}  // namespace thalweg::operators
