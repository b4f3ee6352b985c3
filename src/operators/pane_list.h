// The keys that have a pane of one window, in the order in which the panes were made: what fires when the window's time has come.
// Cheaper than a timer for each key: a pane's birth appends some bytes, and firing reads them one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "state/keyed_backend.h"

namespace thalweg::operators {

/// The task's thread. Not part of a snapshot: what is pending is made again from the panes themselves.
class PaneList {
 public:
  /// `key` must not be listed already.
  void Add(const state::KeyView& key);
  /// The first keys, as many as there are and `keys` takes; how many. They hold until Drop.
  size_t Front(std::span<state::KeyView> keys) const;
  /// Forgets the first `count` keys.
  void Drop(size_t count);
  bool empty() const { return blocks_.empty(); }
  /// Whether a key with this hash may be in the list; false: it is not. Of other keys one in eight at most is taken for one of the list. The first call
  /// reads the list; from then on it takes one to four bytes a key more.
  bool MayHold(uint64_t hash);

  /// A place in a list that nothing is dropped from.
  struct Cursor {
    size_t block = 0, at = 0;
  };
  /// The keys from `cursor` on, as Front; they hold as long as the list.
  size_t From(Cursor cursor, std::span<state::KeyView> keys) const;
  /// Behind the next `count` keys.
  void Advance(Cursor& cursor, size_t count) const;

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t capacity = 0;
    size_t end = 0;
  };
  void MakeFilter();
  void Mark(uint64_t hash) { filter_[FilterBit(hash) / 64] |= uint64_t{1} << FilterBit(hash) % 64; }
  size_t FilterBit(uint64_t hash) const { return hash >> filter_shift_; }

  std::deque<Block> blocks_;  // the last one takes more; none is empty
  size_t begin_ = 0;          // of the first block
  size_t count_ = 0;          // of keys, dropped ones not among them
  // A Bloom filter (Bloom 1970) of one hash: the keys' own, mixed once more. 0 bits: not asked for yet.
  std::vector<uint64_t> filter_;
  int filter_shift_ = 0;
};

}  // namespace thalweg::operators
