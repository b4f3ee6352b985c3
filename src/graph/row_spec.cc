#include "graph/row_spec.h"

#include "types/type_codec.h"

namespace thalweg::graph {
namespace {

Status CheckInputs(const expr::Expression& expression, const std::vector<types::Field>& columns,
                   std::string_view what) {
  if (expression.kind() == expr::Expression::Kind::kInput) {
    const int column = expression.input();
    if (column < 0 || column >= static_cast<int>(columns.size()))
      return UserError("Wrong condition of a {}: column {} of {}", what, column, columns.size());
    const types::DataType& type = columns[static_cast<size_t>(column)].type;
    if (!(type.WithNullable(true) == expression.type().WithNullable(true)))
      return UserError("Wrong condition of a {}: column {} is {}, not {}", what, column, type.ToString(),
                       expression.type().ToString());
  }
  for (const expr::Expression& argument : expression.arguments()) THALWEG_TRY(CheckInputs(argument, columns, what));
  return {};
}

}  // namespace

void RefuseField(FieldReader& in, std::string_view what) {
  in.Take(UserError("Newer {}: field {} is not known to this build", what, in.tag()));
}

int ReadColumnPlusOne(FieldReader& in) {
  const int64_t number = in.Signed();
  if (number >= 0 && number <= INT32_MAX) return static_cast<int>(number) - 1;
  in.Take(ExternalError("Malformed column: {}", number));
  return -1;
}

std::string EncodeColumns(const std::vector<int>& columns) {
  ByteWriter out;
  for (int column : columns) out.SignedVarint(column);
  return out.Take();
}

Result<std::vector<int>> DecodeColumns(std::string_view bytes) {
  ByteReader in(bytes);
  std::vector<int> columns;
  while (!in.AtEnd()) {
    const int64_t column = in.SignedVarint();
    if (column < INT32_MIN || column > INT32_MAX) in.Fail();
    columns.push_back(static_cast<int>(column));
  }
  if (in.failed()) return ExternalError("Malformed list of columns");
  return columns;
}

Status CheckColumns(const types::Schema& schema, const std::vector<int>& columns, std::string_view what) {
  for (int column : columns)
    if (column < 0 || column >= schema.size())
      return UserError("Wrong {}: column {} of {} columns", what, column, schema.size());
  return {};
}

Status CheckCondition(const std::optional<expr::Expression>& condition, const std::vector<types::Field>& columns,
                      std::string_view what) {
  if (!condition) return {};
  if (condition->type().id() != types::TypeId::kBoolean)
    return UserError("Wrong condition of a {}: it is {}", what, condition->type().ToString());
  return CheckInputs(*condition, columns, what);
}

Status CheckTimeColumn(const types::Schema& schema, int column, std::string_view what) {
  THALWEG_TRY(CheckColumns(schema, {column}, what));
  const types::DataType& type = schema.field(column).type;
  const bool time = type.id() == types::TypeId::kTimestamp || type.id() == types::TypeId::kTimestampLtz;
  if (time && type.precision() <= 3) return {};
  return UserError("Wrong {}: column {} is {}, not a TIMESTAMP of up to 3 digits", what, schema.field(column).name,
                   type.ToString());
}

std::string Encode(const SortKey& key) {
  FieldWriter out;
  out.Signed(1, key.column);
  out.Bool(2, key.descending);
  out.Bool(3, key.nulls_last);
  return out.Take();
}

Result<SortKey> DecodeSortKey(std::string_view bytes) {
  FieldReader in(bytes, "sort key");
  SortKey key;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: key.column = static_cast<int>(in.Signed()); break;
      case 2: key.descending = in.Bool(); break;
      case 3: key.nulls_last = in.Bool(); break;
      default: RefuseField(in, "sort key");
    }
  }
  THALWEG_TRY(in.status());
  return key;
}

std::string Encode(const AggregateCall& call) {
  FieldWriter out;
  out.Bytes(1, call.function);
  out.Bytes(2, EncodeColumns(call.arguments));
  out.Signed(3, call.filter + 1);
  out.Bool(4, call.distinct);
  out.Bool(5, call.ignore_nulls);
  for (const SortKey& key : call.order_by) out.Nested(6, Encode(key));
  out.Nested(7, types::EncodeType(call.type));
  out.Bytes(8, call.name);
  return out.Take();
}

Result<AggregateCall> DecodeAggregateCall(std::string_view bytes) {
  FieldReader in(bytes, "aggregate call");
  AggregateCall call;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: call.function = in.String(); break;
      case 2: call.arguments = in.Take(DecodeColumns(in.Bytes())); break;
      case 3: call.filter = ReadColumnPlusOne(in); break;
      case 4: call.distinct = in.Bool(); break;
      case 5: call.ignore_nulls = in.Bool(); break;
      case 6: call.order_by.push_back(in.Take(DecodeSortKey(in.Bytes()))); break;
      case 7: call.type = in.Take(types::DecodeType(in.Bytes())); break;
      case 8: call.name = in.String(); break;
      default: RefuseField(in, "aggregate call");
    }
  }
  THALWEG_TRY(in.status());
  return call;
}

std::string Encode(const WindowShape& shape) {
  FieldWriter out;
  out.Number(1, static_cast<uint64_t>(shape.kind));
  out.Signed(2, shape.size_ms);
  out.Signed(3, shape.slide_ms);
  out.Signed(4, shape.offset_ms);
  out.Bool(5, shape.processing_time);
  out.Signed(6, int64_t{shape.time_column} + 1);
  out.Signed(7, int64_t{shape.start_column} + 1);
  out.Signed(8, int64_t{shape.end_column} + 1);
  out.Bytes(9, shape.zone);
  out.Bytes(10, EncodeColumns(shape.partition));
  return out.Take();
}

Result<WindowShape> DecodeWindowShape(std::string_view bytes) {
  FieldReader in(bytes, "window");
  WindowShape shape;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: shape.kind = in.Enum(WindowShape::Kind::kSession); break;
      case 2: shape.size_ms = in.Signed(); break;
      case 3: shape.slide_ms = in.Signed(); break;
      case 4: shape.offset_ms = in.Signed(); break;
      case 5: shape.processing_time = in.Bool(); break;
      case 6: shape.time_column = ReadColumnPlusOne(in); break;
      case 7: shape.start_column = ReadColumnPlusOne(in); break;
      case 8: shape.end_column = ReadColumnPlusOne(in); break;
      case 9: shape.zone = in.String(); break;
      case 10: shape.partition = in.Take(DecodeColumns(in.Bytes())); break;
      default: RefuseField(in, "window");
    }
  }
  THALWEG_TRY(in.status());
  return shape;
}

}  // namespace thalweg::graph
