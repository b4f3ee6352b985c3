// For tests: random batches over every type, from a seed.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "columns/builder.h"

namespace thalweg::columns {

/// Each stored type at least once, nested ones too, but OBJECT.
inline std::vector<types::DataType> EveryType() {
  using types::DataType;
  using types::TypeId;
  std::vector<DataType> result;
  for (int id = static_cast<int>(TypeId::kNull); id <= static_cast<int>(TypeId::kDouble); ++id)
    result.emplace_back(static_cast<TypeId>(id));
  for (TypeId id : {TypeId::kString, TypeId::kBinary, TypeId::kDate, TypeId::kTime, TypeId::kIntervalYearMonth,
                    TypeId::kIntervalDayTime})
    result.emplace_back(id);
  result.emplace_back(TypeId::kBigInt, false);
  result.emplace_back(TypeId::kString, false);
  result.push_back(DataType::Decimal(20, 3));
  result.push_back(DataType::Timestamp(3));
  result.push_back(DataType::Timestamp(9));
  result.push_back(DataType::TimestampLtz(3, false));
  result.push_back(DataType::Array(DataType(TypeId::kInt)));
  result.push_back(DataType::Map(DataType(TypeId::kString, false), DataType(TypeId::kDouble)));
  result.push_back(DataType::Multiset(DataType(TypeId::kBoolean)));
  result.push_back(DataType::Row(
      {{"a", DataType(TypeId::kString)}, {"b", DataType::Array(DataType::Array(DataType(TypeId::kTinyInt)))}}));
  return result;
}

inline types::Schema EveryTypeSchema() {
  std::vector<types::Field> fields;
  for (types::DataType& type : EveryType()) fields.push_back({"c" + std::to_string(fields.size()), std::move(type)});
  return types::Schema(std::move(fields));
}

inline void AppendRandom(Random& random, ColumnBuilder& out);

inline void AppendRandomValue(Random& random, ColumnBuilder& out) {
  using types::TypeId;
  auto number = static_cast<int64_t>(random.Next() >> random.Below(64));
  if (random.Below(2)) number = -number;
  switch (out.type().id()) {
    case TypeId::kNull: return out.AppendNull();
    case TypeId::kBoolean: return out.AppendBool(number & 1);
    case TypeId::kString:
    case TypeId::kBinary: {
      std::string value;
      for (uint64_t n = random.Below(random.Below(8) ? 14 : 300); n > 0; --n)
        value.push_back(
            "\0\x01"
            "abc\xff"[random.Below(6)]);
      return out.AppendString(value);
    }
    case TypeId::kDouble: return out.Append(std::bit_cast<double>(random.Next()));
    case TypeId::kFloat: return out.Append(static_cast<float>(number) / 4);
    case TypeId::kDecimal: return out.Append(static_cast<__int128>(number));
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kMultiset:
      for (uint64_t n = random.Below(4); n > 0; --n)
        for (int c = 0; c < out.num_children(); ++c) AppendRandom(random, out.child(c));
      return out.CloseRow();
    case TypeId::kRow:
      for (int c = 0; c < out.num_children(); ++c) AppendRandom(random, out.child(c));
      return out.CloseRow();
    default: break;
  }
  switch (out.type().value_width()) {
    case 1: return out.Append(static_cast<int8_t>(number));
    case 2: return out.Append(static_cast<int16_t>(number));
    case 4: return out.Append(static_cast<int32_t>(number % 1'000'000));
    case 8: return out.Append(number);
    default: return out.Append(types::TimestampValue{number, static_cast<uint32_t>(random.Below(1'000'000))});
  }
}

inline void AppendRandom(Random& random, ColumnBuilder& out) {
  if (out.type().nullable() && random.Below(4) == 0) return out.AppendNull();
  AppendRandomValue(random, out);
}

/// `meta`: bit 0 times, bit 1 kinds.
inline Batch RandomBatch(Random& random, const types::Schema& schema, int32_t rows, BufferPool& pool, int meta = 3) {
  BatchBuilder builder(schema, pool, rows);
  for (int32_t row = 0; row < rows; ++row) {
    for (int c = 0; c < builder.num_columns(); ++c) AppendRandom(random, builder.column(c));
    builder.FinishRow(meta & 1 ? static_cast<int64_t>(random.Below(1000)) : kNoTime,
                      meta & 2 ? static_cast<types::RowKind>(random.Below(4)) : types::RowKind::kInsert);
  }
  return builder.Take();
}

/// One object column of `values`.
template <typename T>
Batch ObjectBatch(const std::vector<T>& values, BufferPool& pool) {
  BatchBuilder builder(types::Schema({{"f0", types::DataType::Object(types::ObjectTypeOf<T>())}}), pool,
                       static_cast<int32_t>(values.size()));
  for (const T& value : values) {
    builder.column(0).AppendObject(T(value));
    builder.FinishRow();
  }
  return builder.Take();
}

template <typename T>
std::vector<T> ObjectsOf(const Batch& batch) {
  return std::vector<T>(batch.objects<T>(), batch.objects<T>() + batch.rows());
}

}  // namespace thalweg::columns
