// Between columns and records: a batch of columns named by a schema <-> one object column of a THALWEG_RECORD T.
// Rule: columns are bound to fields by name once per schema; per row nothing is looked up.
//
// Binding: a column's type must be that of the field (nullability aside), or widen without loss: integers to larger ones and to
// floating point that holds them, FLOAT to DOUBLE. An optional field without a column is empty; any other is an error.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "columns/cell.h"
#include "columns/unfit_row.h"
#include "types/record.h"

namespace thalweg::columns {

namespace internal {

/// True if values of `from` are stored as those of `to` (nullability aside, TIMESTAMP(0..3) alike).
bool SameStorage(const types::DataType& from, const types::DataType& to);
Status MissingColumn(std::string_view record, std::string_view field, const types::Schema& schema);
Status MismatchedColumn(std::string_view record, std::string_view field, const types::DataType& wanted,
                        const types::DataType& found);

/// The rows of `batch` that are not in `unfit`, which gets into order, one entry a row.
Batch WithoutRows(Batch batch, std::vector<UnfitRow>& unfit, BufferPool& pool);

template <typename T>
struct WithoutOptional {
  using Type = T;
  static constexpr bool kOptional = false;
};
template <typename T>
struct WithoutOptional<std::optional<T>> {
  using Type = T;
  static constexpr bool kOptional = true;
};

/// Every value of From is one of To.
template <typename From, typename To>
constexpr bool Widens() {
  if constexpr (!std::is_arithmetic_v<To> || std::is_same_v<To, bool> || std::is_same_v<From, To>)
    return false;
  else if constexpr (std::is_floating_point_v<To>)
    return std::is_floating_point_v<From> ? sizeof(From) < sizeof(To) : sizeof(From) * 2 <= sizeof(To);
  else
    return std::is_integral_v<From> && std::is_signed_v<To> && sizeof(From) < sizeof(To);
}

}  // namespace internal

/// Reads records from batches of one schema. Immutable once bound; any thread.
template <types::IsRecord T>
class RecordReader {
 public:
  /// A user error that names the field, and the columns that exist or both types.
  static Result<RecordReader> Bind(const types::Schema& schema) {
    RecordReader reader;
    THALWEG_TRY(reader.BindFields(schema, std::make_index_sequence<kSize>()));
    return reader;
  }

  /// One object column of T with the batch's times, kinds and key hashes. A user error names field and row; with `unfit`, rows that
  /// would be an error are left out instead, and told there, ascending.
  Result<Batch> Read(const Batch& batch, BufferPool& pool, std::vector<UnfitRow>* unfit = nullptr) const {
    int32_t rows = batch.rows();
    const types::ObjectType& object = types::ObjectTypeOf<T>();
    Column column = NewObjectColumn(pool, object, rows);
    T* records = column.values.template mutable_data<T>();
    std::uninitialized_value_construct_n(records, rows);
    column.values.SetObjects(&object, static_cast<uint32_t>(rows));
    for (const Bound& bound : bound_) {
      for (int32_t row = 0; bound.column >= 0 && row < rows; ++row) {
        Status status = bound.read(batch.column(bound.column), rows, records, &row);
        if (status.ok()) break;
        if (!unfit) return status.WithContext(fmt::format("Row {} of the batch", row));
        unfit->push_back({row, status.message()});
      }
    }
    Batch result(pool, rows);
    result.AddColumn(std::move(column));
    result.times() = batch.times();
    result.kinds() = batch.kinds();
    result.key_hashes() = batch.key_hashes();
    return unfit && !unfit->empty() ? internal::WithoutRows(std::move(result), *unfit, pool) : std::move(result);
  }

 private:
  static constexpr size_t kSize = types::Record<T>::kSize;
  // From `*row` on; of an error, `*row` is the row.
  using ReadFunction = Status (*)(const Column& column, int32_t rows, T* records, int32_t* row);
  struct Bound {
    int column = -1;
    ReadFunction read = nullptr;
  };

  template <size_t I>
  using Unwrapped = internal::WithoutOptional<typename types::Record<T>::template FieldType<I>>;

  template <size_t... I>
  Status BindFields(const types::Schema& schema, std::index_sequence<I...>) {
    Status status;
    ((status.ok() ? void(status = BindField<I>(schema)) : void()), ...);
    return status;
  }

