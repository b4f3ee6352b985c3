#include "graph/join_spec.h"

#include "graph/row_spec.h"
#include "types/type_codec.h"

namespace thalweg::graph {
namespace {

/// Tags 1 to 8; what a kind has of its own follows.
void EncodeSides(const JoinSides& sides, FieldWriter& out) {
  out.Nested(1, types::EncodeSchema(sides.left));
  out.Nested(2, types::EncodeSchema(sides.right));
  out.Bytes(3, EncodeColumns(sides.left_keys));
  out.Bytes(4, EncodeColumns(sides.right_keys));
  out.Bytes(5, EncodeColumns(sides.null_equal));
  out.Number(6, static_cast<uint64_t>(sides.type));
  if (sides.condition) out.Nested(7, expr::Encode(*sides.condition));
  out.Bytes(8, sides.zone);
}

/// False: the tag is none of these.
bool DecodeSidesField(FieldReader& in, JoinSides& sides) {
  switch (in.tag()) {
    case 1: sides.left = in.Take(types::DecodeSchema(in.Bytes())); return true;
    case 2: sides.right = in.Take(types::DecodeSchema(in.Bytes())); return true;
    case 3: sides.left_keys = in.Take(DecodeColumns(in.Bytes())); return true;
    case 4: sides.right_keys = in.Take(DecodeColumns(in.Bytes())); return true;
    case 5: sides.null_equal = in.Take(DecodeColumns(in.Bytes())); return true;
    case 6: sides.type = in.Enum(JoinType::kAnti); return true;
    case 7: sides.condition = in.Take(expr::Decode(in.Bytes())); return true;
    case 8: sides.zone = in.String(); return true;
    default: return false;
  }
}

Status CheckKeyTypes(const JoinSides& sides) {
  for (size_t i = 0; i < sides.left_keys.size(); ++i) {
    const types::DataType& left = sides.left.field(sides.left_keys[i]).type;
    const types::DataType& right = sides.right.field(sides.right_keys[i]).type;
    const bool texts = left.is_variable() && left.id() == right.id();  // lengths do not show in a key
    if (!texts && !(left.WithNullable(true) == right.WithNullable(true)))
      return UserError("Keys of a join have different types: {} and {}", left.ToString(), right.ToString());
  }
  return {};
}

Status CheckSides(const JoinSides& sides) {
  THALWEG_TRY(CheckColumns(sides.left, sides.left_keys, "key of a join's left side"));
  THALWEG_TRY(CheckColumns(sides.right, sides.right_keys, "key of a join's right side"));
  if (sides.left_keys.size() != sides.right_keys.size())
    return UserError("Keys of a join: {} on the left, {} on the right", sides.left_keys.size(),
                     sides.right_keys.size());
  if (!sides.null_equal.empty() && sides.null_equal.size() != sides.left_keys.size())
    return UserError("Keys of a join: {}, but {} say what NULL means", sides.left_keys.size(), sides.null_equal.size());
  THALWEG_TRY(CheckKeyTypes(sides));
  std::vector<types::Field> columns = sides.left.fields();
  columns.insert(columns.end(), sides.right.fields().begin(), sides.right.fields().end());
  return CheckCondition(sides.condition, columns, "join");
}

/// -1 on both sides, or a time of milliseconds on both.
Status CheckTimes(const JoinSides& sides, int left, int right) {
  if (left < 0 && right < 0) return {};
  THALWEG_TRY(CheckTimeColumn(sides.left, left, "time of a join's left side"));
  return CheckTimeColumn(sides.right, right, "time of a join's right side");
}

constexpr int64_t kMaxBoundMs = int64_t{1} << 60;  // sums of bounds and times stay in int64

bool FarOff(int64_t bound_ms) { return bound_ms < -kMaxBoundMs || bound_ms > kMaxBoundMs; }

std::string EncodeBound(const TimeBound& bound) {
  FieldWriter out;
  out.Number(1, static_cast<uint64_t>(bound.time));
  out.Number(2, static_cast<uint64_t>(bound.other_time));
  out.Signed(3, bound.lower_ms);
  if (bound.upper_ms) {
    out.Bool(4, true);
    out.Signed(5, *bound.upper_ms);
  }
  out.Signed(6, bound.ahead_ms);
  return out.Take();
}

Result<TimeBound> DecodeBound(std::string_view bytes) {
  FieldReader in(bytes, "time bound of a join");
  TimeBound bound{.time = 0, .other_time = 0, .lower_ms = 0, .upper_ms = std::nullopt, .ahead_ms = 0};
  while (in.Next()) {
    switch (in.tag()) {
      case 1: bound.time = in.Int32(); break;
      case 2: bound.other_time = in.Int32(); break;
      case 3: bound.lower_ms = in.Signed(); break;
      case 4:
        if (in.Bool()) bound.upper_ms = 0;
        break;
      case 5: bound.upper_ms = in.Signed(); break;
      case 6: bound.ahead_ms = in.Signed(); break;
      default: RefuseField(in, "time bound of a join");
    }
  }
  THALWEG_TRY(in.status());
  return bound;
}

Status CheckBound(const JoinSpec& spec, bool left) {
  const std::optional<TimeBound>& bound = left ? spec.left_bound : spec.right_bound;
  if (!bound) return {};
  const types::Schema &own = left ? spec.sides.left : spec.sides.right,
                      &other = left ? spec.sides.right : spec.sides.left;
  THALWEG_TRY(CheckTimeColumn(own, bound->time, "time that bounds a side of a join"));
  THALWEG_TRY(CheckTimeColumn(other, bound->other_time, "time that bounds the other side of a join"));
  if (FarOff(bound->lower_ms) || FarOff(bound->upper_ms.value_or(0)) || FarOff(bound->ahead_ms))
    return UserError("Wrong time bound of a join: {} ms, {} ms ahead", bound->lower_ms, bound->ahead_ms);
  const bool forgets = spec.left_ttl_ms > 0 || spec.right_ttl_ms > 0;
  if (spec.sides.type != JoinType::kInner || !spec.left_append_only || !spec.right_append_only || forgets)
    return UserError("Times bound the sides of an inner join of rows that only come, without a TTL");
  return {};
}

}  // namespace

std::string Encode(const JoinSpec& spec) {
  FieldWriter out;
  EncodeSides(spec.sides, out);
  out.Bytes(9, EncodeColumns(spec.left_unique_key));
  out.Bytes(10, EncodeColumns(spec.right_unique_key));
  out.Signed(11, spec.left_ttl_ms);
  out.Signed(12, spec.right_ttl_ms);
  out.Bool(13, spec.left_append_only);
  out.Bool(14, spec.right_append_only);
  if (spec.left_bound) out.Nested(15, EncodeBound(*spec.left_bound));
  if (spec.right_bound) out.Nested(16, EncodeBound(*spec.right_bound));
  return out.Take();
}

Result<JoinSpec> DecodeJoin(std::string_view bytes) {
  FieldReader in(bytes, "join");
  JoinSpec spec;
  while (in.Next()) {
    if (DecodeSidesField(in, spec.sides)) continue;
    switch (in.tag()) {
      case 9: spec.left_unique_key = in.Take(DecodeColumns(in.Bytes())); break;
      case 10: spec.right_unique_key = in.Take(DecodeColumns(in.Bytes())); break;
      case 11: spec.left_ttl_ms = in.Signed(); break;
      case 12: spec.right_ttl_ms = in.Signed(); break;
      case 13: spec.left_append_only = in.Bool(); break;
      case 14: spec.right_append_only = in.Bool(); break;
      case 15: spec.left_bound = in.Take(DecodeBound(in.Bytes())); break;
      case 16: spec.right_bound = in.Take(DecodeBound(in.Bytes())); break;
      default: RefuseField(in, "join");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckSides(spec.sides));
  THALWEG_TRY(CheckColumns(spec.sides.left, spec.left_unique_key, "unique key of a join's left side"));
  THALWEG_TRY(CheckColumns(spec.sides.right, spec.right_unique_key, "unique key of a join's right side"));
  THALWEG_TRY(CheckBound(spec, true));
  THALWEG_TRY(CheckBound(spec, false));
  return spec;
}

std::string Encode(const IntervalJoinSpec& spec) {
  FieldWriter out;
  EncodeSides(spec.sides, out);
  out.Signed(9, spec.lower_ms);
  out.Signed(10, spec.upper_ms);
  out.Signed(11, int64_t{spec.left_time} + 1);
  out.Signed(12, int64_t{spec.right_time} + 1);
  out.Signed(13, spec.min_cleanup_ms);
  return out.Take();
}

Result<IntervalJoinSpec> DecodeIntervalJoin(std::string_view bytes) {
  FieldReader in(bytes, "interval join");
  IntervalJoinSpec spec;
  while (in.Next()) {
    if (DecodeSidesField(in, spec.sides)) continue;
    switch (in.tag()) {
      case 9: spec.lower_ms = in.Signed(); break;
      case 10: spec.upper_ms = in.Signed(); break;
      case 11: spec.left_time = static_cast<int>(in.Signed() - 1); break;
      case 12: spec.right_time = static_cast<int>(in.Signed() - 1); break;
      case 13: spec.min_cleanup_ms = in.Signed(); break;
      default: RefuseField(in, "interval join");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckSides(spec.sides));
  THALWEG_TRY(CheckTimes(spec.sides, spec.left_time, spec.right_time));
  if (spec.lower_ms > spec.upper_ms || spec.lower_ms < -kMaxBoundMs || spec.upper_ms > kMaxBoundMs)
    return UserError("Wrong interval of a join: from {} to {} ms", spec.lower_ms, spec.upper_ms);
  if (spec.min_cleanup_ms < 0 || spec.min_cleanup_ms > kMaxBoundMs)
    return UserError("Wrong clean-up interval of a join: {} ms", spec.min_cleanup_ms);
  if (spec.sides.type > JoinType::kFull) return UserError("An interval join is inner, left, right or full");
  return spec;
}

std::string Encode(const TemporalJoinSpec& spec) {
  FieldWriter out;
  EncodeSides(spec.sides, out);
  out.Signed(9, int64_t{spec.left_time} + 1);
  out.Signed(10, int64_t{spec.right_time} + 1);
  out.Signed(11, spec.ttl_ms);
  return out.Take();
}

Result<TemporalJoinSpec> DecodeTemporalJoin(std::string_view bytes) {
  FieldReader in(bytes, "temporal join");
  TemporalJoinSpec spec;
  while (in.Next()) {
    if (DecodeSidesField(in, spec.sides)) continue;
    switch (in.tag()) {
      case 9: spec.left_time = static_cast<int>(in.Signed() - 1); break;
      case 10: spec.right_time = static_cast<int>(in.Signed() - 1); break;
      case 11: spec.ttl_ms = in.Signed(); break;
      default: RefuseField(in, "temporal join");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckSides(spec.sides));
  THALWEG_TRY(CheckTimes(spec.sides, spec.left_time, spec.right_time));
  if (spec.sides.type > JoinType::kLeft) return UserError("A temporal join is inner or left");
  return spec;
}

std::string Encode(const SnapshotJoinSpec& spec) {
  FieldWriter out;
  EncodeSides(spec.sides, out);
  out.Bytes(9, EncodeColumns(spec.right_unique_key));
  out.Number(10, static_cast<uint64_t>(spec.load));
  out.Signed(11, spec.load_time_ms);
  out.Signed(12, spec.ttl_ms);
  return out.Take();
}

Result<SnapshotJoinSpec> DecodeSnapshotJoin(std::string_view bytes) {
  FieldReader in(bytes, "snapshot join");
  SnapshotJoinSpec spec;
  while (in.Next()) {
    if (DecodeSidesField(in, spec.sides)) continue;
    switch (in.tag()) {
      case 9: spec.right_unique_key = in.Take(DecodeColumns(in.Bytes())); break;
      case 10: spec.load = in.Enum(SnapshotJoinSpec::Load::kTime); break;
      case 11: spec.load_time_ms = in.Signed(); break;
      case 12: spec.ttl_ms = in.Signed(); break;
      default: RefuseField(in, "snapshot join");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckSides(spec.sides));
  THALWEG_TRY(CheckColumns(spec.sides.right, spec.right_unique_key, "unique key of a join's right side"));
  if (spec.sides.type > JoinType::kLeft) return UserError("A snapshot join is inner or left");
  return spec;
}

std::string Encode(const WindowJoinSpec& spec) {
  FieldWriter out;
  EncodeSides(spec.sides, out);
  out.Signed(9, int64_t{spec.left_window_end} + 1);
  out.Signed(10, int64_t{spec.right_window_end} + 1);
  out.Bytes(11, spec.zone);
  return out.Take();
}

Result<WindowJoinSpec> DecodeWindowJoin(std::string_view bytes) {
  FieldReader in(bytes, "window join");
  WindowJoinSpec spec;
  while (in.Next()) {
    if (DecodeSidesField(in, spec.sides)) continue;
    switch (in.tag()) {
      case 9: spec.left_window_end = static_cast<int>(in.Signed() - 1); break;
      case 10: spec.right_window_end = static_cast<int>(in.Signed() - 1); break;
      case 11: spec.zone = in.String(); break;
      default: RefuseField(in, "window join");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckSides(spec.sides));
  THALWEG_TRY(CheckTimeColumn(spec.sides.left, spec.left_window_end, "window of a join's left side"));
  THALWEG_TRY(CheckTimeColumn(spec.sides.right, spec.right_window_end, "window of a join's right side"));
  return spec;
}

}  // namespace thalweg::graph
