// The operators over rows of columns, which SQL and the Table API end in, by the kinds of their nodes.
#pragma once

#include "flow/program.h"

namespace thalweg::operators {

void AddRowOperators(flow::Registry& registry);

}  // namespace thalweg::operators