  template <size_t I>
  Status BindField(const types::Schema& schema) {
    std::string_view name = types::Record<T>::field_names()[I];
    int column = schema.Find(name);
    if (column < 0)
      return Unwrapped<I>::kOptional ? Status() : internal::MissingColumn(types::Record<T>::name(), name, schema);
    bound_[I] = {column, Choose<I>(schema.field(column).type)};
    if (bound_[I].read) return {};
    return internal::MismatchedColumn(types::Record<T>::name(), name,
                                      types::Record<T>::schema()->field(static_cast<int>(I)).type,
                                      schema.field(column).type);
  }

  template <size_t I>
  static ReadFunction Choose(const types::DataType& from) {
    using types::TypeId;
    if (internal::SameStorage(from, types::Record<T>::schema()->field(static_cast<int>(I)).type)) return &ReadExact<I>;
    switch (from.id()) {
      case TypeId::kTinyInt: return Widening<I, int8_t>();
      case TypeId::kSmallInt: return Widening<I, int16_t>();
      case TypeId::kInt: return Widening<I, int32_t>();
      case TypeId::kFloat: return Widening<I, float>();
      default: return nullptr;
    }
  }
  template <size_t I, typename From>
  static ReadFunction Widening() {
    if constexpr (internal::Widens<From, typename Unwrapped<I>::Type>())
      return &ReadWidened<I, From>;
    else
      return nullptr;
  }

  template <size_t I>
  static Status ReadExact(const Column& column, int32_t rows, T* records, int32_t* from) {
    for (int32_t row = *from; row < rows; ++row)
      if (Status status = ReadCell(column, row, types::Record<T>::template get<I>(records[row])); !status.ok())
        return AtRow<I>(status, row, from);
    return {};
  }
  template <size_t I, typename From>
  static Status ReadWidened(const Column& column, int32_t rows, T* records, int32_t* from) {
    using Value = typename Unwrapped<I>::Type;
    for (int32_t row = *from; row < rows; ++row) {
      if (!column.IsNull(row))
        types::Record<T>::template get<I>(records[row]) = static_cast<Value>(column.data<From>()[row]);
      else if (!Unwrapped<I>::kOptional)
        return AtRow<I>(UserError("NULL where the C++ type takes none: make it std::optional"), row, from);
      else
        types::Record<T>::template get<I>(records[row]) = {};
    }
    return {};
  }
  template <size_t I>
  static Status AtRow(const Status& status, int32_t row, int32_t* failed) {
    *failed = row;
    return status.WithContext(
        fmt::format("Field '{}' of record {}", types::Record<T>::field_names()[I], types::Record<T>::name()));
  }

  std::array<Bound, kSize> bound_;
};

/// Binds and reads: for a schema that is met once.
template <types::IsRecord T>
Result<Batch> BatchToRecords(const Batch& batch, const types::Schema& schema, BufferPool& pool) {
  THALWEG_ASSIGN(RecordReader<T> reader, RecordReader<T>::Bind(schema));
  return reader.Read(batch, pool);
}

/// Columns of Record<T>::schema() from the object column `column`, with the batch's times, kinds and key hashes.
template <types::IsRecord T>
Batch RecordsToBatch(const Batch& batch, BufferPool& pool, int column = 0) {
  const types::Schema& schema = *types::Record<T>::schema();
  int32_t rows = batch.rows();
  const T* records = batch.objects<T>(column);
  Batch result(pool, rows);
  auto add = [&]<size_t I>() {
    ColumnBuilder builder(schema.field(static_cast<int>(I)).type, pool, rows);
    for (int32_t row = 0; row < rows; ++row) AppendCell(types::Record<T>::template get<I>(records[row]), builder);
    result.AddColumn(builder.Take());
  };
  [&]<size_t... I>(std::index_sequence<I...>) {
    (add.template operator()<I>(), ...);
  }(std::make_index_sequence<types::Record<T>::kSize>());
  result.times() = batch.times();
  result.kinds() = batch.kinds();
  result.key_hashes() = batch.key_hashes();
  return result;
}

}  // namespace thalweg::columns
