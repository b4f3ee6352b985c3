#include "state/segment.h"

#include <algorithm>

namespace thalweg::state {

namespace {

uint64_t PrefixOf(std::string_view key) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; ++i) prefix = prefix << 8 | (i < key.size() ? static_cast<uint8_t>(key[i]) : 0);
  return prefix;
}

/// Key and namespace of an entry with its state index in front.
std::pair<std::string_view, std::string_view> NameOf(std::string_view entry) {
  ByteReader in(entry);
  in.Varint();
  std::string_view key = in.String();
  return {key, in.String()};
}

}  // namespace

void AppendEntry(const SegmentEntry& entry, bool with_expiry, ByteWriter& out) {
  out.String(entry.key);
  out.String(entry.ns);
  out.String(entry.value);
  if (with_expiry) out.I64(entry.expiry_ms);
}

bool ReadEntry(ByteReader& in, bool with_expiry, SegmentEntry& entry) {
  if (in.AtEnd()) return false;
  entry.key = in.String();
  entry.ns = in.String();
  entry.value = in.String();
  entry.expiry_ms = with_expiry ? in.I64() : 0;
  return !in.failed();
}

void SnapshotWriter::Begin(const StateSpec& spec) {
  EndState();
  THALWEG_CHECK(snapshot_.specs.empty() || snapshot_.specs.back().name < spec.name,
                "states come in the order of their names");
  snapshot_.specs.push_back(spec);
}

void SnapshotWriter::Add(uint16_t group, std::string_view key, std::string_view ns, std::string_view value,
                         int64_t expiry_ms) {
  if (groups_.size() <= group) groups_.resize(group + size_t{1});
  Group& to = groups_[group];
  ByteWriter out;
  out.bytes() = std::move(to.bytes);
  const size_t offset = out.size();
  out.Varint(snapshot_.specs.size() - 1);
  AppendEntry({.state = 0, .key = key, .ns = ns, .value = value, .expiry_ms = expiry_ms},
              snapshot_.specs.back().ttl.ttl_ms > 0, out);
  const Item item{PrefixOf(key), offset, out.size() - offset};
  to.bytes = out.Take();
  if (!to.items.empty() && to.sorted) {
    const Item& last = to.items.back();
    to.sorted = last.prefix < item.prefix ||
                (last.prefix == item.prefix &&
                 NameOf(std::string_view(to.bytes).substr(last.offset, last.size)) < std::pair(key, ns));
  }
  to.items.push_back(item);
}

void SnapshotWriter::EndState() {
  for (size_t group = 0; group < groups_.size(); ++group) {
    Group& from = groups_[group];
    if (from.items.empty()) continue;
    std::string& segment = snapshot_.segments[static_cast<uint16_t>(group)];
    if (from.sorted) {
      segment += from.bytes;
    } else {
      const std::string_view bytes = from.bytes;
      std::sort(from.items.begin(), from.items.end(), [bytes](const Item& a, const Item& b) {
        if (a.prefix != b.prefix) return a.prefix < b.prefix;
        return NameOf(bytes.substr(a.offset, a.size)) < NameOf(bytes.substr(b.offset, b.size));
      });
      segment.reserve(segment.size() + bytes.size());
      for (const Item& item : from.items) segment += bytes.substr(item.offset, item.size);
    }
    from = {};
  }
}

KeyedSnapshot SnapshotWriter::Take() {
  EndState();
  return std::move(snapshot_);
}

bool SegmentReader::Next(SegmentEntry& entry) {
  if (in_.failed() || in_.AtEnd()) return false;
  const uint64_t state = in_.Varint();
  if (in_.failed() || state >= specs_.size()) {
    bad_state_ = true;
    in_.Fail();
    return false;
  }
  entry.state = state;
  if (in_.AtEnd()) in_.Fail();
  return ReadEntry(in_, specs_[state].ttl.ttl_ms > 0, entry);
}

Status SegmentReader::status() const {
  if (bad_state_) return ExternalError("Malformed state segment: an entry of a state that is not described");
  if (in_.failed()) return ExternalError("Malformed state segment: an entry ends beyond it");
  return {};
}

}  // namespace thalweg::state
