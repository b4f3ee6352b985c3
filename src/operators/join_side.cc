#include "operators/join_side.h"

#include <algorithm>

#include "base/check.h"
#include "operators/row_operator.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

namespace {

/// A part is full at so many bytes: with RocksDB a row that comes writes its part anew.
constexpr size_t kPartBytes = 4096;

}  // namespace

JoinSide::JoinSide(Options options) : options_(std::move(options)) {
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
  state::StateSpec spec;
  spec.name = options_.name;
  if (layout_ == Layout::kAppended) {
    spec.name += "-appended";
    spec.kind = state::StateKind::kValue;
    spec.namespace_codec = "part";
    THALWEG_ASSIGN(parts_, state::Table<JoinPart>::Open(backend, std::move(spec)));
    return {};
  }
  spec.kind = layout_ == Layout::kSingle ? state::StateKind::kValue : state::StateKind::kMap;
  if (layout_ == Layout::kByUniqueKey) spec.namespace_codec = "unique-key";
  if (layout_ == Layout::kCounted) spec.namespace_codec = "row";
  spec.ttl.ttl_ms = options_.ttl_ms;
  THALWEG_ASSIGN(table_, state::Table<JoinEntry>::Open(backend, std::move(spec)));
  return {};
}

std::string_view JoinSide::NameOf(const columns::Batch& batch, int32_t row) {
  scratch_.clear();
  if (layout_ == Layout::kByUniqueKey) AppendCells(batch, row, options_.unique_key, scratch_);
  if (layout_ == Layout::kCounted) AppendStoredRow(batch, row, scratch_);
  return scratch_;
}

void JoinSide::Add(const state::KeyView& key, const columns::Batch& batch, int32_t row, uint64_t associations) {
  if (layout_ == Layout::kAppended) return Append(key, batch, row);
  bool created = false;
  JoinEntry& entry = table_.FindOrCreate(key, NameOf(batch, row), &created);
  entry.associations = associations;
  if (layout_ == Layout::kCounted) {
    if (!created) ++entry.count;
    return;
  }
  entry.bytes.clear();
  AppendStoredRow(batch, row, entry.bytes);
}

std::string_view JoinSide::NumberName(uint64_t number) {
  scratch_.clear();
  for (int shift = 56; shift >= 0; shift -= 8) scratch_ += static_cast<char>(number >> shift);
  return scratch_;
}

void JoinSide::Append(const state::KeyView& key, const columns::Batch& batch, int32_t row) {
  JoinPart& last = parts_.FindOrCreate(key);
  AppendStoredRowWithLength(batch, row, last.rows);
  if (last.rows.size() < kPartBytes) return;
  std::string full = std::move(last.rows);
  last.rows.clear();
  const uint64_t number = last.full_parts++;
  full.shrink_to_fit();
  parts_.FindOrCreate(key, NumberName(number)).rows = std::move(full);
}

void JoinSide::Retract(const state::KeyView& key, const columns::Batch& batch, int32_t row) {
  THALWEG_CHECK(layout_ != Layout::kAppended, "a row is taken back on a side where rows only come");
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
