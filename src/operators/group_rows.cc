#include "operators/group_rows.h"

namespace thalweg::operators {

Result<state::ObjectTable*> OpenGroups(state::KeyedBackend& backend, const AggregateLayout& layout, int64_t ttl_ms) {
  state::StateSpec spec;
  spec.name = "group-aggregates";
  spec.kind = state::StateKind::kAggregating;
  spec.value_codec = layout.object_type().name;
  spec.ttl.ttl_ms = ttl_ms;
  return backend.OpenTable(spec, layout.object_type());
}

bool GroupFinder::Find(std::span<const state::KeyView> keys, std::byte** blocks) {
  if (keys.size() == 1) {
    blocks[0] = layout_->Open(table_->FindOrCreate(keys[0], {}, nullptr));
    return true;
  }
  table_->FindEach(keys, {}, objects_.data());
  bool missing = false;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (objects_[i]) continue;
    // Opened at once: a slow backend may write it before it is shown, and an object without a layout has no bytes.
    layout_->Open(table_->FindOrCreate(keys[i], {}, nullptr));
    missing = true;
  }
  if (missing) table_->FindEach(keys, {}, objects_.data());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!objects_[i]) return false;
    blocks[i] = layout_->Open(objects_[i]);
  }
  return true;
}

void RowDeeds::Count(const columns::Batch& batch, int32_t from, size_t count, std::byte* const* blocks) {
  empty.clear();
  for (size_t i = 0; i < count; ++i) {
    const int32_t row = from + static_cast<int32_t>(i);
    int64_t& of_group = AggregateLayout::RowCount(blocks[i]);
    rows[i] = row;
    counts[2 * i] = of_group;
    if (!IsRetraction(batch.kind(row))) {
      kinds[i] = of_group == 0 ? Change::kInsert : Change::kUpdate;
      ops[i] = of_group == 0 ? kAddRow | kFresh : kAddRow;
      ++of_group;
    } else if (of_group == 0) {
      kinds[i] = Change::kNone;
      ops[i] = kSkipRow;
    } else {
      --of_group;
      kinds[i] = of_group == 0 ? Change::kDelete : Change::kUpdate;
      ops[i] = kRetractRow;
    }
    counts[2 * i + 1] = of_group;
    if (of_group == 0) empty.push_back(i);
  }
}

}  // namespace thalweg::operators
