#include "columns/batch.h"

namespace thalweg::columns {

Batch::Batch(BufferPool& pool, int32_t rows) {
  BufferRef slab = pool.Allocate(sizeof(Body));
  body_ = new (slab.mutable_data()) Body;
  body_->rows = rows;
  body_->self = std::move(slab);
}

void Batch::Free() {
  BufferRef slab = std::move(body_->self);
  body_->~Body();
  body_ = nullptr;
}

Batch Batch::Share(BufferPool& pool) const {
  Batch copy(pool, rows());
  copy.body_->columns = body_->columns;
  copy.body_->kinds = body_->kinds;
  copy.body_->times = body_->times;
  copy.body_->key_hashes = body_->key_hashes;
  return copy;
}

Column NewObjectColumn(BufferPool& pool, const types::ObjectType& type, int32_t count) {
  Column column;
  column.type = types::DataType::Object(type);
  column.length = count;
  column.values = pool.Allocate(type.size * static_cast<size_t>(count));
  return column;
}

}  // namespace thalweg::columns
