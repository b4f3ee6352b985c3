// Scan: what the rows of a table's source pass inside it (graph/scan_spec.h).
#pragma once

#include "flow/program.h"
#include "time/clock.h"

namespace thalweg::operators {

/// Gives each source of `program` that has a scan and no pipeline yet its pipeline. `clock`: what PROCTIME() and the like say; it outlives the
/// program.
Status AddScanPipelines(flow::Program& program, const time::Clock& clock);

}  // namespace thalweg::operators
