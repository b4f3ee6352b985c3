#include "operators/appended_rows.h"

#include <utility>

namespace thalweg::operators {

Status AppendedRows::Open(state::KeyedBackend& backend, std::string name, std::string prefix) {
  state::StateSpec spec;
  spec.name = std::move(name);
  spec.kind = state::StateKind::kValue;
  spec.namespace_codec = std::move(prefix);
  THALWEG_ASSIGN(parts_, state::Table<JoinPart>::Open(backend, std::move(spec)));
  return {};
}

std::string_view AppendedRows::NameOf(std::string_view prefix, uint64_t number) {
  name_ = prefix;
  for (int shift = 56; shift >= 0; shift -= 8) name_ += static_cast<char>(number >> shift);
  return name_;
}

JoinPart& AppendedRows::StartPart(const state::KeyView& key, std::string_view prefix, JoinPart& last) {
  std::string full(last.rows);  // no byte more than it has
  const uint64_t number = last.full_parts++;
  last.rows.clear();
  // A key that has filled two parts will fill more: they grow in the room of this one.
  if (number == 0) last.rows.shrink_to_fit();
  parts_.FindOrCreate(key, NameOf(prefix, number)).rows = std::move(full);
  return parts_.FindOrCreate(key, prefix);
}

int64_t AppendedRows::FullParts(const state::KeyView& key, std::string_view prefix) {
  const JoinPart* last = parts_.Find(key, prefix);
  return last ? static_cast<int64_t>(last->full_parts) : -1;
}

std::string_view AppendedRows::Part(const state::KeyView& key, std::string_view prefix, int64_t number, int64_t full) {
  const JoinPart* part = parts_.Find(key, number < full ? NameOf(prefix, static_cast<uint64_t>(number)) : prefix);
  return part ? std::string_view(part->rows) : std::string_view();
}

void AppendedRows::Erase(const state::KeyView& key, std::string_view prefix) {
  const int64_t full = FullParts(key, prefix);
  for (int64_t number = 0; number < full; ++number) parts_.Erase(key, NameOf(prefix, static_cast<uint64_t>(number)));
  if (full >= 0) parts_.Erase(key, prefix);
}

}  // namespace thalweg::operators
