// All metrics as one text for a log, in the form of Flink's Slf4jReporter: what reads its reports reads ours.
#pragma once

#include <string>
#include <vector>

#include "metrics/registry.h"

namespace thalweg::metrics {

/// Lines "identifier: value" in a section for each kind, in the order of `samples`. Begins with an empty line; no newline at the end.
std::string ReportText(const std::vector<Sample>& samples);

}  // namespace thalweg::metrics
