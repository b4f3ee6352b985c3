#include "graph/rank_spec.h"

#include "types/type_codec.h"

namespace thalweg::graph {
namespace {

/// Types that order rows; MAP, MULTISET and objects do not.
Status CheckOrder(const types::Schema& schema, const std::vector<SortKey>& order) {
  for (const SortKey& key : order) {
    THALWEG_TRY(CheckColumns(schema, {key.column}, "order"));
    const types::DataType& type = schema.field(key.column).type;
    if (type.id() == types::TypeId::kMap || type.id() == types::TypeId::kMultiset ||
        type.id() == types::TypeId::kObject)
      return UserError("Rows cannot be ordered by {}, a {}", schema.field(key.column).name, type.ToString());
  }
  return {};
}

Status CheckRange(int64_t from, int64_t to) {
  if (from >= 1 && to >= from) return {};
  return UserError("Wrong range of row numbers: {} to {}", from, to);
}

Status CheckLimit(int64_t offset, int64_t limit) {
  if (offset >= 0 && limit >= -1) return {};
  return UserError("Wrong limit: {} rows after {}", limit, offset);
}

}  // namespace

std::string Encode(const RankSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.partition));
  for (const SortKey& key : spec.order) out.Nested(3, Encode(key));
  out.Signed(4, spec.from);
  out.Signed(5, spec.to);
  out.Bool(6, spec.rank_number);
  out.Number(7, static_cast<uint64_t>(spec.kind));
  out.Bytes(8, EncodeColumns(spec.unique_key));
  out.Bool(9, spec.generate_update_before);
  out.Signed(10, spec.ttl_ms);
  return out.Take();
}

Result<RankSpec> DecodeRank(std::string_view bytes) {
  FieldReader in(bytes, "rank");
  RankSpec spec;
  spec.from = spec.to = 0;  // a field that is 0 or false is left out
  spec.generate_update_before = false;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.partition = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.order.push_back(in.Take(DecodeSortKey(in.Bytes()))); break;
      case 4: spec.from = in.Signed(); break;
      case 5: spec.to = in.Signed(); break;
      case 6: spec.rank_number = in.Bool(); break;
      case 7: spec.kind = in.Enum(RankSpec::Input::kRetract); break;
      case 8: spec.unique_key = in.Take(DecodeColumns(in.Bytes())); break;
      case 9: spec.generate_update_before = in.Bool(); break;
      case 10: spec.ttl_ms = in.Signed(); break;
      default: RefuseField(in, "rank");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.partition, "partition of a rank"));
  THALWEG_TRY(CheckColumns(spec.input, spec.unique_key, "unique key of a rank"));
  THALWEG_TRY(CheckOrder(spec.input, spec.order));
  THALWEG_TRY(CheckRange(spec.from, spec.to));
  if (spec.kind == RankSpec::Input::kUpsert && spec.unique_key.empty())
    return UserError("A rank of an upsert stream needs its unique key");
  return spec;
}

std::string Encode(const DeduplicateSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.keys));
  out.Signed(3, int64_t{spec.time_column} + 1);
  out.Bool(4, spec.keep_last);
  out.Bool(5, spec.generate_update_before);
  out.Bool(6, spec.generate_insert);
  out.Bool(7, spec.on_watermark);
  out.Signed(8, spec.ttl_ms);
  out.Bool(9, spec.null_times_first);
  return out.Take();
}

Result<DeduplicateSpec> DecodeDeduplicate(std::string_view bytes) {
  FieldReader in(bytes, "deduplicate");
  DeduplicateSpec spec;
  spec.generate_update_before = spec.generate_insert = false;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.keys = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.time_column = static_cast<int>(in.Signed() - 1); break;
      case 4: spec.keep_last = in.Bool(); break;
      case 5: spec.generate_update_before = in.Bool(); break;
      case 6: spec.generate_insert = in.Bool(); break;
      case 7: spec.on_watermark = in.Bool(); break;
      case 8: spec.ttl_ms = in.Signed(); break;
      case 9: spec.null_times_first = in.Bool(); break;
      default: RefuseField(in, "deduplicate");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.keys, "key of a deduplication"));
  if (spec.time_column >= 0 || spec.on_watermark)
    THALWEG_TRY(CheckTimeColumn(spec.input, spec.time_column, "time of a deduplication"));
  if (spec.on_watermark && spec.keep_last) return UserError("Only the first row of a key can be sent once");
  return spec;
}

