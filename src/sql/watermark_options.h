// `scan.watermark.*` of a table: what Flink's planner, and not the connector, does with watermarks of its source.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph/scan_spec.h"
#include "sql/catalog.h"

namespace thalweg::sql {

bool IsWatermarkOption(std::string_view key);

/// The table's options and the query's hints, which go before them, into `spec`. UserError for one that does not exist, or whose
/// value is wrong. `warnings`: what has no effect.
Status ReadWatermarkOptions(const Table& table, const std::map<std::string, std::string>& hints, graph::ScanSpec& spec,
                            std::vector<std::string>& warnings);

}  // namespace thalweg::sql
