// The keys that have a pane of one window, in the order in which the panes were made: what fires when the window's time has come.
// Cheaper than a timer for each key: a pane's birth appends some bytes, and firing reads them one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

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
  std::deque<Block> blocks_;  // the last one takes more; none is empty
  size_t begin_ = 0;          // of the first block
};

}  // namespace thalweg::operators
