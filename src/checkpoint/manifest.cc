#include "checkpoint/manifest.h"

#include <algorithm>

#include "base/fields.h"
#include "io/framed.h"
#include "types/key_group.h"

namespace thalweg::checkpoint {
namespace {

constexpr io::FrameFormat kManifestFormat{"checkpoint manifest", {'T', 'W', 'C', 'M'}, 1};

Status Newer(std::string_view what, uint64_t tag) {
  return ExternalError("Newer {}: field {} is not known to this build", what, tag);
}

std::string EncodeSpec(const state::StateSpec& spec) {
  FieldWriter out;
  out.Bytes(1, spec.name);
  out.Number(2, static_cast<uint64_t>(spec.kind));
  out.Bytes(3, spec.value_codec);
  out.Bytes(4, spec.namespace_codec);
  out.Number(5, spec.version);
  out.Signed(6, spec.ttl.ttl_ms);
  out.Number(7, static_cast<uint64_t>(spec.ttl.update));
  out.Number(8, static_cast<uint64_t>(spec.ttl.visibility));
  return out.Take();
}

Result<state::StateSpec> DecodeSpec(std::string_view bytes) {
  FieldReader in(bytes, "keyed state of a checkpoint");
  state::StateSpec spec;
  spec.kind = {};
  spec.version = 0;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.name = in.String(); break;
      case 2: spec.kind = in.Enum(state::StateKind::kTable); break;
      case 3: spec.value_codec = in.String(); break;
      case 4: spec.namespace_codec = in.String(); break;
      case 5: spec.version = static_cast<uint32_t>(in.Number(UINT32_MAX)); break;
      case 6: spec.ttl.ttl_ms = in.Signed(); break;
      case 7: spec.ttl.update = in.Enum(state::TtlSpec::Update::kOnReadAndWrite); break;
      case 8: spec.ttl.visibility = in.Enum(state::TtlSpec::Visibility::kReturnExpiredIfNotCleanedUp); break;
      default: in.Take(Newer("keyed state of a checkpoint", in.tag()));
    }
  }
  THALWEG_TRY(in.status());
  if (spec.kind == state::StateKind{})
    return ExternalError("Malformed keyed state of a checkpoint: no kind: {}", spec.name);
  return spec;
}

std::string EncodeList(const state::OperatorStateSnapshot& list) {
  FieldWriter out;
  out.Bytes(1, list.name);
  out.Number(2, static_cast<uint64_t>(list.mode));
  out.Bytes(3, list.codec);
  for (const std::string& item : list.items) out.Nested(4, item);
  return out.Take();
}

Result<state::OperatorStateSnapshot> DecodeList(std::string_view bytes) {
  FieldReader in(bytes, "list state of a checkpoint");
  state::OperatorStateSnapshot list;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: list.name = in.String(); break;
      case 2: list.mode = in.Enum(state::Redistribution::kBroadcast); break;
      case 3: list.codec = in.String(); break;
      case 4: list.items.push_back(in.String()); break;
      default: in.Take(Newer("list state of a checkpoint", in.tag()));
    }
  }
  THALWEG_TRY(in.status());
  return list;
}

// Per segment: how far the key group is from the one before (the first: from 0), the gap between the segments, length, checksum.
std::string EncodeSegments(const std::vector<Segment>& segments) {
  ByteWriter out;
  uint64_t group = 0, end = 0;
  for (const Segment& segment : segments) {
    out.Varint(segment.key_group - group);
    out.Varint(segment.offset - end);
    out.Varint(segment.length);
    out.U64(segment.checksum);
    group = segment.key_group;
    end = segment.offset + segment.length;
  }
  return out.Take();
}

// `limit`: bytes that the segments lie in.
Result<std::vector<Segment>> DecodeSegments(std::string_view bytes, uint64_t limit) {
  ByteReader in(bytes);
  std::vector<Segment> segments;
  uint64_t group = 0, end = 0;
  while (!in.AtEnd()) {
    const uint64_t step = in.Varint(), gap = in.Varint(), length = in.Varint(), checksum = in.U64();
    if (in.failed()) break;
    if (step >= types::kMaxMaxParallelism || group + step >= types::kMaxMaxParallelism ||
        (step == 0 && !segments.empty()))
      return ExternalError("Malformed checkpoint manifest: key group {} after {}", group + step, group);
    if (gap > limit - end || length > limit - end - gap)
      return ExternalError("Malformed checkpoint manifest: key group {} lies beyond the {} bytes of its file",
                           group + step, limit);
    group += step;
    segments.push_back({static_cast<uint16_t>(group), end + gap, length, checksum});
    end += gap + length;
  }
  THALWEG_TRY(in.status());
  return segments;
}

