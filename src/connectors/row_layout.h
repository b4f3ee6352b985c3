// The order of a source's columns. Records fill the first ones, metadata the rest; a row type may want them mixed.
#pragma once

#include <utility>
#include <vector>

#include "columns/batch.h"
#include "types/data_type.h"

namespace thalweg::connectors {

struct RowLayout {
  types::SchemaPtr built;  // as readers fill them; null: the source's own names and types, in that order
  std::vector<std::pair<int, int>> swaps;  // bring `built` into the order of the rows

  /// `order[i]`: the place in `built` of column i of the rows; a permutation.
  static RowLayout Make(std::vector<types::Field> built, const std::vector<int>& order);
  /// Columns of the rows.
  types::SchemaPtr Final() const;
  void Apply(columns::Batch& batch) const {
    for (auto [a, b] : swaps) std::swap(batch.column(a), batch.column(b));
  }
};

}  // namespace thalweg::connectors
