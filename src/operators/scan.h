// Scan: what the rows of a table's source pass inside it (graph/scan_spec.h).
#pragma once

#include "flow/program.h"

namespace thalweg::operators {

/// Gives each source of `program` that has a scan and no pipeline yet its pipeline.
Status AddScanPipelines(flow::Program& program);

}  // namespace thalweg::operators
