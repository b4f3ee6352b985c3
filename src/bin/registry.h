// The one place that names concrete operators and connectors by kind.
#pragma once

#include "flow/program.h"

namespace thalweg::bin {

/// Adds every kind this build knows.
void FillRegistry(flow::Registry& registry);

}  // namespace thalweg::bin
