// Order of rows as bytes: memcmp orders them as the sort keys order the rows. Equal bytes: rows that the order does not tell apart.
#pragma once

#include <string>
#include <vector>

#include "columns/batch.h"
#include "graph/row_spec.h"

namespace thalweg::operators {

/// Appends the bytes of `row`. Each key ends itself, so that nothing of the next one counts before it.
void AppendSortKey(const columns::Batch& batch, int32_t row, const std::vector<graph::SortKey>& order,
                   std::string& out);

}  // namespace thalweg::operators