std::string Encode(const WindowRankSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.partition));
  for (const SortKey& key : spec.order) out.Nested(3, Encode(key));
  out.Signed(4, spec.from);
  out.Signed(5, spec.to);
  out.Bool(6, spec.rank_number);
  out.Signed(7, int64_t{spec.window_end} + 1);
  out.Bytes(8, spec.zone);
  return out.Take();
}

Result<WindowRankSpec> DecodeWindowRank(std::string_view bytes) {
  FieldReader in(bytes, "window rank");
  WindowRankSpec spec;
  spec.from = spec.to = 0;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.partition = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.order.push_back(in.Take(DecodeSortKey(in.Bytes()))); break;
      case 4: spec.from = in.Signed(); break;
      case 5: spec.to = in.Signed(); break;
      case 6: spec.rank_number = in.Bool(); break;
      case 7: spec.window_end = static_cast<int>(in.Signed() - 1); break;
      case 8: spec.zone = in.String(); break;
      default: RefuseField(in, "window rank");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.partition, "partition of a window rank"));
  THALWEG_TRY(CheckOrder(spec.input, spec.order));
  THALWEG_TRY(CheckRange(spec.from, spec.to));
  THALWEG_TRY(CheckTimeColumn(spec.input, spec.window_end, "window of a window rank"));
  return spec;
}

std::string Encode(const WindowDeduplicateSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.keys));
  out.Signed(3, int64_t{spec.time_column} + 1);
  out.Bool(4, spec.keep_last);
  out.Signed(5, int64_t{spec.window_end} + 1);
  out.Bytes(6, spec.zone);
  return out.Take();
}

Result<WindowDeduplicateSpec> DecodeWindowDeduplicate(std::string_view bytes) {
  FieldReader in(bytes, "window deduplicate");
  WindowDeduplicateSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.keys = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.time_column = static_cast<int>(in.Signed() - 1); break;
      case 4: spec.keep_last = in.Bool(); break;
      case 5: spec.window_end = static_cast<int>(in.Signed() - 1); break;
      case 6: spec.zone = in.String(); break;
      default: RefuseField(in, "window deduplicate");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckColumns(spec.input, spec.keys, "key of a window deduplication"));
  THALWEG_TRY(CheckTimeColumn(spec.input, spec.time_column, "time of a window deduplication"));
  THALWEG_TRY(CheckTimeColumn(spec.input, spec.window_end, "window of a window deduplication"));
  return spec;
}

std::string Encode(const SortSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  for (const SortKey& key : spec.order) out.Nested(2, Encode(key));
  out.Signed(3, int64_t{spec.time_column} + 1);
  out.Signed(4, spec.offset);
  out.Signed(5, spec.limit + 1);
  out.Bytes(6, spec.if_empty);
  return out.Take();
}

Result<SortSpec> DecodeSort(std::string_view bytes) {
  FieldReader in(bytes, "sort");
  SortSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.order.push_back(in.Take(DecodeSortKey(in.Bytes()))); break;
      case 3: spec.time_column = static_cast<int>(in.Signed() - 1); break;
      case 4: spec.offset = in.Signed(); break;
      case 5: spec.limit = in.Signed() - 1; break;
      case 6: spec.if_empty = in.String(); break;
      default: RefuseField(in, "sort");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckOrder(spec.input, spec.order));
  THALWEG_TRY(CheckLimit(spec.offset, spec.limit));
  if (spec.time_column < 0) return spec;
  THALWEG_TRY(CheckTimeColumn(spec.input, spec.time_column, "time of a sort"));
  if (spec.order.empty() || spec.order[0].column != spec.time_column || spec.order[0].descending)
    return UserError("A sort of a stream begins with its time, ascending");
  if (spec.offset != 0 || spec.limit >= 0 || !spec.if_empty.empty())
    return UserError("A sort by the watermark has no limit");
  return spec;
}

std::string Encode(const LimitSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Signed(2, spec.offset);
  out.Signed(3, spec.limit + 1);
  return out.Take();
}

Result<LimitSpec> DecodeLimit(std::string_view bytes) {
  FieldReader in(bytes, "limit");
  LimitSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.offset = in.Signed(); break;
      case 3: spec.limit = in.Signed() - 1; break;
      default: RefuseField(in, "limit");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckLimit(spec.offset, spec.limit));
  return spec;
}

}  // namespace thalweg::graph
