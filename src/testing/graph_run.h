// A job graph run in one thread on virtual time, for tests: one subtask of each operator, joined by plain calls; after a restart
// keyed operators have three, after another one two, then one again.
// Rule: nothing happens but by the calls below, in an order that only the graph decides; so the same calls give the same rows.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flow/program.h"
#include "state/snapshot.h"
#include "time/clock.h"

namespace thalweg::testing {

/// A row of a sink as text, and the values of its table's key.
struct KeptRow {
  std::string text;
  std::string key;
};
struct KeptTable {
  types::Schema schema;
  bool keyed = false;  // it is followed by its primary key
  std::vector<KeptRow> rows;
};
/// Rows of sinks, by table ("" for a query). In order.
using KeptTables = std::map<std::string, KeptTable>;

class GraphRun {
 public:
  /// Sources of kind "test-source" wait for rows; others are read to their end by Open. Sinks of the kinds "test-sink" and "collect" add
  /// to `kept`. All outlive it.
  GraphRun(flow::Program program, const flow::Registry& registry, time::ManualClock& clock, KeptTables& kept);
  ~GraphRun();
  GraphRun(const GraphRun&) = delete;
  GraphRun& operator=(const GraphRun&) = delete;

  Status Open();
  /// Whether a waiting source reads `table`; null: none, else its rows' columns.
  const types::Schema* Reads(const std::string& table) const;
  /// Rows for the sources of `table`. The watermark stays until Settle.
  Status Give(const std::string& table, const columns::Batch& batch);
  /// Watermarks that rows have made are sent, operators emit what they have gathered.
  Status Settle();
  Status SendWatermark(const std::string& table, int64_t time);
  /// The sources of `table` (of all, if it is empty) end as bounded ones do.
  Status End(const std::string& table);
  /// Fires timers in their order up to `time_ms`, the clock with them.
  Status AdvanceTo(int64_t time_ms);
  /// A checkpoint, and all that has not ended made anew from it, keyed operators at another parallelism.
  Status Restart();

 private:
  struct Subtask;
  struct Vertex;
  class VertexOutput;
  class SourceRows;

  Status Make(Vertex& vertex);
  Status MakeOperator(Vertex& vertex, Subtask& subtask, std::vector<state::OperatorStateSnapshot> lists);
  void Close(Vertex& vertex);
  Status ReadToEnd(Vertex& vertex);
  Status EmitFromSource(Vertex& vertex, columns::Batch batch);
  bool TakesAppends(const Vertex& vertex) const;
  void Send(Vertex& from, int port, columns::Batch batch);
  Status Deliver(Vertex& to, const graph::Edge& edge, columns::Batch batch);
  Status Process(Vertex& vertex, Subtask& subtask, int input, columns::Batch batch);
  Status RaiseWatermark(Vertex& from, int64_t time);
  void TellInputWatermark(Vertex& to, int input);
  Status TakeWatermark(Vertex& to, size_t edge, int64_t time);
  Status EndOutputs(Vertex& from);
  Status TakeEnd(Vertex& to, size_t edge);
  Status FinishSource(Vertex& vertex);
  Status FireTimers(Vertex& vertex);
  Status Snapshot(Vertex& vertex);
  /// `call` of each subtask's operator and output, until it is done.
  template <typename Call>
  Status ForEachOperator(Vertex& vertex, Call call);
  template <typename Call>
  Status UntilDone(const Vertex& vertex, Call call);

  flow::Program program_;
  const flow::Registry& registry_;
  time::ManualClock& clock_;
  KeptTables& kept_;
  columns::BufferPool pool_;
  std::vector<std::unique_ptr<Vertex>> vertices_;  // in topological order
  std::map<uint32_t, Vertex*> by_id_;
  Status status_;  // of what a call emitted further down
  uint64_t barriers_ = 0;
};

}  // namespace thalweg::testing
