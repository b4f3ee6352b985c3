#include "operators/timed_rows.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

namespace {

/// Stretches in the span of times that a row of the other side joins, so that what is kept too long is a quarter of it; and no shorter
/// than that, for each costs an entry a key group.
constexpr int64_t kStretches = 4, kLeastStretchMs = 1000;
/// Key groups forgotten in one call, about 50 us.
constexpr int kForgottenTogether = 512;

int64_t SpanOf(const graph::TimeBound& bound) {
  if (bound.upper_ms) return std::max<int64_t>(*bound.upper_ms - bound.lower_ms, 0);
  return std::max(std::abs(bound.lower_ms), std::abs(bound.ahead_ms));
}

void AppendKeyOfRecord(std::string_view key, std::string& out) {
  size_t length = key.size();
  for (; length >= 0x80; length >>= 7) out += static_cast<char>(length | 0x80);
  out += static_cast<char>(length);
  out += key;
}

}  // namespace

TimedRows::TimedRows(const graph::TimeBound& bound)
    : bound_(bound),
      reach_ms_(-bound.lower_ms - bound.ahead_ms),
      length_ms_(std::max(SpanOf(bound) / kStretches, kLeastStretchMs)) {}

TimedRows::GroupKey::GroupKey(uint16_t group)
    : bytes_{static_cast<char>(group >> 8), static_cast<char>(group)},
      group_(group),
      hash_(Hash64({bytes_, sizeof(bytes_)})) {}

Status TimedRows::Open(state::KeyedBackend& backend, std::string name) {
  THALWEG_TRY(rows_.Open(backend, std::move(name), "stretch"));
  rows_.ForEach(sizeof(int64_t), [this](const state::KeyView& key, std::string_view stretch) {
    StretchOf(TimeFromBytes(stretch)).groups.push_back(key.group);
  });
  return {};
}

TimedRows::Stretch& TimedRows::StretchOf(int64_t number) {
  if (!last_ || last_number_ != number) {
    last_ = &stretches_[number];
    last_number_ = number;
  }
  return *last_;
}

TimedRows::Index& TimedRows::IndexOf(Stretch& stretch, uint16_t group) {
  if (stretch.indexes.size() <= group) stretch.indexes.resize(size_t{group} + 1);
  return stretch.indexes[group];
}

void TimedRows::Add(const state::KeyView& key, const columns::Batch& batch, int32_t row, std::string_view stored) {
  const columns::Column& times = batch.column(bound_.time);
  if (times.IsNull(row)) return;
  const int64_t time = times.data<int64_t>()[row];
  if (OutOfBound(time)) return;
  const int64_t number = NumberOf(time);
  const GroupKey group(key.group);
  const bool first =
      rows_.Append(group.view(), TimeBytes(number).view(), std::span(&row, 1), [&](int32_t, std::string& rows) {
        const uint32_t tag = TagOf(key.hash);
        rows.append(reinterpret_cast<const char*>(&tag), sizeof(tag));
        AppendKeyOfRecord(key.bytes, rows);
        AppendGrowing(stored, rows);
      });
  if (first) StretchOf(number).groups.push_back(key.group);
}

// Parts that have become full since, behind those that it covers.
void TimedRows::Extend(Index& index, const state::KeyView& group, std::string_view stretch, int64_t full) {
  if (index.parts == full) return;
  const auto covered = static_cast<std::ptrdiff_t>(index.places.size());
  for (; index.parts < full; ++index.parts) {
    ByteReader in(rows_.Part(group, stretch, index.parts, full));
    while (!in.AtEnd()) {
      const auto offset = static_cast<uint32_t>(in.position());
      index.places.push_back({.tag = ReadRecord(in).tag, .part = static_cast<uint32_t>(index.parts), .offset = offset});
    }
  }
  std::sort(index.places.begin() + covered, index.places.end());
  std::inplace_merge(index.places.begin(), index.places.begin() + covered, index.places.end());
}

void TimedRows::Forget() {
  for (int left = kForgottenTogether; left > 0 && !stretches_.empty();) {
    const auto first = stretches_.begin();
    const int64_t number = first->first;
    // Of the stretch that time ends in, the last millisecond is the last one there is.
    const int64_t last = number >= INT64_MAX / length_ms_ ? INT64_MAX : (number + 1) * length_ms_ - 1;
    if (!OutOfBound(last)) return;
    std::vector<uint16_t>& groups = first->second.groups;
    for (; !groups.empty() && left > 0; --left) {
      rows_.Erase(GroupKey(groups.back()).view(), TimeBytes(number).view());
      groups.pop_back();
    }
    if (!groups.empty()) return;
    if (last_ == &first->second) last_ = nullptr;
    stretches_.erase(first);
  }
}

}  // namespace thalweg::operators
