// The encoding of a job graph. Rule: tags are never reused; a new field has a default that means what its absence meant.
#include "base/fields.h"
#include "base/hash.h"
#include "graph/job_graph.h"
#include "types/type_codec.h"

namespace thalweg::graph {
namespace {

constexpr std::string_view kMagic = "TWJG";
constexpr uint16_t kVersion = 1;  // grows when an older reader would misread, not with each field

std::string EncodePort(const OutputPort& port) {
  FieldWriter out;
  out.Bytes(1, port.name);
  if (port.schema) out.Nested(2, types::EncodeSchema(*port.schema));
  out.Bytes(3, port.object_codec);
  out.Unknown(port.unknown);
  return out.Take();
}

Result<OutputPort> DecodePort(std::string_view bytes) {
  FieldReader in(bytes, "output of a graph node");
  OutputPort port;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: port.name = in.String(); break;
      case 2: port.schema = std::make_shared<types::Schema>(in.Take(types::DecodeSchema(in.Bytes()))); break;
      case 3: port.object_codec = in.String(); break;
      default: in.Keep(&port.unknown);
    }
  }
  THALWEG_TRY(in.status());
  return port;
}

std::string EncodeOption(const std::string& key, const std::string& value) {
  FieldWriter out;
  out.Bytes(1, key);
  out.Bytes(2, value);
  return out.Take();
}

Result<std::pair<std::string, std::string>> DecodeOption(std::string_view bytes) {
  FieldReader in(bytes, "option of a graph node");
  std::pair<std::string, std::string> option;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: option.first = in.String(); break;
      case 2: option.second = in.String(); break;
      default: in.Take(ExternalError("Newer option of a graph node: field {} is not known to this build", in.tag()));
    }
  }
  THALWEG_TRY(in.status());
  return option;
}

std::string EncodeNode(const Node& node) {
  FieldWriter out;
  out.Number(1, node.id);
  out.Bytes(2, node.uid);
  out.Bool(3, node.uid_is_generated);
  out.Bytes(4, node.name);
  out.Bytes(5, node.kind);
  out.Number(6, static_cast<uint64_t>(node.role));
  out.Signed(7, node.parallelism);
  out.Signed(8, node.max_parallelism);
  out.Number(9, static_cast<uint64_t>(node.chaining));
  if (node.slot_sharing_group != "default") out.Nested(10, node.slot_sharing_group);
  out.Signed(11, node.inputs);
  for (const OutputPort& port : node.outputs) out.Nested(12, EncodePort(port));
  out.Bool(13, node.keyed);
  for (const auto& [key, value] : node.options) out.Nested(14, EncodeOption(key, value));
  out.Bytes(15, node.payload);
  out.Fixed64(16, node.function.library_hash);
  out.Bytes(17, node.function.node_uid);
  out.Bytes(18, node.scan);
  out.Unknown(node.unknown);
  return out.Take();
}

int32_t SignedInt32(FieldReader& in) {
  const int64_t value = in.Signed();
  if (value >= INT32_MIN && value <= INT32_MAX) return static_cast<int32_t>(value);
  in.Take(ExternalError("Malformed job graph: {} is no 32-bit number (at field {})", value, in.tag()));
  return 0;
}

void ReadNodeField(FieldReader& in, Node& node) {
  switch (in.tag()) {
    case 1: node.id = static_cast<uint32_t>(in.Number(UINT32_MAX)); break;
    case 2: node.uid = in.String(); break;
    case 3: node.uid_is_generated = in.Bool(); break;
    case 4: node.name = in.String(); break;
    case 5: node.kind = in.String(); break;
    case 6: node.role = in.Enum(NodeRole::kSink); break;
    case 7: node.parallelism = SignedInt32(in); break;
    case 8: node.max_parallelism = SignedInt32(in); break;
    case 9: node.chaining = in.Enum(ChainingPolicy::kNever); break;
    case 10: node.slot_sharing_group = in.String(); break;
    case 11: node.inputs = SignedInt32(in); break;
    case 12: node.outputs.push_back(in.Take(DecodePort(in.Bytes()))); break;
    case 13: node.keyed = in.Bool(); break;
    case 14: node.options.insert(in.Take(DecodeOption(in.Bytes()))); break;
    case 15: node.payload = in.String(); break;
    case 16: node.function.library_hash = in.Fixed64(); break;
    case 17: node.function.node_uid = in.String(); break;
    case 18: node.scan = in.String(); break;
    default: in.Keep(&node.unknown);
  }
}

