#include "connectors/datagen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/random.h"
#include "columns/builder.h"
#include "columns/key_encoder.h"
#include "connectors/range_source.h"
#include "formats/scalar_text.h"

namespace thalweg::connectors {
namespace {

using columns::ColumnBuilder;
using types::DataType;
using types::TypeId;

bool IsNumber(TypeId id) { return id >= TypeId::kTinyInt && id <= TypeId::kDecimal; }
bool IsInteger(TypeId id) { return id >= TypeId::kTinyInt && id <= TypeId::kBigInt; }
bool IsInterval(TypeId id) { return id == TypeId::kIntervalYearMonth || id == TypeId::kIntervalDayTime; }
bool IsCollection(TypeId id) { return id == TypeId::kArray || id == TypeId::kMap || id == TypeId::kMultiset; }

constexpr int64_t kDayMs = 86'400'000;

/// What the values of one cell are made from.
struct Making {
  int64_t now_ms;
  Random& random;
  columns::BufferPool& pool;
};

// Uniform in low..high.
int64_t Between(Random& random, int64_t low, int64_t high) {
  uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  uint64_t offset = span == UINT64_MAX ? random.Next() : random.Below(span + 1);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
}

int64_t Clamped(double value) {
  if (value >= 0x1p63) return INT64_MAX;
  return value <= -0x1p63 ? INT64_MIN : static_cast<int64_t>(value);
}

void AppendRandomInteger(const DatagenField& field, Random& random, ColumnBuilder& out) {
  int bits = out.type().value_width() * 8;
  int64_t most = INT64_MAX >> (64 - bits), least = -most - 1;
  if (out.type().id() == TypeId::kIntervalYearMonth) least = 0, most = 120'000;  // Flink's: Java's Period has no more
  if (field.min) least = std::max(least, Clamped(std::ceil(*field.min)));
  if (field.max) most = std::min(most, Clamped(std::floor(*field.max)));
  formats::AppendInteger(Between(random, least, most), out);
}

void AppendRandomText(const DatagenField& field, Random& random, ColumnBuilder& out) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto most = static_cast<uint64_t>(*field.length);
  const auto length = static_cast<size_t>(field.var_len ? 1 + random.Below(most) : most);
  std::string text(length, '0');
  uint64_t bits = 0;
  for (size_t i = 0; i < length; ++i, bits >>= 4) {
    if (i % 16 == 0) bits = random.Next();
    text[i] = kHex[bits & 15];
  }
  out.AppendString(text);
}

void AppendNullOrRandom(const DatagenField& field, Making& making, ColumnBuilder& out);

/// Entries of a MAP or MULTISET: of equal keys the first stays, so there may be fewer than were asked for.
void AppendRandomEntries(const DatagenField& field, Making& making, ColumnBuilder& out) {
  ColumnBuilder drawn(out.child(0).type(), making.pool, std::max(*field.length, 1));
  for (int32_t i = 0; i < *field.length; ++i) AppendNullOrRandom(field.children[0], making, drawn);
  const columns::Column keys = drawn.Take();
  std::set<std::string> seen;
  for (int32_t i = 0; i < *field.length; ++i) {
    std::string bytes;
    columns::AppendCellKey(keys, i, bytes);
    if (!seen.insert(std::move(bytes)).second) continue;
    out.child(0).AppendRows(keys, &i, 1);
    if (out.type().id() == TypeId::kMap)
      AppendNullOrRandom(field.children[1], making, out.child(1));
    else
      out.child(1).Append(static_cast<int32_t>(1 + making.random.Below(10)));
  }
  out.CloseRow();
}

void AppendRandomNested(const DatagenField& field, Making& making, ColumnBuilder& out) {
  if (out.type().id() == TypeId::kMap || out.type().id() == TypeId::kMultiset)
    return AppendRandomEntries(field, making, out);
  if (out.type().id() == TypeId::kArray)
    for (int32_t i = 0; i < *field.length; ++i) AppendNullOrRandom(field.children[0], making, out.child(0));
  else
    for (int i = 0; i < out.num_children(); ++i)
      AppendNullOrRandom(field.children[static_cast<size_t>(i)], making, out.child(i));
  out.CloseRow();
}

void AppendRandom(const DatagenField& field, Making& making, ColumnBuilder& out) {
  Random& random = making.random;
  double unit = random.Unit();
  auto between = [&](double least, double most) {
    least = field.min.value_or(least);
    return least + unit * (field.max.value_or(most) - least);
  };
  switch (out.type().id()) {
    case TypeId::kBoolean: return out.AppendBool(random.Next() & 1);
    case TypeId::kFloat: return out.Append(static_cast<float>(between(0, double{std::numeric_limits<float>::max()})));
    case TypeId::kDouble: return out.Append(between(0, std::numeric_limits<double>::max()));
    case TypeId::kDecimal: {
      double most = std::pow(10.0, out.type().precision() - out.type().scale());
      double value = between(-most, most);
      std::string text = fmt::format("{:.{}f}", std::clamp(value, -most, most), out.type().scale());
      if (formats::AppendScalarText(text, formats::TimestampStandard::kSql, out))
        out.Append(formats::Int128{0});  // rounded up to the limit
      return;
    }
    case TypeId::kString:
    case TypeId::kBinary: return AppendRandomText(field, random, out);
    case TypeId::kDate: return out.Append(static_cast<int32_t>(making.now_ms / kDayMs));
    case TypeId::kTime: return out.Append(static_cast<int32_t>(making.now_ms % kDayMs));
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
      return formats::AppendTimestampValue(
          {making.now_ms - static_cast<int64_t>(unit * static_cast<double>(field.max_past_ms)), 0, 0}, out);
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kMultiset:
    case TypeId::kRow: return AppendRandomNested(field, making, out);
    default: AppendRandomInteger(field, random, out);
  }
}

void AppendNullOrRandom(const DatagenField& field, Making& making, ColumnBuilder& out) {
  if (field.null_rate > 0 && making.random.Unit() < field.null_rate) return out.AppendNull();
  AppendRandom(field, making, out);
}

void AppendBigEndian(int64_t value, ColumnBuilder& out) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(static_cast<uint64_t>(value) >> shift);
  out.AppendString(bytes);
}

