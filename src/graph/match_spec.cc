#include "graph/match_spec.h"

#include <algorithm>

#include "types/type_codec.h"

namespace thalweg::graph {
namespace {

std::string Encode(const MatchRead& read) {
  FieldWriter out;
  out.Number(1, static_cast<uint64_t>(read.kind));
  out.Signed(2, read.variable + 1);
  out.Signed(3, read.offset);
  out.Signed(4, read.column + 1);
  if (read.kind == MatchRead::Kind::kAggregate) out.Nested(5, graph::Encode(read.call));
  return out.Take();
}

Result<MatchRead> DecodeRead(std::string_view bytes) {
  FieldReader in(bytes, "read of a match");
  MatchRead read;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: read.kind = in.Enum(MatchRead::Kind::kTime); break;
      case 2: read.variable = ReadColumnPlusOne(in); break;
      case 3: read.offset = in.Signed(); break;
      case 4: read.column = ReadColumnPlusOne(in); break;
      case 5: read.call = in.Take(DecodeAggregateCall(in.Bytes())); break;
      default: RefuseField(in, "read of a match");
    }
  }
  THALWEG_TRY(in.status());
  return read;
}

std::string Encode(const MatchVariable& variable) {
  FieldWriter out;
  out.Bytes(1, variable.name);
  out.Signed(2, variable.min);
  out.Signed(3, variable.max + 1);
  out.Bool(4, variable.greedy);
  out.Signed(5, variable.column + 1);
  if (variable.condition) out.Nested(6, expr::Encode(*variable.condition));
  for (const MatchRead& read : variable.reads) out.Nested(7, Encode(read));
  return out.Take();
}

Result<MatchVariable> DecodeVariable(std::string_view bytes) {
  FieldReader in(bytes, "variable of a pattern");
  MatchVariable variable;
  variable.min = 0;
  variable.max = -1;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: variable.name = in.String(); break;
      case 2: variable.min = static_cast<int>(in.Signed()); break;
      case 3: variable.max = ReadColumnPlusOne(in); break;
      case 4: variable.greedy = in.Bool(); break;
      case 5: variable.column = ReadColumnPlusOne(in); break;
      case 6: variable.condition = in.Take(expr::Decode(in.Bytes())); break;
      case 7: variable.reads.push_back(in.Take(DecodeRead(in.Bytes()))); break;
      default: RefuseField(in, "variable of a pattern");
    }
  }
  THALWEG_TRY(in.status());
  return variable;
}

Status CheckReads(const MatchSpec& spec, const std::vector<MatchRead>& reads) {
  const auto variables = static_cast<int>(spec.pattern.size());
  for (const MatchRead& read : reads) {
    if (read.variable >= variables) return UserError("Wrong variable {} of a pattern of {}", read.variable, variables);
    if (read.offset < 0) return UserError("Wrong offset in the rows of a match: {}", read.offset);
    switch (read.kind) {
      case MatchRead::Kind::kLast:
      case MatchRead::Kind::kFirst: THALWEG_TRY(CheckColumns(spec.input, {read.column}, "column of a match")); break;
      case MatchRead::Kind::kAggregate:
        THALWEG_TRY(CheckColumns(spec.input, read.call.arguments, "argument of " + read.call.function));
        if (read.call.filter >= 0) return UserError("An aggregate of a match takes no filter");
        break;
      case MatchRead::Kind::kTime:
        if (read.column >= 0) THALWEG_TRY(CheckTimeColumn(spec.input, read.column, "time of a match"));
        break;
    }
  }
  return {};
}

Status CheckVariable(const MatchSpec& spec, const MatchVariable& variable) {
  if (variable.min < 0 || (variable.max >= 0 && (variable.max < variable.min || variable.max == 0)))
    return UserError("Wrong quantifier of {} in a pattern: {{{}, {}}}", variable.name, variable.min, variable.max);
  if (variable.column >= 0) {
    THALWEG_TRY(CheckColumns(spec.input, {variable.column}, "condition of " + variable.name));
    if (spec.input.field(variable.column).type.id() != types::TypeId::kBoolean)
      return UserError("The condition of {} is {}, not BOOLEAN", variable.name,
                       spec.input.field(variable.column).type.ToString());
  }
  THALWEG_TRY(CheckReads(spec, variable.reads));
  std::vector<types::Field> read;
  for (const MatchRead& each : variable.reads) read.push_back({"", TypeOf(each, spec.input)});
  return CheckCondition(variable.condition, read, "pattern");
}

