// EdgeWriter: gives the rows of one output port to the subtasks of one edge.
// Rule: rows wait in partial batches only until they are full, the core is idle, or they are 1 ms old; a control element never
// overtakes the rows before it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "columns/batch.h"
#include "columns/key_encoder.h"
#include "columns/scatter.h"
#include "exchange/channel.h"
#include "flow/element.h"
#include "flow/program.h"

namespace thalweg::exchange {

/// How rows find their channel: forward and global edges have one; rebalance and rescale go round-robin over those they reach.
enum class Route : uint8_t { kOne, kKeyed, kRoundRobin, kBroadcast, kCustom };

/// The sending task's thread.
class EdgeWriter {
 public:
  struct Options {
    Route route = Route::kOne;
    int max_parallelism = 1024;
    int subtask = 0;
    flow::PartitionFunction custom;
    /// kKeyed: what the key is made of; empty: rows come with their key hashes.
    std::vector<int> key_columns = {};
  };

  /// One sender per subtask that the edge reaches from here: one for forward, the local group for rescale, else all (a global
  /// edge's rows go to the first).
  EdgeWriter(Options options, std::vector<ChannelSender*> senders, columns::BufferPool& pool);

  void Emit(columns::Batch batch);
  /// Flushes partial batches, then sends `element` (not a batch) on every channel.
  void EmitControl(const flow::Element& element);
  void Flush();
  bool has_partial() const { return partial_; }
  bool has_credit() const;
  uint64_t rows() const { return rows_; }

 private:
  void Scatter(columns::Batch batch);
  void HashKeys(columns::Batch& batch);
  Options options_;
  std::vector<ChannelSender*> senders_;
  columns::BufferPool* pool_;
  columns::Scatterer scatterer_;
  std::optional<columns::KeyEncoder> key_encoder_;  // of key_columns, by the types of the first batch
  std::vector<int32_t> targets_;
  std::vector<columns::Routed> full_;
  bool scatters_;
  bool partial_ = false;
  uint64_t rows_ = 0;
  uint64_t next_ = 0;
};

}  // namespace thalweg::exchange
