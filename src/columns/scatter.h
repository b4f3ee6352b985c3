// Scatterer: the send side of an exchange that sends each row to one of N destinations, gathering full batches for each.
// Rule: the rows of one destination keep their order. Column at a time; objects that have a sole owner are moved.
#pragma once

#include <vector>

#include "columns/builder.h"

namespace thalweg::columns {

/// A batch and where it goes.
struct Routed {
  int32_t destination = 0;
  Batch batch;
};

/// One thread. Holds at most `capacity` - 1 rows for each destination, and memory only for those that have rows.
class Scatterer {
 public:
  Scatterer(int32_t destinations, BufferPool& pool, int32_t capacity = kBatchRows);

  /// Adds row i of `batch` to destination `to[i]`; batches that became full are appended to `full`, in order.
  void Add(Batch batch, const int32_t* to, std::vector<Routed>& full);
  /// What has gathered for a destination (null batch if nothing).
  Batch Take(int32_t destination) { return builders_[static_cast<size_t>(destination)].Take(); }

  int32_t destinations() const { return static_cast<int32_t>(builders_.size()); }
  int32_t rows(int32_t destination) const { return builders_[static_cast<size_t>(destination)].rows(); }

 private:
  void AddRows(Batch& batch, int32_t destination, const int32_t* rows, int32_t n, std::vector<Routed>& full);

  std::vector<BatchBuilder> builders_;
  std::vector<int32_t> begin_;  // per destination: first of its rows in order_
  std::vector<int32_t> order_;  // row numbers by destination
};

}  // namespace thalweg::columns
