// ColumnBuilder and BatchBuilder: columns made row by row, or from selected rows of other columns.
// Rule: one capacity check per append; memory is taken with the first row, and a taken builder holds none.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "columns/batch.h"

namespace thalweg::columns {

/// Types of the child columns that a column of `type` has: element; key, value; element, count; the fields; else none.
std::vector<types::DataType> ChildColumnTypes(const types::DataType& type);

/// One column under construction. One thread. Appends grow it without bound; batches bound the rows.
class ColumnBuilder {
 public:
  /// `capacity`: rows of the first allocation.
  ColumnBuilder(types::DataType type, BufferPool& pool, int32_t capacity = kBatchRows);
  ColumnBuilder(ColumnBuilder&& other) noexcept;
  ColumnBuilder& operator=(ColumnBuilder&&) = delete;
  ~ColumnBuilder() { Abandon(); }

  const types::DataType& type() const { return type_; }
  int32_t length() const { return length_; }

  /// Also a child's placeholder: nested children get NULL or nothing.
  void AppendNull();
  /// A fixed-width value of exactly the type's width: int32_t for INT and DATE, TimestampValue, __int128 for DECIMAL, ...
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  void Append(T value) {
    THALWEG_CHECK(static_cast<int>(sizeof(T)) == width_ && !string_, "{} bytes for {}", sizeof(T), type_.ToString());
    if (length_ == capacity_) Grow(1);
    std::memcpy(data_ + static_cast<size_t>(length_++) * sizeof(T), &value, sizeof(T));
  }
  void AppendBool(bool value);
  /// STRING or BINARY; up to 12 bytes lie in the view, longer ones in a heap buffer.
  void AppendString(std::string_view value) {
    if (length_ == capacity_) Grow(1);
    SetView(reinterpret_cast<StringView16*>(data_)[length_++], value);
  }
  /// OBJECT: T must be the type's C++ type.
  template <typename T>
  void AppendObject(T value) {
    THALWEG_CHECK(static_cast<int>(sizeof(T)) == width_);
    if (length_ == capacity_) Grow(1);
    new (data_ + static_cast<size_t>(length_) * sizeof(T)) T(std::move(value));
    ++length_;
  }
  /// OBJECT: decodes a value in place. On failure nothing is appended.
  Status AppendDecoded(ByteReader& in);

  /// Nested types: append to the children, then close the row: all that the children of an ARRAY, MAP or MULTISET gained
  /// since the last close, or one more value in each child of a ROW.
  ColumnBuilder& child(int index) { return children_[static_cast<size_t>(index)]; }
  int num_children() const { return static_cast<int>(children_.size()); }
  void CloseRow();

  /// Drops the rows from `length` on, and what children hold of an unclosed one. Not for OBJECT.
  void Truncate(int32_t length);

  /// Copies of rows of a column of the same type (nullability may differ); `rows` null: rows 0..n-1. Objects must be copyable.
  void AppendRows(const Column& from, const int32_t* rows, int32_t n);
  /// Rows of two columns of the same type in any order: row order[i] of `one` if it is not negative, else row ~order[i] of `other`. Long strings
  /// stay where they are, their heaps are shared. Not for nested types and objects.
  void AppendMerged(const Column& one, const Column& other, const int32_t* order, int32_t n);
  /// As AppendRows, but moves the objects if `from` is their sole owner (what is left in `from` may only be destroyed).
  void TakeRows(Column& from, const int32_t* rows, int32_t n);

  /// The column; the builder starts anew.
  Column Take();

 private:
  void Grow(int32_t more);
  void EnsureValidity();
  void SetNull(int32_t row);
  void SetView(StringView16& view, std::string_view value);
  void SetLongView(StringView16& view, std::string_view value);
  void AppendValidity(const Column& from, const int32_t* rows, int32_t n);
  void AppendValues(const Column& from, const int32_t* rows, int32_t n);
  void AppendViews(const Column& from, const int32_t* rows, int32_t n);
  int32_t ShareHeaps(const Column& from);
  void AppendLists(const Column& from, const int32_t* rows, int32_t n, Column* take);
  void AppendObjects(const Column& from, const int32_t* rows, int32_t n, Column* take);
  void Append(const Column& from, const int32_t* rows, int32_t n, Column* take);
  void Abandon();

  types::DataType type_;
  BufferPool* pool_;
  int32_t first_capacity_;
  int width_;  // bytes of a value, 0 if none
  bool string_;
  int32_t length_ = 0;
  int32_t capacity_ = 0;
  std::byte* data_ = nullptr;  // of values_
  uint8_t* valid_ = nullptr;   // of validity_: null until the first NULL; bits beyond length_ are set
  int32_t* offset_ = nullptr;  // of offsets_
  BufferRef values_, validity_, offsets_;
  std::vector<BufferRef> heaps_;
  int32_t heap_ = -1;  // of heaps_, where the next long string goes
  char* heap_at_ = nullptr;
  size_t heap_used_ = 0, heap_size_ = 0;
  std::vector<ColumnBuilder> children_;
};

/// A batch under construction. One thread.
class BatchBuilder {
 public:
  /// At most `capacity` rows a batch.
  BatchBuilder(const types::Schema& schema, BufferPool& pool, int32_t capacity = kBatchRows);
  /// Columns of the types of the first rows appended.
  explicit BatchBuilder(BufferPool& pool, int32_t capacity = kBatchRows);

  ColumnBuilder& column(int index) { return columns_[static_cast<size_t>(index)]; }
  int num_columns() const { return static_cast<int>(columns_.size()); }
  /// Ends a row after one append to each column. Times and kinds cost nothing until one is given.
  void FinishRow(int64_t time = kNoTime, types::RowKind kind = types::RowKind::kInsert);

  /// Rows of another batch with their times, kinds and key hashes (hashes only if all rows have them); `rows` null: 0..n-1.
  /// No more than room().
  void AppendRows(const Batch& from, const int32_t* rows, int32_t n);
  /// As AppendRows, but moves the objects of columns that `from` alone owns.
  void TakeRows(Batch& from, const int32_t* rows, int32_t n);

  /// Drops the rows from `rows` on and the values of an unfinished one: a record that did not parse. Not with OBJECT columns.
  void Rollback(int32_t rows);

  int32_t rows() const { return rows_; }
  int32_t room() const { return capacity_ - rows_; }
  bool full() const { return rows_ == capacity_; }
  /// The rows so far (null batch if none); the builder starts anew.
  Batch Take();

 private:
  void AppendMeta(const Batch& from, const int32_t* rows, int32_t n);
  void SetKind(int32_t row, types::RowKind kind);
  void SetTime(int32_t row, int64_t time);
  void StartFrom(const Batch& from);

  BufferPool* pool_;
  int32_t capacity_;
  int32_t rows_ = 0;
  std::vector<ColumnBuilder> columns_;
  BufferRef kinds_, times_, hashes_;
};

}  // namespace thalweg::columns
