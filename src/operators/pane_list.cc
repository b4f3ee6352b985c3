#include "operators/pane_list.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace thalweg::operators {
namespace {

constexpr size_t kFirstBlockBytes = 512;  // many windows may be open with few keys each
constexpr size_t kMaxBlockBytes = 64 << 10;

/// Followed by the key's bytes.
struct Head {
  uint64_t hash;
  uint32_t size;
  uint16_t group;
};

std::pair<state::KeyView, size_t> ReadAt(const char* from) {
  Head head;
  std::memcpy(&head, from, sizeof head);
  return {{.bytes = {from + sizeof head, head.size}, .hash = head.hash, .group = head.group}, sizeof head + head.size};
}

}  // namespace

void PaneList::Add(const state::KeyView& key) {
  const size_t size = sizeof(Head) + key.bytes.size();
  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().end < size) {
    size_t capacity = blocks_.empty() ? kFirstBlockBytes : std::min(blocks_.back().capacity * 2, kMaxBlockBytes);
    capacity = std::max(capacity, size);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(capacity), capacity, 0});
  }
  Block& block = blocks_.back();
  const Head head{key.hash, static_cast<uint32_t>(key.bytes.size()), key.group};
  std::memcpy(block.bytes.get() + block.end, &head, sizeof head);
  if (!key.bytes.empty()) std::memcpy(block.bytes.get() + block.end + sizeof head, key.bytes.data(), key.bytes.size());
  block.end += size;
}

size_t PaneList::Front(std::span<state::KeyView> keys) const { return From({0, begin_}, keys); }

size_t PaneList::From(Cursor cursor, std::span<state::KeyView> keys) const {
  size_t count = 0;
  for (; cursor.block < blocks_.size() && count < keys.size(); cursor = {cursor.block + 1, 0}) {
    const Block& block = blocks_[cursor.block];
    for (; cursor.at < block.end && count < keys.size(); ++count) {
      auto [key, size] = ReadAt(block.bytes.get() + cursor.at);
      keys[count] = key;
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
    if (begin_ < blocks_.front().end) continue;
    blocks_.pop_front();
    begin_ = 0;
  }
}

}  // namespace thalweg::operators
