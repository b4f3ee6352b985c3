#include "state/state_spec.h"

namespace thalweg::state {

namespace {

const char* KindName(StateKind kind) {
  switch (kind) {
    case StateKind::kValue: return "value state";
    case StateKind::kList: return "list state";
    case StateKind::kMap: return "map state";
    case StateKind::kReducing: return "reducing state";
    case StateKind::kAggregating: return "aggregating state";
    case StateKind::kTimers: return "timers";
    case StateKind::kTable: return "table";
  }
  return "state of unknown kind";
}

}  // namespace

std::string Describe(const StateSpec& spec) {
  std::string text = fmt::format("{} '{}' of {}", KindName(spec.kind), spec.name, spec.value_codec);
  if (!spec.namespace_codec.empty()) text += fmt::format(" by {}", spec.namespace_codec);
  text += fmt::format(", version {}", spec.version);
  if (spec.ttl.ttl_ms > 0) {
    text += fmt::format(", ttl {} ms", spec.ttl.ttl_ms);
    if (spec.ttl.update == TtlSpec::Update::kOnReadAndWrite) text += " from the last read or write";
    if (spec.ttl.visibility == TtlSpec::Visibility::kReturnExpiredIfNotCleanedUp) text += ", expired ones visible";
  }
  return text;
}

Status CheckCompatible(const StateSpec& restored, const StateSpec& asked) {
  StateSpec same = restored;
  same.ttl = asked.ttl;
  if (same == asked) return {};
  return UserError("State in the checkpoint differs from the job's: {} was saved, {} is asked for", Describe(restored),
                   Describe(asked));
}

Status CheckTableSpec(const StateSpec& spec, const types::ObjectType& value) {
  if (spec.name.empty()) return InternalError("A state needs a name");
  if (spec.kind == StateKind::kTimers) return InternalError("Timers are not a table: '{}'", spec.name);
  if (value.encode == nullptr || value.construct == nullptr)
    return UserError("A type in state needs a codec and a default constructor: '{}' holds {}", spec.name, value.name);
  if (spec.value_codec != value.name)
    return InternalError("State is described by another codec than its type's: {} holds {}", Describe(spec),
                         value.name);
  return {};
}

}  // namespace thalweg::state
