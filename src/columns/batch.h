// Batch: 1..8192 rows in columns, the unit that moves on every edge. Buffers lie in Arrow's physical layout.
// Rule: a Batch is a move-only handle; its buffers may be shared, and only a sole owner writes them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "columns/buffer.h"
#include "types/data_type.h"
#include "types/object_type.h"
#include "types/row_kind.h"

namespace thalweg::columns {

constexpr int32_t kMaxBatchRows = 8192;
/// Rows a producer gathers before it emits: the knee of the batch-size curve (bench/chain_bench.cc).
constexpr int32_t kBatchRows = 1024;
/// Event time of a row that has none (Flink's Long.MIN_VALUE).
constexpr int64_t kNoTime = INT64_MIN;

/// Arrow's 16-byte binary view: up to 12 bytes inline, else 4 bytes of prefix and a place in a heap buffer.
struct StringView16 {
  int32_t size;
  union {
    char inlined[12];
    struct {
      char prefix[4];
      int32_t heap;
      int32_t offset;
    } ref;
  };
};
static_assert(sizeof(StringView16) == 16);

/// One column. `values` by type: fixed-width values, bitmap (BOOLEAN), 16-byte views (STRING, BINARY), C++ objects (OBJECT),
/// nothing (nested: `offsets` int32 [length + 1] for ARRAY, MAP, MULTISET, and `children`).
struct Column {
  types::DataType type;
  int32_t length = 0;
  BufferRef validity;  // Arrow bitmap, bit set: present; null: no NULLs
  BufferRef values;
  std::vector<BufferRef> heaps;  // bytes behind the views
  BufferRef offsets;
  std::vector<Column> children;

  bool IsNull(int32_t row) const { return validity && !((validity.data<uint8_t>()[row >> 3] >> (row & 7)) & 1); }
  template <typename T>
  const T* data() const {
    return values.data<T>();
  }
  bool Bool(int32_t row) const { return (values.data<uint8_t>()[row >> 3] >> (row & 7)) & 1; }
  /// Of STRING or BINARY; valid as long as the column.
  std::string_view String(int32_t row) const {
    const StringView16& view = values.data<StringView16>()[row];
    if (view.size <= 12) return {view.inlined, static_cast<size_t>(view.size)};
    return {heaps[static_cast<size_t>(view.ref.heap)].data<char>() + view.ref.offset, static_cast<size_t>(view.size)};
  }
};

/// Owner of rows. A null Batch (default, or moved from) has no rows. Moves between threads, used by one at a time.
class Batch {
 public:
  struct Body {
    int32_t rows = 0;
    boost::container::small_vector<Column, 3> columns;
    BufferRef kinds;       // uint8 RowKind per row; null: all +I
    BufferRef times;       // int64 ms event time per row; null: none
    BufferRef key_hashes;  // uint64 Hash64 of the canonical key bytes per row; null: not keyed
    BufferRef self;        // the slab this body lies in
  };

  Batch() = default;
  /// `rows` rows, no columns yet; the body lies in `pool`.
  Batch(BufferPool& pool, int32_t rows);
  Batch(Batch&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
  Batch& operator=(Batch&& other) noexcept {
    std::swap(body_, other.body_);
    return *this;
  }
  ~Batch() {
    if (body_) Free();
  }

  explicit operator bool() const { return body_ != nullptr; }
  int32_t rows() const { return body_ ? body_->rows : 0; }
  void set_rows(int32_t rows) { body_->rows = rows; }
  int num_columns() const { return static_cast<int>(body_->columns.size()); }
  const Column& column(int index) const { return body_->columns[static_cast<size_t>(index)]; }
  Column& column(int index) { return body_->columns[static_cast<size_t>(index)]; }
  void AddColumn(Column column) { body_->columns.push_back(std::move(column)); }
  void DropColumns(int keep) { body_->columns.resize(static_cast<size_t>(keep)); }

  types::RowKind kind(int32_t row) const {
    return body_->kinds ? static_cast<types::RowKind>(body_->kinds.data<uint8_t>()[row]) : types::RowKind::kInsert;
  }
  int64_t time(int32_t row) const { return body_->times ? body_->times.data<int64_t>()[row] : kNoTime; }
  uint64_t key_hash(int32_t row) const { return body_->key_hashes.data<uint64_t>()[row]; }
  BufferRef& kinds() { return body_->kinds; }
  BufferRef& times() { return body_->times; }
  BufferRef& key_hashes() { return body_->key_hashes; }
  const BufferRef& kinds() const { return body_->kinds; }
  const BufferRef& times() const { return body_->times; }
  const BufferRef& key_hashes() const { return body_->key_hashes; }

  /// The values of the object column `index`.
  template <typename T>
  const T* objects(int index = 0) const {
    return column(index).values.template data<T>();
  }

  /// A second handle on the same buffers, its body in `pool`. Both are then immutable.
  Batch Share(BufferPool& pool) const;

 private:
  void Free();
  Body* body_ = nullptr;
};

/// A column of `count` objects of `type`, uninitialised: construct all, then call `values.SetObjects(&type, count)`.
Column NewObjectColumn(BufferPool& pool, const types::ObjectType& type, int32_t count);

}  // namespace thalweg::columns