std::string EncodeSubtask(const SubtaskState& state) {
  FieldWriter out;
  out.Number(1, static_cast<uint64_t>(state.subtask));
  out.Bool(2, state.finished);
  out.Bytes(3, state.file);
  out.Number(4, state.file_bytes);
  out.Fixed64(5, state.file_checksum);
  for (const state::StateSpec& spec : state.specs) out.Nested(6, EncodeSpec(spec));
  out.Bytes(7, state.inlined);
  out.Bytes(8, EncodeSegments(state.segments));
  for (const state::OperatorStateSnapshot& list : state.lists) out.Nested(9, EncodeList(list));
  for (const std::string& committable : state.committables) out.Nested(10, committable);
  for (const std::string& split : state.splits) out.Nested(11, split);
  out.Bytes(12, state.in_flight);
  out.Unknown(state.unknown);
  return out.Take();
}

void ReadSubtaskField(FieldReader& in, SubtaskState& state) {
  switch (in.tag()) {
    case 1: state.subtask = in.Int32(); break;
    case 2: state.finished = in.Bool(); break;
    case 3: state.file = in.String(); break;
    case 4: state.file_bytes = in.Number(); break;
    case 5: state.file_checksum = in.Fixed64(); break;
    case 6: state.specs.push_back(in.Take(DecodeSpec(in.Bytes()))); break;
    case 7: state.inlined = in.String(); break;
    case 8:
      state.segments =
          in.Take(DecodeSegments(in.Bytes(), state.file.empty() ? state.inlined.size() : state.file_bytes));
      break;
    case 9: state.lists.push_back(in.Take(DecodeList(in.Bytes()))); break;
    case 10: state.committables.push_back(in.String()); break;
    case 11: state.splits.push_back(in.String()); break;
    case 12: state.in_flight = in.String(); break;
    default: in.Keep(&state.unknown);
  }
}

Result<SubtaskState> DecodeSubtask(std::string_view bytes) {
  FieldReader in(bytes, "subtask of a checkpoint");
  SubtaskState state;
  while (in.Next()) ReadSubtaskField(in, state);
  THALWEG_TRY(in.status());
  if (state.file.find('/') != std::string::npos || state.file.find('\0') != std::string::npos)
    return ExternalError("Malformed subtask of a checkpoint: its file is not a plain name: '{}'", state.file);
  return state;
}

std::string EncodeEvent(const CoordinatorEvent& event) {
  FieldWriter out;
  out.Number(1, static_cast<uint64_t>(event.subtask));
  out.Bytes(2, event.event);
  return out.Take();
}

Result<CoordinatorEvent> DecodeEvent(std::string_view bytes) {
  FieldReader in(bytes, "event of a checkpoint");
  CoordinatorEvent event;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: event.subtask = in.Int32(); break;
      case 2: event.event = in.String(); break;
      default: return ExternalError("Malformed event of a checkpoint: it has field {}", in.tag());
    }
  }
  THALWEG_TRY(in.status());
  return event;
}

std::string EncodeNode(const NodeState& node) {
  FieldWriter out;
  out.Bytes(1, node.uid);
  out.Number(2, static_cast<uint64_t>(node.max_parallelism));
  out.Number(3, static_cast<uint64_t>(node.parallelism));
  out.Bool(4, node.keyed);
  out.Bytes(5, node.coordinator.state);
  for (const SubtaskState& subtask : node.subtasks) out.Nested(6, EncodeSubtask(subtask));
  for (const CoordinatorEvent& event : node.coordinator.events) out.Nested(7, EncodeEvent(event));
  out.Unknown(node.unknown);
  return out.Take();
}