Status CheckMatch(const MatchSpec& spec) {
  THALWEG_TRY(CheckColumns(spec.input, spec.partition, "partition of MATCH_RECOGNIZE"));
  if (spec.time_column >= 0) THALWEG_TRY(CheckTimeColumn(spec.input, spec.time_column, "order of MATCH_RECOGNIZE"));
  for (const SortKey& key : spec.order) THALWEG_TRY(CheckColumns(spec.input, {key.column}, "order of MATCH_RECOGNIZE"));
  bool takes_rows = false;
  int64_t counted = 0;
  for (const MatchVariable& variable : spec.pattern) {
    THALWEG_TRY(CheckVariable(spec, variable));
    takes_rows = takes_rows || variable.min > 0;
    counted += std::max(variable.min, variable.max);
  }
  if (counted > kMostPatternRows)
    return UserError("The quantifiers of a pattern count {} rows, more than {}", counted, kMostPatternRows);
  if (!takes_rows) return UserError("A pattern needs a variable that is not optional");
  if (spec.after >= MatchSpec::After::kToFirst &&
      (spec.skip_to < 0 || spec.skip_to >= static_cast<int>(spec.pattern.size())))
    return UserError("Wrong variable {} to skip to in a pattern of {}", spec.skip_to, spec.pattern.size());
  if (spec.within_ms < 0) return UserError("Wrong time of a match: {} ms", spec.within_ms);
  return CheckReads(spec, spec.output);
}

}  // namespace

types::DataType TypeOf(const MatchRead& read, const types::Schema& input) {
  switch (read.kind) {
    case MatchRead::Kind::kAggregate: return read.call.type;
    case MatchRead::Kind::kTime:
      return read.column < 0 ? types::DataType::Timestamp(3, false) : input.field(read.column).type.WithNullable(false);
    default: return input.field(read.column).type.WithNullable(true);
  }
}

std::string Encode(const MatchSpec& spec) {
  FieldWriter out;
  out.Nested(1, types::EncodeSchema(spec.input));
  out.Bytes(2, EncodeColumns(spec.partition));
  out.Signed(3, spec.time_column + 1);
  for (const SortKey& key : spec.order) out.Nested(4, Encode(key));
  for (const MatchVariable& variable : spec.pattern) out.Nested(5, Encode(variable));
  out.Number(6, static_cast<uint64_t>(spec.after));
  out.Signed(7, spec.skip_to + 1);
  out.Signed(8, spec.within_ms);
  for (const MatchRead& read : spec.output) out.Nested(9, Encode(read));
  out.Bytes(10, spec.zone);
  out.Signed(11, spec.query_start_ms);
  out.Bool(12, spec.null_times_first);
  return out.Take();
}

Result<MatchSpec> DecodeMatch(std::string_view bytes) {
  FieldReader in(bytes, "match");
  MatchSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.input = in.Take(types::DecodeSchema(in.Bytes())); break;
      case 2: spec.partition = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: spec.time_column = ReadColumnPlusOne(in); break;
      case 4: spec.order.push_back(in.Take(DecodeSortKey(in.Bytes()))); break;
      case 5: spec.pattern.push_back(in.Take(DecodeVariable(in.Bytes()))); break;
      case 6: spec.after = in.Enum(MatchSpec::After::kToLast); break;
      case 7: spec.skip_to = ReadColumnPlusOne(in); break;
      case 8: spec.within_ms = in.Signed(); break;
      case 9: spec.output.push_back(in.Take(DecodeRead(in.Bytes()))); break;
      case 10: spec.zone = in.String(); break;
      case 11: spec.query_start_ms = in.Signed(); break;
      case 12: spec.null_times_first = in.Bool(); break;
      default: RefuseField(in, "match");
    }
  }
  THALWEG_TRY(in.status());
  THALWEG_TRY(CheckMatch(spec));
  return spec;
}

}  // namespace thalweg::graph
