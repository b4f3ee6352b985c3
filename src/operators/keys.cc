#include "operators/keys.h"

namespace thalweg::operators {

Status BatchKeys::Load(const columns::Batch& batch, int32_t from) {
  if (!batch.key_hashes() || batch.num_columns() < kFirstKeyColumn) {
    return InternalError("A keyed operator needs keys and hashes: the batch has {} columns", batch.num_columns());
  }
  from_ = from;
  hashes_ = batch.key_hashes().data<uint64_t>();
  if (batch.num_columns() == kFirstKeyColumn) {  // one key, of no columns
    bytes_.clear();
    offsets_.assign(static_cast<size_t>(batch.rows() - from) + 1, 0);
    return {};
  }
  columns::EncodeKeys(batch, kFirstKeyColumn, from, bytes_, offsets_);
  return {};
}

}  // namespace thalweg::operators
