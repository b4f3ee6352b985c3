// Columns of NULLs that share one buffer of zeros: what stands in the place of columns that nobody reads.
#pragma once

#include "columns/batch.h"

namespace thalweg::columns {

/// One thread.
class NullColumns {
 public:
  /// `rows` NULLs of `type`, whatever it says of NULLs; not of OBJECT. Costs no more for many rows than for few.
  Column Make(const types::DataType& type, int32_t rows, BufferPool& pool);

 private:
  const BufferRef& Zeros(size_t bytes, BufferPool& pool);
  BufferRef zeros_;
};

}  // namespace thalweg::columns