Result<Node> DecodeNode(std::string_view bytes) {
  FieldReader in(bytes, "graph node");
  Node node;
  while (in.Next()) ReadNodeField(in, node);
  THALWEG_TRY(in.status());
  return node;
}

std::string EncodeKeyColumns(const std::vector<int32_t>& columns) {
  ByteWriter out;
  for (int32_t column : columns) out.SignedVarint(column);
  return out.Take();
}

Result<std::vector<int32_t>> DecodeKeyColumns(std::string_view bytes) {
  ByteReader in(bytes);
  std::vector<int32_t> columns;
  while (!in.AtEnd()) {
    const int64_t column = in.SignedVarint();
    if (column < INT32_MIN || column > INT32_MAX) in.Fail();
    columns.push_back(static_cast<int32_t>(column));
  }
  if (in.failed()) return ExternalError("Malformed graph edge: key columns");
  return columns;
}

std::string EncodeEdge(const Edge& edge) {
  FieldWriter out;
  out.Number(1, edge.from);
  out.Signed(2, edge.from_port);
  out.Number(3, edge.to);
  out.Signed(4, edge.to_input);
  out.Number(5, static_cast<uint64_t>(edge.partitioning));
  out.Bytes(6, EncodeKeyColumns(edge.key_columns));
  out.Number(7, static_cast<uint64_t>(edge.exchange));
  out.Number(8, static_cast<uint64_t>(edge.changelog));
  out.Unknown(edge.unknown);
  return out.Take();
}

Result<Edge> DecodeEdge(std::string_view bytes) {
  FieldReader in(bytes, "graph edge");
  Edge edge;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: edge.from = static_cast<uint32_t>(in.Number(UINT32_MAX)); break;
      case 2: edge.from_port = SignedInt32(in); break;
      case 3: edge.to = static_cast<uint32_t>(in.Number(UINT32_MAX)); break;
      case 4: edge.to_input = SignedInt32(in); break;
      case 5: edge.partitioning = in.Enum(Partitioning::kCustom); break;
      case 6: edge.key_columns = in.Take(DecodeKeyColumns(in.Bytes())); break;
      case 7: edge.exchange = in.Enum(ExchangeMode::kBlocking); break;
      case 8: edge.changelog = in.Enum(ChangelogMode::kRetract); break;
      default: in.Keep(&edge.unknown);
    }
  }
  THALWEG_TRY(in.status());
  return edge;
}

}  // namespace

std::string Encode(const JobGraph& graph) {
  FieldWriter out;
  out.Bytes(1, graph.name);
  for (const Node& node : graph.nodes) out.Nested(2, EncodeNode(node));
  for (const Edge& edge : graph.edges) out.Nested(3, EncodeEdge(edge));
  out.Unknown(graph.unknown);
  ByteWriter bytes;
  bytes.Raw(kMagic);
  bytes.U16(kVersion);
  bytes.Raw(out.Take());
  return bytes.Take();
}

Result<JobGraph> Decode(std::string_view bytes) {
  ByteReader header(bytes);
  if (header.Raw(kMagic.size()) != kMagic)
    return ExternalError("Not a job graph: the first bytes are not '{}'", kMagic);
  const uint16_t version = header.U16();
  if (header.failed() || version == 0)
    return ExternalError("Malformed job graph: no version in {} bytes", bytes.size());
  if (version > kVersion)
    return UserError("Newer job graph: its version is {}, this build reads up to {}", version, kVersion);
  FieldReader in(header.Rest(), "job graph");
  JobGraph graph;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: graph.name = in.String(); break;
      case 2: graph.nodes.push_back(in.Take(DecodeNode(in.Bytes()))); break;
      case 3: graph.edges.push_back(in.Take(DecodeEdge(in.Bytes()))); break;
      default: in.Keep(&graph.unknown);
    }
  }
  THALWEG_TRY(in.status());
  return graph;
}

uint64_t Digest(const JobGraph& graph) { return Hash64(Encode(graph)); }

}  // namespace thalweg::graph
