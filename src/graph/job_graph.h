// A job as plain, versioned, serialisable data: the waist where every front end ends and the runtime begins.
// docs/internals/graph.md has the encoding.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "types/data_type.h"

namespace thalweg::graph {

/// How rows find the subtask. The numbers stand on disk and wire.
enum class Partitioning : uint8_t {
  kForward = 0,    // same subtask; equal parallelism
  kKeyed = 1,      // by key group of the key hash
  kRebalance = 2,  // round-robin over all
  kRescale = 3,    // round-robin over a local group
  kBroadcast = 4,  // to all
  kGlobal = 5,     // to subtask 0
  kCustom = 6,     // by a user function over the row
};
std::string_view PartitioningName(Partitioning partitioning);

enum class ExchangeMode : uint8_t { kPipelined = 0, kBlocking = 1 };
enum class ChangelogMode : uint8_t { kAppend = 0, kUpsert = 1, kRetract = 2 };
enum class NodeRole : uint8_t { kOperator = 0, kSource = 1, kSink = 2 };
/// kAlways: chain with the input if it may be; kHead: never with the input; kNever: alone.
enum class ChainingPolicy : uint8_t { kAlways = 0, kHead = 1, kNever = 2 };

/// A function of the user's: where the library is, and which node registered it. Each worker runs the library's entry point
/// again to obtain the function.
struct FunctionHandle {
  uint64_t library_hash = 0;  // content hash of the job library; 0: the program itself
  std::string node_uid;
  bool operator==(const FunctionHandle&) const = default;
};

/// A named output. Port 0 is the main one, the others are side outputs.
struct OutputPort {
  std::string name;
  types::SchemaPtr schema;   // null: objects of `object_codec`
  std::string object_codec;  // Codec<T>::Name()
  std::string unknown;       // fields of a newer version, kept
};

struct Node {
  uint32_t id = 0;
  std::string uid;  // stable across versions of the job; state is matched by it
  bool uid_is_generated = false;
  std::string name;
  std::string kind;  // what the registry builds: "map", "window", "kafka-source" ...
  NodeRole role = NodeRole::kOperator;
  int32_t parallelism = 0;      // 0: the job's default
  int32_t max_parallelism = 0;  // 0: the job's default
  ChainingPolicy chaining = ChainingPolicy::kAlways;
  std::string slot_sharing_group = "default";
  int32_t inputs = 0;
  std::vector<OutputPort> outputs;
  bool keyed = false;  // has keyed state over its inputs' keys
  std::map<std::string, std::string> options;
  std::string payload;  // the kind's own encoded description
  FunctionHandle function;
  std::string
      scan;  // of a source: what its rows pass before they are emitted (scan_spec.h); its output's schema is before that
  std::string unknown;
};

struct Edge {
  uint32_t from = 0;  // node id
  int32_t from_port = 0;
  uint32_t to = 0;
  int32_t to_input = 0;
  Partitioning partitioning = Partitioning::kForward;
  std::vector<int32_t> key_columns;  // kKeyed over columns without carried hashes
  ExchangeMode exchange = ExchangeMode::kPipelined;
  ChangelogMode changelog = ChangelogMode::kAppend;
  std::string unknown;
};

struct JobGraph {
  std::string name;
  std::vector<Node> nodes;  // in topological order, ids ascending
  std::vector<Edge> edges;
  std::string unknown;

  const Node* FindNode(uint32_t id) const;
  const Node* FindUid(std::string_view uid) const;
};

/// Everything the runtime relies on: ids unique and topological, ports and inputs in range and each input joined, uids unique,
/// forward edges between equal parallelism. UserError names the node.
Status Validate(const JobGraph& graph);

/// Versioned bytes; fields that this version does not know survive Decode then Encode.
std::string Encode(const JobGraph& graph);
Result<JobGraph> Decode(std::string_view bytes);

/// Hash64 of the encoding: workers refuse a job whose graph differs from the coordinator's.
uint64_t Digest(const JobGraph& graph);

/// The plan as Flink's execution plan JSON: {"nodes": [{"id", "type", "pact", "contents", "parallelism", "predecessors"}]}.
std::string ToJson(const JobGraph& graph);

}  // namespace thalweg::graph
