#include "operators/join_side.h"

#include <algorithm>

#include "base/check.h"
#include "operators/row_operator.h"

namespace thalweg::operators {

JoinSide::JoinSide(Options options) : options_(std::move(options)) {
  if (options_.bound) {
    layout_ = Layout::kTimed;
    timed_ = TimedRows(*options_.bound);
    return;
  }
  if (options_.unique_key.empty()) {
    if (options_.append_only && options_.ttl_ms == 0) layout_ = Layout::kAppended;
    return;
  }
  const bool contained = std::ranges::all_of(options_.unique_key, [&](int column) {
    return std::ranges::find(options_.join_key, column) != options_.join_key.end();
  });
  layout_ = contained ? Layout::kSingle : Layout::kByUniqueKey;
}

Status JoinSide::Open(state::KeyedBackend& backend) {
  if (layout_ == Layout::kTimed) return timed_.Open(backend, options_.name + "-timed");
  if (layout_ == Layout::kAppended) return appended_.Open(backend, options_.name + "-appended", "part");
  state::StateSpec spec;
  spec.name = options_.name;
  spec.kind = layout_ == Layout::kSingle ? state::StateKind::kValue : state::StateKind::kMap;
  if (layout_ == Layout::kByUniqueKey) spec.namespace_codec = "unique-key";
  if (layout_ == Layout::kCounted) spec.namespace_codec = "row";
  spec.ttl.ttl_ms = options_.ttl_ms;
  THALWEG_ASSIGN(table_, state::Table<JoinEntry>::Open(backend, std::move(spec)));
  return {};
}

std::string_view JoinSide::NameOf(const columns::Batch& batch, int32_t row) {
  if (layout_ == Layout::kCounted) return rows_[row];
  scratch_.clear();
  if (layout_ == Layout::kByUniqueKey) AppendCells(batch, row, options_.unique_key, scratch_);
  return scratch_;
}

void JoinSide::Add(const state::KeyView& key, const columns::Batch& batch, int32_t row, uint64_t associations) {
  if (layout_ == Layout::kTimed) return timed_.Add(key, batch, row, rows_.WithLength(row));
  if (layout_ == Layout::kAppended) return Append(key, std::span(&row, 1));
  bool created = false;
  JoinEntry& entry = table_.FindOrCreate(key, NameOf(batch, row), &created);
  entry.associations = associations;
  if (layout_ == Layout::kCounted) {
    if (!created) ++entry.count;
    return;
  }
  entry.bytes.assign(rows_[row]);
}

void JoinSide::Change(const state::KeyView& key, const columns::Batch& batch, std::span<const int32_t> rows) {
  if (layout_ == Layout::kAppended) return Append(key, rows);
  for (int32_t row : rows) types::RowKindSign(batch.kind(row)) > 0 ? Add(key, batch, row, 0) : Retract(key, batch, row);
}

void JoinSide::Append(const state::KeyView& key, std::span<const int32_t> rows) {
  appended_.Append(key, {}, rows,
                   [&](int32_t row, std::string& bytes) { AppendGrowing(rows_.WithLength(row), bytes); });
}

void JoinSide::Retract(const state::KeyView& key, const columns::Batch& batch, int32_t row) {
  THALWEG_CHECK(!only_comes(), "A side whose rows only come takes one back");
  const std::string_view name = NameOf(batch, row);
  if (layout_ == Layout::kCounted) {
    JoinEntry* entry = table_.Find(key, name);
    if (!entry) return;
    if (entry->count > 1) {
      --entry->count;
      return table_.MarkDirty();
    }
  }
  table_.Erase(key, name);
}

bool JoinSide::IsAdditional(const state::KeyView& key, const columns::Batch& batch, int32_t row) {
  return layout_ == Layout::kCounted || table_.Find(key, NameOf(batch, row)) == nullptr;
}

void JoinSide::Find(const state::KeyView& key, JoinCandidates& found) {
  found.clear();
  if (layout_ == Layout::kSingle) {
    if (const JoinEntry* entry = table_.Find(key)) found.Add(entry->bytes, {}, entry->associations);
    return;
  }
  table_.ForEachOfKey(key, [&](std::string_view name, const JoinEntry& entry) {
    const bool counted = layout_ == Layout::kCounted;
    for (uint64_t i = 0; i < entry.count; ++i)
      found.Add(counted ? name : std::string_view(entry.bytes), counted ? std::string_view() : name,
                entry.associations);
    return true;
  });
}

void JoinSide::SetAssociations(const state::KeyView& key, const JoinCandidates& found, size_t index,
                               uint64_t associations) {
  std::string_view name;
  if (layout_ == Layout::kByUniqueKey) name = found.name(index);
  if (layout_ == Layout::kCounted) name = found.row(index);
  JoinEntry* entry = table_.Find(key, name);
  if (!entry) return;
  entry->associations = associations;
  table_.MarkDirty();
}

}  // namespace thalweg::operators
