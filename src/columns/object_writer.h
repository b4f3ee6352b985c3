// ObjectWriter<T>: gathers C++ values one by one into batches of one object column.
#pragma once

#include <algorithm>
#include <utility>

#include "columns/batch.h"

namespace thalweg::columns {

/// One thread. Constructed once per operator; between batches it holds no memory.
template <typename T>
class ObjectWriter {
 public:
  explicit ObjectWriter(BufferPool& pool, int32_t capacity = kBatchRows) : pool_(&pool), capacity_(capacity) {}
  ~ObjectWriter() {
    if (rows_) Take();
  }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  /// Appends a row; the caller takes the batch when full(). Times and kinds cost nothing until one is given.
  void Append(T value, int64_t time = kNoTime, types::RowKind kind = types::RowKind::kInsert) {
    if (!values_) Start();
    new (values_.template mutable_data<T>() + rows_) T(std::move(value));
    if (time != kNoTime || times_) SetTime(time);
    if (kind != types::RowKind::kInsert || kinds_) SetKind(kind);
    ++rows_;
  }
  int32_t rows() const { return rows_; }
  bool full() const { return rows_ == capacity_; }

  /// The rows so far as a batch (null if none); the writer starts anew.
  Batch Take() {
    if (rows_ == 0) return {};
    values_.SetObjects(&types::ObjectTypeOf<T>(), static_cast<uint32_t>(rows_));
    Batch batch(*pool_, rows_);
    Column column;
    column.type = types::DataType::Object(types::ObjectTypeOf<T>());
    column.length = rows_;
    column.values = std::move(values_);
    batch.AddColumn(std::move(column));
    batch.times() = std::move(times_);
    batch.kinds() = std::move(kinds_);
    rows_ = 0;
    return batch;
  }

 private:
  void Start() { values_ = pool_->Allocate(sizeof(T) * static_cast<size_t>(capacity_)); }
  void SetTime(int64_t time) {
    if (!times_) {
      times_ = pool_->Allocate(sizeof(int64_t) * static_cast<size_t>(capacity_));
      std::fill_n(times_.mutable_data<int64_t>(), rows_, kNoTime);
    }
    times_.mutable_data<int64_t>()[rows_] = time;
  }
  void SetKind(types::RowKind kind) {
    if (!kinds_) {
      kinds_ = pool_->Allocate(static_cast<size_t>(capacity_));
      std::fill_n(kinds_.mutable_data<uint8_t>(), rows_, uint8_t{0});
    }
    kinds_.mutable_data<uint8_t>()[rows_] = static_cast<uint8_t>(kind);
  }

  BufferPool* pool_;
  int32_t capacity_;
  int32_t rows_ = 0;
  BufferRef values_, times_, kinds_;
};

}  // namespace thalweg::columns
