#include "operators/keys.h"

namespace thalweg::operators {

Status BatchKeys::Load(const columns::Batch& batch, int32_t from) {
  if (!batch.key_hashes() || batch.num_columns() <= kFirstKeyColumn) {
    return InternalError("A keyed operator needs key columns and hashes: the batch has {} columns",
                         batch.num_columns());
  }
  from_ = from;
  hashes_ = batch.key_hashes().data<uint64_t>();
  bytes_.clear();
  offsets_.clear();
  for (int32_t row = from; row < batch.rows(); ++row) {
    offsets_.push_back(bytes_.size());
    for (int column = kFirstKeyColumn; column < batch.num_columns(); ++column) {
      columns::AppendCellKey(batch.column(column), row, bytes_);
    }
  }
  offsets_.push_back(bytes_.size());
  return {};
}

}  // namespace thalweg::operators
