// Rows that are taken together: the groups that they belong to, and what each row does to its group.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "columns/batch.h"
#include "operators/aggregate_layout.h"
#include "operators/row_changes.h"
#include "state/keyed_backend.h"

namespace thalweg::operators {

/// Rows taken together: their changes fit one or two output batches.
constexpr int32_t kRowsTogether = 512;

inline bool IsRetraction(types::RowKind kind) {
  return kind == types::RowKind::kUpdateBefore || kind == types::RowKind::kDelete;
}

/// The table of the groups of a group aggregate.
Result<state::ObjectTable*> OpenGroups(state::KeyedBackend& backend, const AggregateLayout& layout, int64_t ttl_ms);

/// Groups in a table, by their keys. The task's thread.
class GroupFinder {
 public:
  void Open(state::ObjectTable& table, AggregateLayout& layout) {
    table_ = &table;
    layout_ = &layout;
  }
  /// blocks[i] = the block of keys[i], made where there is none; at most kRowsTogether, which hold until the next call on the table.
  /// False: the table cannot show several groups at once. It can always show one.
  bool Find(std::span<const state::KeyView> keys, std::byte** blocks);

 private:
  state::ObjectTable* table_ = nullptr;
  AggregateLayout* layout_ = nullptr;
  std::array<void*, kRowsTogether> objects_;
};

/// What rows do to their groups, in the order of the rows. A group without rows is one that is not there.
struct RowDeeds {
  /// Rows from `from` on; blocks[i] is the group's of row from + i, whose number of rows is brought up to date.
  void Count(const columns::Batch& batch, int32_t from, size_t count, std::byte* const* blocks);

  std::array<int32_t, kRowsTogether> rows;
  std::array<uint8_t, kRowsTogether> ops;
  std::array<Change, kRowsTogether> kinds;
  std::array<int64_t, size_t{2} * kRowsTogether> counts;  // of the group's rows, before and after the row
  std::vector<size_t> empty;                              // rows after which the group had none
};

}  // namespace thalweg::operators
