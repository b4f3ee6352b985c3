#include "checkpoint/snapshot_file.h"

#include <xxhash.h>

#include <memory>

#include "base/fields.h"
#include "base/hash.h"
#include "io/framed.h"

namespace thalweg::checkpoint {
namespace {

constexpr io::FrameFormat kStateFileFormat{"state file", {'T', 'W', 'S', 'F'}, 1};

// Hash64 of bytes that come in pieces.
class RunningHash {
 public:
  RunningHash() : state_(XXH3_createState(), &XXH3_freeState) {
    THALWEG_CHECK(state_ != nullptr);
    XXH3_64bits_reset(state_.get());
  }
  void Add(std::string_view bytes) { XXH3_64bits_update(state_.get(), bytes.data(), bytes.size()); }
  uint64_t value() const { return XXH3_64bits_digest(state_.get()); }

 private:
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state_;
};

std::string EncodeLabel(const FileLabel& label) {
  FieldWriter out;
  out.Bytes(1, label.job);
  out.Number(2, label.checkpoint);
  out.Number(3, label.task.vertex);
  out.Number(4, static_cast<uint64_t>(label.task.subtask));
  return io::EncodeFrame(kStateFileFormat, out.Take());
}

// All but the segments.
SubtaskState SmallParts(const TaskId& task, const state::OperatorSnapshot& snapshot) {
  SubtaskState state;
  state.subtask = task.subtask;
  state.specs = snapshot.keyed.specs;
  state.lists = snapshot.lists;
  state.committables = snapshot.committables;
  state.splits = snapshot.splits;
  state.in_flight = snapshot.in_flight;
  return state;
}

Status CheckSegment(const std::string& path, const Segment& segment, std::string_view bytes) {
  if (bytes.size() != segment.length)
    return ExternalError("Truncated state: key group {} has {} of {} bytes: {}", segment.key_group, bytes.size(),
                         segment.length, path);
  const uint64_t actual = Hash64(bytes);
  if (actual != segment.checksum)
    return ExternalError("Damaged state: key group {} has checksum {:016x}, expected {:016x}: {}", segment.key_group,
                         actual, segment.checksum, path);
  return {};
}

// Index after the last of the segments from `first` that lie side by side, in `range`, and are read together.
size_t RunEnd(const std::vector<Segment>& segments, size_t first, types::KeyGroupRange range) {
  size_t end = first + 1;
  while (end < segments.size() && range.Contains(segments[end].key_group) &&
         segments[end].offset == segments[end - 1].offset + segments[end - 1].length &&
         segments[end].offset + segments[end].length - segments[first].offset <= kReadBytes)
    ++end;
  return end;
}

}  // namespace

uint64_t KeyedBytes(const state::TaskSnapshot& snapshot) {
  uint64_t bytes = 0;
  for (const state::OperatorSnapshot& op : snapshot.operators)
    for (const auto& [group, segment] : op.keyed.segments) bytes += segment.size();
  return bytes;
}

TaskState InlineTask(const TaskId& task, const state::TaskSnapshot& snapshot) {
  TaskState states;
  for (const state::OperatorSnapshot& op : snapshot.operators) {
    SubtaskState state = SmallParts(task, op);
    for (const auto& [group, bytes] : op.keyed.segments) {
      state.segments.push_back({group, state.inlined.size(), bytes.size(), Hash64(bytes)});
      state.inlined += bytes;
    }
    states[op.uid] = std::move(state);
  }
  return states;
}

Result<TaskState> WriteSnapshotFile(io::Storage& storage, const std::string& path, const FileLabel& label,
                                    const state::TaskSnapshot& snapshot) {
  THALWEG_ASSIGN(const std::unique_ptr<io::Writer> writer, storage.OpenWriter(path));
  RunningHash hash;
  auto append = [&](std::string_view bytes) {
    hash.Add(bytes);
    return writer->Append(bytes);
  };
  THALWEG_TRY(append(EncodeLabel(label)));
  TaskState states;
  for (const state::OperatorSnapshot& op : snapshot.operators) {
    SubtaskState state = SmallParts(label.task, op);
    for (const auto& [group, bytes] : op.keyed.segments) {
      state.segments.push_back({group, writer->size(), bytes.size(), Hash64(bytes)});
      THALWEG_TRY(append(bytes));
    }
    states[op.uid] = std::move(state);
  }
  const uint64_t size = writer->size();
  THALWEG_TRY(writer->Commit());
  for (auto& [uid, state] : states) {
    if (state.segments.empty()) continue;
    state.file = path.substr(path.rfind('/') + 1);
    state.file_bytes = size;
    state.file_checksum = hash.value();
  }
  return states;
}

Result<state::KeyedSnapshot> ReadKeyGroups(io::Storage& storage, const std::string& folder, const SubtaskState& state,
                                           types::KeyGroupRange range) {
  state::KeyedSnapshot keyed;
  keyed.specs = state.specs;
  const std::string path = state.file.empty() ? "the manifest" : folder + "/" + state.file;
  for (size_t i = 0; i < state.segments.size();) {
    if (!range.Contains(state.segments[i].key_group)) {
      ++i;
      continue;
    }
    const size_t end = RunEnd(state.segments, i, range);
    const uint64_t from = state.segments[i].offset;
    const uint64_t length = state.segments[end - 1].offset + state.segments[end - 1].length - from;
    std::string read;
    std::string_view run;
    if (state.file.empty()) {
      run = std::string_view(state.inlined).substr(std::min<uint64_t>(from, state.inlined.size()), length);
    } else {
      THALWEG_ASSIGN(read, storage.Get(path, from, length));
      run = read;
    }
    for (; i < end; ++i) {
      const Segment& segment = state.segments[i];
      const std::string_view bytes = run.substr(std::min<uint64_t>(segment.offset - from, run.size()), segment.length);
      THALWEG_TRY(CheckSegment(path, segment, bytes));
      keyed.segments[segment.key_group] = bytes;
    }
  }
  return keyed;
}

Result<state::OperatorSnapshot> ReadOperator(io::Storage& storage, const std::string& folder, const std::string& uid,
                                             const SubtaskState& state) {
  state::OperatorSnapshot snapshot;
  snapshot.uid = uid;
  THALWEG_ASSIGN(snapshot.keyed, ReadKeyGroups(storage, folder, state, {0, types::kMaxMaxParallelism}));
  snapshot.lists = state.lists;
  snapshot.committables = state.committables;
  snapshot.splits = state.splits;
  snapshot.in_flight = state.in_flight;
  return snapshot;
}

Status VerifyFile(io::Storage& storage, const std::string& path, uint64_t bytes, uint64_t checksum) {
  THALWEG_ASSIGN(const bool exists, storage.Exists(path));
  if (!exists) return ExternalError("Missing state file: {}", path);
  THALWEG_ASSIGN(const uint64_t size, storage.Size(path));
  if (size != bytes) return ExternalError("Damaged state file: it has {} bytes, expected {}: {}", size, bytes, path);
  RunningHash hash;
  for (uint64_t offset = 0; offset < bytes; offset += kReadBytes) {
    THALWEG_ASSIGN(const std::string chunk, storage.Get(path, offset, std::min(kReadBytes, bytes - offset)));
    hash.Add(chunk);
  }
  if (hash.value() != checksum)
    return ExternalError("Damaged state file: it has checksum {:016x}, expected {:016x}: {}", hash.value(), checksum,
                         path);
  return {};
}

Result<FileLabel> DecodeFileLabel(std::string_view bytes) {
  THALWEG_ASSIGN(const io::Frame frame, io::DecodeNextFrame(kStateFileFormat, &bytes));
  FieldReader in(frame.payload, "state file");
  FileLabel label;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: label.job = in.String(); break;
      case 2: label.checkpoint = in.Number(); break;
      case 3: label.task.vertex = static_cast<uint32_t>(in.Number(UINT32_MAX)); break;
      case 4: label.task.subtask = in.Int32(); break;
      default: break;  // for people only: what is new is of no use here
    }
  }
  THALWEG_TRY(in.status());
  return label;
}

}  // namespace thalweg::checkpoint