void AppendSequence(int64_t value, ColumnBuilder& out) {
  switch (out.type().id()) {
    case TypeId::kFloat: return out.Append(static_cast<float>(value));
    case TypeId::kDouble: return out.Append(static_cast<double>(value));
    default: break;
  }
  if (IsInteger(out.type().id())) return void(formats::AppendInteger(value, out));
  if (out.type().id() == TypeId::kBinary) return AppendBigEndian(value, out);
  (void)formats::AppendScalarText(std::to_string(value), formats::TimestampStandard::kSql, out);
}

void AppendValue(const DatagenOptions& options, size_t column, int64_t row, columns::BufferPool& pool,
                 ColumnBuilder& out) {
  const DatagenField& field = options.fields[column];
  // A generator per cell: no row depends on another.
  Random random(options.seed * 0x9e3779b97f4a7c15ULL + static_cast<uint64_t>(row) * 0xff51afd7ed558ccdULL +
                column * 0xc4ceb9fe1a85ec53ULL);
  random.Next();
  Making making{options.now_ms, random, pool};
  if (field.kind == DatagenField::Kind::kRandom) return AppendNullOrRandom(field, making, out);
  if (field.null_rate > 0 && random.Unit() < field.null_rate) return out.AppendNull();
  AppendSequence(field.start + row, out);
}

/// Flink's: of a type that says no length.
constexpr int32_t kTextLength = 100, kCollectionLength = 3;

bool HasGenerator(const DataType& type) {
  const TypeId id = type.id();
  return IsNumber(id) || type.is_variable() || IsInterval(id) || IsCollection(id) || id == TypeId::kRow ||
         id == TypeId::kBoolean || (id >= TypeId::kDate && id <= TypeId::kTimestampLtz);
}

