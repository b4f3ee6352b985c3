// RowChanges: results before and after each of many rows, and what of them is emitted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "columns/builder.h"
#include "operators/row_output.h"

namespace thalweg::operators {

/// What became of a row's group.
enum class Change : uint8_t { kNone, kInsert, kUpdate, kDelete };

struct EmitOptions {
  bool update_before = false;
  bool equal_too = false;  // results that did not change are emitted
};

/// Columns of results, two values for each row: before and after it. One operator's; reused from block to block.
class RowChanges {
 public:
  /// Columns of `types` for a new block.
  void Start(const std::vector<types::DataType>& types, columns::BufferPool& pool);
  std::vector<columns::ColumnBuilder>& builders() { return builders_; }
  /// Emits what `kinds` ask for, in order: columns `keys` of the batch's row `rows[i]`, then the results.
  void Emit(const columns::Batch& batch, const std::vector<int>& keys, std::span<const int32_t> rows,
            std::span<const Change> kinds, EmitOptions options, RowOutput& out);

  /// Where the results of a change stand in the columns; unread where the change has none.
  struct Places {
    std::span<const int32_t> before, after;
  };
  /// Ends the columns: nothing is appended until Start.
  void EndResults();
  /// As Emit, after EndResults and as often as it likes, of results that stand anywhere.
  void EmitPlaced(const columns::Batch& batch, const std::vector<int>& keys, std::span<const int32_t> rows,
                  std::span<const Change> kinds, const Places& places, EmitOptions options, RowOutput& out);

 private:
  void Add(int32_t row, int32_t result, types::RowKind kind) {
    key_rows_[selected_] = row;
    result_rows_[selected_] = result;
    kinds_[selected_++] = kind;
  }
  /// `before(i)`, `after(i)`: the places of the results of change i.
  template <typename Before, typename After>
  void Select(std::span<const int32_t> rows, std::span<const Change> kinds, EmitOptions options, Before before,
              After after);
  bool IsEqual(int32_t before, int32_t after) const;
  void Send(const columns::Batch& batch, const std::vector<int>& keys, RowOutput& out);

  std::vector<columns::ColumnBuilder> builders_;
  std::vector<columns::Column> results_;
  // Rows to be emitted: the first selected_ ones.
  std::vector<int32_t> key_rows_, result_rows_;
  std::vector<types::RowKind> kinds_;
  size_t selected_ = 0;
};

/// Values of two rows of a column are the same; NULL equals NULL.
bool CellsEqual(const columns::Column& column, int32_t a, int32_t b);

}  // namespace thalweg::operators
