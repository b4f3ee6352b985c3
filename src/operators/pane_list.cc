#include "operators/pane_list.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/hash.h"

namespace thalweg::operators {
namespace {

constexpr size_t kFirstBlockBytes = 512;  // many windows may be open with few keys each
constexpr size_t kMaxBlockBytes = 64 << 10;
constexpr size_t kFilterBits = 16;  // a key, at least: half of that when it is made anew

/// Which subtask has a key is told by the upper bits of its hash, so those are much alike in a list: the filter goes by all of them.
uint64_t Mixed(uint64_t hash) { return hash * 0x9e3779b97f4a7c15ULL; }

constexpr uint8_t kLongKey = 0xff;

/// A key: its group u16, its size u8, or kLongKey and the size as u32, and its bytes. The hash is made again: that is cheaper than to keep it.
size_t BytesOf(const state::KeyView& key) {
  return sizeof(uint16_t) + 1 + (key.bytes.size() < kLongKey ? 0 : sizeof(uint32_t)) + key.bytes.size();
}

void WriteAt(char* to, const state::KeyView& key) {
  std::memcpy(to, &key.group, sizeof key.group);
  to += sizeof key.group;
  const auto size = static_cast<uint32_t>(key.bytes.size());
  *to++ = static_cast<char>(std::min<uint32_t>(size, kLongKey));
  if (size >= kLongKey) {
    std::memcpy(to, &size, sizeof size);
    to += sizeof size;
  }
  if (size > 0) std::memcpy(to, key.bytes.data(), size);
}

/// The key without its hash, and where the next one begins.
std::pair<state::KeyView, size_t> ReadAt(const char* from) {
  state::KeyView key;
  std::memcpy(&key.group, from, sizeof key.group);
  const char* at = from + sizeof key.group;
  uint32_t size = static_cast<uint8_t>(*at++);
  if (size == kLongKey) {
    std::memcpy(&size, at, sizeof size);
    at += sizeof size;
  }
  key.bytes = {at, size};
  return {key, static_cast<size_t>(at - from) + size};
}

}  // namespace

void PaneList::Add(const state::KeyView& key) {
  const size_t size = BytesOf(key);
  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().end < size) {
    size_t capacity = blocks_.empty() ? kFirstBlockBytes : std::min(blocks_.back().capacity * 2, kMaxBlockBytes);
    capacity = std::max(capacity, size);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(capacity), capacity, 0});
  }
  Block& block = blocks_.back();
  WriteAt(block.bytes.get() + block.end, key);
  block.end += size;
  ++count_;
  if (filter_.empty()) return;
  if (count_ * kFilterBits > filter_.size() * 128) return MakeFilter();
  Mark(Mixed(key.hash));
}

bool PaneList::MayHold(uint64_t hash) {
  if (filter_.empty()) MakeFilter();
  const size_t bit = FilterBit(Mixed(hash));
  return (filter_[bit / 64] >> bit % 64 & 1) != 0;
}

void PaneList::MakeFilter() {
  const size_t bits = std::bit_ceil(std::max<size_t>(count_, 4) * kFilterBits);
  filter_.assign(bits / 64, 0);
  filter_shift_ = 65 - static_cast<int>(std::bit_width(bits));
  for (size_t block = 0, at = begin_; block < blocks_.size(); ++block, at = 0) {
    while (at < blocks_[block].end) {
      const auto [key, size] = ReadAt(blocks_[block].bytes.get() + at);
      Mark(Mixed(Hash64(key.bytes)));
      at += size;
    }
  }
}

size_t PaneList::Front(std::span<state::KeyView> keys) const { return From({0, begin_}, keys); }

size_t PaneList::From(Cursor cursor, std::span<state::KeyView> keys) const {
  size_t count = 0;
  for (; cursor.block < blocks_.size() && count < keys.size(); cursor = {cursor.block + 1, 0}) {
    const Block& block = blocks_[cursor.block];
    for (; cursor.at < block.end && count < keys.size(); ++count) {
      auto [key, size] = ReadAt(block.bytes.get() + cursor.at);
      keys[count] = key;
      keys[count].hash = Hash64(key.bytes);
      cursor.at += size;
    }
  }
  return count;
}

void PaneList::Advance(Cursor& cursor, size_t count) const {
  for (; count > 0; --count) {
    if (cursor.at == blocks_[cursor.block].end) cursor = {cursor.block + 1, 0};
    cursor.at += ReadAt(blocks_[cursor.block].bytes.get() + cursor.at).second;
  }
}

void PaneList::Drop(size_t count) {
  for (; count > 0; --count) {
    begin_ += ReadAt(blocks_.front().bytes.get() + begin_).second;
    --count_;
    if (begin_ < blocks_.front().end) continue;
    blocks_.pop_front();
    begin_ = 0;
  }
}

}  // namespace thalweg::operators