Status CheckField(const types::Field& column, const DatagenField& field) {
  TypeId id = column.type.id();
  bool sequence = field.kind == DatagenField::Kind::kSequence;
  if (!HasGenerator(column.type)) return UserError("no generator for {}", column.type.ToString());
  if (sequence && !IsNumber(id) && !column.type.is_variable())
    return UserError("no sequence of {}", column.type.ToString());
  if (sequence && id == TypeId::kBinary && column.type.precision() > 0 && column.type.precision() < 8)
    return UserError("a sequence has 8 bytes, {} takes fewer", column.type.ToString());
  if (sequence && field.end < field.start)
    return UserError("the sequence ends before it begins: {} to {}", field.start, field.end);
  if (sequence && IsInteger(id) && column.type.value_width() < 8) {
    int64_t most = INT64_MAX >> (64 - column.type.value_width() * 8);
    if (field.end > most || field.start < -most - 1)
      return UserError("the sequence leaves {}: {} to {}", column.type.ToString(), field.start, field.end);
  }
  if (field.min && field.max && *field.max < *field.min)
    return UserError("max is below min: {} and {}", *field.max, *field.min);
  if (const int32_t least = IsCollection(id) ? 0 : 1; field.length && *field.length < least)
    return UserError("length must be at least {}: {}", least, *field.length);
  if (column.type.is_variable() && column.type.precision() > 0 && field.length > column.type.precision())
    return UserError("length {} is more than {} takes", *field.length, column.type.ToString());
  if (field.null_rate < 0 || field.null_rate > 1)
    return UserError("null-rate is not within 0 and 1: {}", field.null_rate);
  if (field.null_rate > 0 && !column.type.nullable()) return UserError("null-rate of a NOT NULL column");
  return {};
}

/// With all that it is made of: checked, and with the defaults that depend on the type.
Status Complete(const types::Field& column, DatagenField& field) {
  const DataType& type = column.type;
  THALWEG_TRY(CheckField(column, field));
  if (IsCollection(type.id()) && !field.length) field.length = kCollectionLength;
  if (type.is_variable() && !field.length) field.length = type.precision() > 0 ? type.precision() : kTextLength;
  field.children.resize(type.children().size());
  for (size_t i = 0; i < field.children.size(); ++i) {
    const types::Field& child = type.children()[i];
    if (Status status = Complete(child, field.children[i]); !status.ok()) return status.WithContext(child.name);
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<flow::Source>> MakeDatagenSource(DatagenOptions options) {
  if (!options.schema || options.schema->size() == 0) return UserError("Datagen needs a schema");
  if (options.rows_per_second < 0) return UserError("rows-per-second is negative: {}", options.rows_per_second);
  if (options.number_of_rows < 0) return UserError("number-of-rows is negative: {}", options.number_of_rows);
  options.fields.resize(static_cast<size_t>(options.schema->size()));
  RangeSourceOptions range;
  range.to = options.number_of_rows;
  for (int i = 0; i < options.schema->size(); ++i) {
    const types::Field& column = options.schema->field(i);
    DatagenField& field = options.fields[static_cast<size_t>(i)];
    if (Status status = Complete(column, field); !status.ok())
      return status.WithContext(fmt::format("Datagen column '{}'", column.name));
    if (field.kind == DatagenField::Kind::kSequence &&
        static_cast<uint64_t>(field.end) - static_cast<uint64_t>(field.start) < INT64_MAX)
      range.to = std::min(range.to, field.end - field.start + 1);
  }
  range.bounded = range.to != INT64_MAX;
  range.interleaved = true;
  range.rows_per_second = options.rows_per_second;
  auto shared = std::make_shared<const DatagenOptions>(std::move(options));
  range.make_rows = [shared] {
    return RangeRows(
        [shared](int64_t first, int64_t step, int32_t rows, columns::BufferPool& pool) -> Result<columns::Batch> {
          columns::BatchBuilder builder(*shared->schema, pool, rows);
          for (int32_t i = 0; i < rows; ++i) {
            for (int column = 0; column < builder.num_columns(); ++column)
              AppendValue(*shared, static_cast<size_t>(column), first + i * step, pool, builder.column(column));
            builder.FinishRow();
          }
          return builder.Take();
        });
  };
  return MakeRangeSource(std::move(range));
}

}  // namespace thalweg::connectors