Status CheckNode(const NodeState& node) {
  if (node.max_parallelism > types::kMaxMaxParallelism || node.parallelism < 1 ||
      node.parallelism > node.max_parallelism)
    return ExternalError("Malformed checkpoint manifest: node '{}' has parallelism {} and max parallelism {}", node.uid,
                         node.parallelism, node.max_parallelism);
  for (const CoordinatorEvent& event : node.coordinator.events)
    if (event.subtask < 0 || event.subtask >= node.parallelism)
      return ExternalError("Malformed checkpoint manifest: an event of node '{}' comes from subtask {} of {}", node.uid,
                           event.subtask, node.parallelism);
  int32_t next = 0;
  for (const SubtaskState& subtask : node.subtasks) {
    if (subtask.subtask < next || subtask.subtask >= node.parallelism)
      return ExternalError("Malformed checkpoint manifest: subtask {} of node '{}' is out of place", subtask.subtask,
                           node.uid);
    next = subtask.subtask + 1;
    if (!subtask.segments.empty() && subtask.segments.back().key_group >= node.max_parallelism)
      return ExternalError("Malformed checkpoint manifest: node '{}' has key group {} of {}", node.uid,
                           subtask.segments.back().key_group, node.max_parallelism);
  }
  return {};
}

Result<NodeState> DecodeNode(std::string_view bytes) {
  FieldReader in(bytes, "node of a checkpoint");
  NodeState node;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: node.uid = in.String(); break;
      case 2: node.max_parallelism = in.Int32(); break;
      case 3: node.parallelism = in.Int32(); break;
      case 4: node.keyed = in.Bool(); break;
      case 5: node.coordinator.state = in.String(); break;
      case 6: node.subtasks.push_back(in.Take(DecodeSubtask(in.Bytes()))); break;
      case 7: node.coordinator.events.push_back(in.Take(DecodeEvent(in.Bytes()))); break;
      default: in.Keep(&node.unknown);
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckNode(node));
  return node;
}

}  // namespace

std::string TaskName(const TaskId& task) { return fmt::format("{}-{}", task.vertex, task.subtask); }

bool SubtaskState::IsEmpty() const {
  // An operator that is opened has its lists, with or without items.
  return segments.empty() && committables.empty() && splits.empty() && in_flight.empty() && unknown.empty() &&
         std::all_of(lists.begin(), lists.end(), [](const auto& list) { return list.items.empty(); });
}

bool NodeState::IsEmpty() const {
  return coordinator == CoordinatorState() && unknown.empty() &&
         std::all_of(subtasks.begin(), subtasks.end(), [](const SubtaskState& subtask) { return subtask.IsEmpty(); });
}

bool NodeState::IsFinished() const {
  return subtasks.size() == static_cast<size_t>(parallelism) &&
         std::all_of(subtasks.begin(), subtasks.end(), [](const SubtaskState& subtask) { return subtask.finished; });
}

const NodeState* Manifest::Find(std::string_view uid) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodeState& node) { return node.uid == uid; });
  return found != nodes.end() ? &*found : nullptr;
}

std::map<std::string, std::pair<uint64_t, uint64_t>> Manifest::Files() const {
  std::map<std::string, std::pair<uint64_t, uint64_t>> files;
  for (const NodeState& node : nodes)
    for (const SubtaskState& subtask : node.subtasks)
      if (!subtask.file.empty()) files[subtask.file] = {subtask.file_bytes, subtask.file_checksum};
  return files;
}

std::string EncodeManifest(const Manifest& manifest) {
  FieldWriter out;
  out.Bytes(1, manifest.job);
  out.Number(2, manifest.checkpoint);
  out.Number(3, manifest.parent);
  out.Signed(4, manifest.created_at_ms);
  out.Fixed64(5, manifest.graph_digest);
  out.Number(6, static_cast<uint64_t>(manifest.kind));
  for (const NodeState& node : manifest.nodes) out.Nested(7, EncodeNode(node));
  out.Unknown(manifest.unknown);
  return io::EncodeFrame(kManifestFormat, out.Take());
}

Result<Manifest> DecodeManifest(std::string_view bytes) {
  THALWEG_ASSIGN(const io::Frame frame, io::DecodeFrame(kManifestFormat, bytes));
  FieldReader in(frame.payload, "checkpoint manifest");
  Manifest manifest;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: manifest.job = in.String(); break;
      case 2: manifest.checkpoint = in.Number(); break;
      case 3: manifest.parent = in.Number(); break;
      case 4: manifest.created_at_ms = in.Signed(); break;
      case 5: manifest.graph_digest = in.Fixed64(); break;
      case 6: manifest.kind = in.Enum(CheckpointKind::kFinal); break;
      case 7: manifest.nodes.push_back(in.Take(DecodeNode(in.Bytes()))); break;
      default: in.Keep(&manifest.unknown);
    }
  }
  THALWEG_TRY(in.status());
  return manifest;
}

}  // namespace thalweg::checkpoint
