// A job ready to run: the graph, and the functions that its nodes name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flow/coordinator.h"
#include "flow/operator.h"
#include "flow/source.h"
#include "graph/job_graph.h"
#include "time/watermark.h"

namespace thalweg::flow {

using OperatorFactory = std::function<Result<std::unique_ptr<Operator>>(const graph::Node& node)>;
using SourceFactory = std::function<Result<std::shared_ptr<Source>>(const graph::Node& node)>;
using CoordinatorFactory = std::function<Result<std::unique_ptr<OperatorCoordinator>>(const graph::Node& node)>;
/// Subtask (0..parallelism-1) for each row; for Partitioning::kCustom.
using PartitionFunction = std::function<void(const columns::Batch& batch, int parallelism, int32_t* subtasks)>;

/// Bounded drift (Flink's watermark alignment): of the splits of all sources of `group`, those whose watermark is more than
/// `max_drift_ms` ahead of the group's least are paused.
struct WatermarkAlignmentSpec {
  std::string group;
  int64_t max_drift_ms = 0;
  int64_t update_interval_ms = 1000;
};

/// A source's batch as the program wants it. Rows that cannot be converted are left out, and told in `unfit`, ascending.
using SourceTransform =
    std::function<Result<columns::Batch>(columns::Batch, columns::BufferPool&, std::vector<columns::UnfitRow>& unfit)>;

/// What a source's rows pass before they are emitted: conversion of the batch, and watermarks per split. Part of the source node.
struct SourcePipeline {
  /// Made once per reader; null: rows go on as they came.
  std::function<SourceTransform()> make_transform;
  /// Fills event times of a batch; null: the source's own stay.
  std::function<void(columns::Batch&, columns::BufferPool&)> assign_times;
  /// Null: no watermarks (but the final one).
  time::WatermarkGeneratorFactory make_watermarks;
  int64_t idle_timeout_ms = 0;  // 0: a quiet split is never idle
  std::optional<WatermarkAlignmentSpec> alignment;
};

/// Shows a batch with event times to a generator: its objects, too, if it has one column of them.
void ShowRows(const columns::Batch& batch, time::WatermarkGenerator& generator);

/// Functions by node uid, made by running the job's entry point. Read-only once the job runs; any thread.
struct Functions {
  std::map<std::string, OperatorFactory> operators;
  std::map<std::string, SourceFactory> sources;
  std::map<std::string, CoordinatorFactory> coordinators;  // of operators and sinks; a source's is its enumerator
  std::map<std::string, SourcePipeline> pipelines;
  std::map<std::string, PartitionFunction> partitioners;  // by PartitionerKey
};

/// "<from uid>/<to uid>", or "<from uid>/<to uid>/N" for the N-th further edge between the two. `edge`: its place in the graph.
std::string PartitionerKey(const graph::JobGraph& graph, size_t edge);

struct Program {
  graph::JobGraph graph;
  Functions functions;
};

/// Factories by Node::kind: what the engine and its connectors bring. Filled by src/bin; a node's own function comes first.
class Registry {
 public:
  void AddOperator(std::string kind, OperatorFactory factory) { operators_[std::move(kind)] = std::move(factory); }
  void AddSource(std::string kind, SourceFactory factory) { sources_[std::move(kind)] = std::move(factory); }
  void AddCoordinator(std::string kind, CoordinatorFactory factory) {
    coordinators_[std::move(kind)] = std::move(factory);
  }
  /// UserError naming the kinds that exist, when the node's is unknown.
  Result<std::unique_ptr<Operator>> MakeOperator(const graph::Node& node, const Functions& functions) const;
  Result<std::shared_ptr<Source>> MakeSource(const graph::Node& node, const Functions& functions) const;
  /// Null if the operator has none.
  Result<std::unique_ptr<OperatorCoordinator>> MakeCoordinator(const graph::Node& node,
                                                               const Functions& functions) const;

 private:
  std::map<std::string, OperatorFactory> operators_;
  std::map<std::string, SourceFactory> sources_;
  std::map<std::string, CoordinatorFactory> coordinators_;
};

}  // namespace thalweg::flow
