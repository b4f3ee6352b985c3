#include "columns/scatter.h"

#include <algorithm>

namespace thalweg::columns {

Scatterer::Scatterer(int32_t destinations, BufferPool& pool, int32_t capacity)
    : begin_(static_cast<size_t>(destinations) + 1) {
  builders_.reserve(static_cast<size_t>(destinations));
  for (int32_t i = 0; i < destinations; ++i) builders_.emplace_back(pool, capacity);
}

void Scatterer::Add(Batch batch, const int32_t* to, std::vector<Routed>& full) {
  if (batch.rows() == 1) {
    constexpr int32_t kFirstRow = 0;
    return AddRows(batch, to[0], &kFirstRow, 1, full);
  }
  // A counting sort: begin_[d + 1] counts, becomes the first place of d, and moves on to that of d + 1.
  int32_t rows = batch.rows();
  std::fill(begin_.begin(), begin_.end(), 0);
  for (int32_t i = 0; i < rows; ++i) ++begin_[static_cast<size_t>(to[i]) + 1];
  for (size_t d = 1; d < begin_.size(); ++d) begin_[d] += begin_[d - 1];
  order_.resize(static_cast<size_t>(rows));
  for (int32_t i = 0; i < rows; ++i) order_[static_cast<size_t>(begin_[static_cast<size_t>(to[i])]++)] = i;
  int32_t first = 0;
  for (int32_t d = 0; d < destinations(); ++d) {
    int32_t end = begin_[static_cast<size_t>(d)];
    if (end > first) AddRows(batch, d, order_.data() + first, end - first, full);
    first = end;
  }
}

void Scatterer::AddRows(Batch& batch, int32_t destination, const int32_t* rows, int32_t n, std::vector<Routed>& full) {
  BatchBuilder& builder = builders_[static_cast<size_t>(destination)];
  // A batch that is full and goes to one destination whole need not be copied.
  if (n == batch.rows() && builder.rows() == 0 && n == builder.room())
    return full.push_back({destination, std::move(batch)});
  while (n > 0) {
    int32_t some = std::min(n, builder.room());
    builder.TakeRows(batch, rows, some);
    if (builder.full()) full.push_back({destination, builder.Take()});
    rows += some;
    n -= some;
  }
}

}  // namespace thalweg::columns
