// CollectionSource<T>: the values of a vector as a stream of objects.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "columns/object_writer.h"
#include "connectors/range_source.h"

namespace thalweg::connectors {

/// Rows are copies of `values`, without event times; contiguous pieces over the subtasks. The job must be built with the same values
/// when it is restored: positions are indexes.
template <typename T>
std::shared_ptr<flow::Source> MakeCollectionSource(std::vector<T> values) {
  auto shared = std::make_shared<const std::vector<T>>(std::move(values));
  RangeSourceOptions options;
  options.to = static_cast<int64_t>(shared->size());
  options.make_rows = [shared] {
    return RangeRows(
        [shared](int64_t first, int64_t step, int32_t rows, columns::BufferPool& pool) -> Result<columns::Batch> {
          columns::ObjectWriter<T> writer(pool, rows);
          for (int32_t i = 0; i < rows; ++i) {
            auto index = static_cast<size_t>(first + i * step);
            if (index >= shared->size())
              return UserError("Collection has {} values, the restored position is {}", shared->size(), index);
            writer.Append((*shared)[index]);
          }
          return writer.Take();
        });
  };
  return MakeRangeSource(std::move(options));
}

}  // namespace thalweg::connectors
