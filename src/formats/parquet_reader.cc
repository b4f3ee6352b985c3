#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>

#include <cstring>
#include <optional>

#include "columns/builder.h"
#include "formats/parquet.h"
#include "formats/scalar_text.h"
#include "formats/schema_inference.h"

namespace thalweg::formats {
namespace {

using columns::Column;
using columns::ColumnBuilder;
using types::DataType;
using types::TypeId;

/// A file of a Storage as Arrow reads it.
class StorageFile final : public arrow::io::RandomAccessFile {
 public:
  StorageFile(std::shared_ptr<io::Storage> storage, std::string path, int64_t size)
      : storage_(std::move(storage)), path_(std::move(path)), size_(size) {}
  ~StorageFile() override = default;

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> GetSize() override { return size_; }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    auto read = storage_->Get(path_, static_cast<uint64_t>(position), static_cast<uint64_t>(bytes));
    if (!read.ok()) return arrow::Status::IOError(read.status().message());
    if (!read->empty()) std::memcpy(out, read->data(), read->size());
    return static_cast<int64_t>(read->size());
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    auto read = storage_->Get(path_, static_cast<uint64_t>(position), static_cast<uint64_t>(bytes));
    if (!read.ok()) return arrow::Status::IOError(read.status().message());
    return arrow::Buffer::FromString(std::move(*read));
  }
  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(int64_t read, ReadAt(position_, bytes, out));
    position_ += read;
    return read;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, bytes));
    position_ += buffer->size();
    return buffer;
  }

 private:
  std::shared_ptr<io::Storage> storage_;
  std::string path_;
  int64_t size_;
  int64_t position_ = 0;
  bool closed_ = false;
};

bool IsInteger(TypeId id) {
  return id == TypeId::kTinyInt || id == TypeId::kSmallInt || id == TypeId::kInt || id == TypeId::kBigInt ||
         id == TypeId::kIntervalYearMonth || id == TypeId::kIntervalDayTime;
}

bool IsText(arrow::Type::type id) {
  return id == arrow::Type::STRING || id == arrow::Type::LARGE_STRING || id == arrow::Type::STRING_VIEW;
}
bool IsBytes(arrow::Type::type id) {
  return id == arrow::Type::BINARY || id == arrow::Type::LARGE_BINARY || id == arrow::Type::BINARY_VIEW ||
         id == arrow::Type::FIXED_SIZE_BINARY;
}
bool IsList(arrow::Type::type id) { return id == arrow::Type::LIST || id == arrow::Type::LARGE_LIST; }

// Whether every value of `from` is one of `to`. A dictionary is how values are written, not what they are.
bool Fits(const arrow::DataType& from, const DataType& to) {
  if (from.id() == arrow::Type::DICTIONARY)
    return Fits(*static_cast<const arrow::DictionaryType&>(from).value_type(), to);
  switch (to.id()) {
    case TypeId::kBoolean: return from.id() == arrow::Type::BOOL;
    case TypeId::kFloat: return from.id() == arrow::Type::FLOAT;
    case TypeId::kDouble: return from.id() == arrow::Type::DOUBLE || from.id() == arrow::Type::FLOAT;
    case TypeId::kString: return IsText(from.id());
    case TypeId::kBinary: return IsText(from.id()) || IsBytes(from.id());
    case TypeId::kDate: return from.id() == arrow::Type::DATE32;
    case TypeId::kTime: return from.id() == arrow::Type::TIME32 || from.id() == arrow::Type::TIME64;
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return from.id() == arrow::Type::TIMESTAMP;
    case TypeId::kDecimal: {
      if (from.id() != arrow::Type::DECIMAL128) return false;
      const auto& decimal = static_cast<const arrow::DecimalType&>(from);
      return decimal.scale() == to.scale() && decimal.precision() <= to.precision();
    }
    case TypeId::kArray: return IsList(from.id()) && Fits(*from.field(0)->type(), to.children()[0].type);
    case TypeId::kMap: {
      if (from.id() != arrow::Type::MAP) return false;
      const auto& map = static_cast<const arrow::MapType&>(from);
      return Fits(*map.key_type(), to.children()[0].type) && Fits(*map.item_type(), to.children()[1].type);
    }
    case TypeId::kRow:
      if (from.id() != arrow::Type::STRUCT || from.num_fields() != static_cast<int>(to.children().size())) return false;
      for (int i = 0; i < from.num_fields(); ++i)
        if (from.field(i)->name() != to.children()[static_cast<size_t>(i)].name ||
            !Fits(*from.field(i)->type(), to.children()[static_cast<size_t>(i)].type))
          return false;
      return true;
    default: break;
  }
  if (!IsInteger(to.id())) return false;
  switch (from.id()) {
    case arrow::Type::INT8: return to.value_width() >= 1;
    case arrow::Type::UINT8:
    case arrow::Type::INT16: return to.value_width() >= 2;
    case arrow::Type::UINT16:
    case arrow::Type::INT32: return to.value_width() >= 4;
    case arrow::Type::UINT32:
    case arrow::Type::INT64: return to.value_width() >= 8;
    default: return false;
  }
}

types::TimestampValue ToTimestamp(int64_t value, arrow::TimeUnit::type unit) {
  auto divide = [&](int64_t units, uint32_t nanos) {
    int64_t rest = ((value % units) + units) % units;
    return types::TimestampValue{(value - rest) / units, static_cast<uint32_t>(rest) * nanos, 0};
  };
  switch (unit) {
    case arrow::TimeUnit::SECOND: return {value * 1000, 0, 0};
    case arrow::TimeUnit::MILLI: return {value, 0, 0};
    case arrow::TimeUnit::MICRO: return divide(1000, 1000);
    default: return divide(1'000'000, 1);
  }
}

int64_t IntegerOf(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::INT8: return static_cast<const arrow::Int8Array&>(array).Value(row);
    case arrow::Type::UINT8: return static_cast<const arrow::UInt8Array&>(array).Value(row);
    case arrow::Type::INT16: return static_cast<const arrow::Int16Array&>(array).Value(row);
    case arrow::Type::UINT16: return static_cast<const arrow::UInt16Array&>(array).Value(row);
    case arrow::Type::INT32: return static_cast<const arrow::Int32Array&>(array).Value(row);
    case arrow::Type::UINT32: return static_cast<const arrow::UInt32Array&>(array).Value(row);
    default: return static_cast<const arrow::Int64Array&>(array).Value(row);
  }
}

std::string_view BytesOf(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY: return static_cast<const arrow::LargeBinaryArray&>(array).GetView(row);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: return static_cast<const arrow::BinaryViewArray&>(array).GetView(row);
    case arrow::Type::FIXED_SIZE_BINARY: return static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(row);
    default: return static_cast<const arrow::BinaryArray&>(array).GetView(row);
  }
}

/// A value where it stands: in a dictionary, if the array has one.
struct Cell {
  Cell(const arrow::Array& from, int64_t at) : array(&from), row(at) {
    while (array->type_id() == arrow::Type::DICTIONARY && !array->IsNull(row)) {
      const auto& indices = static_cast<const arrow::DictionaryArray&>(*array);
      row = indices.GetValueIndex(row);
      array = indices.dictionary().get();
    }
  }
  bool is_null() const { return array->IsNull(row); }

  const arrow::Array* array;
  int64_t row;
};

void AppendCell(const Cell& cell, ColumnBuilder& out);

template <typename List>
void AppendList(const List& list, int64_t row, ColumnBuilder& out) {
  for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i)
    AppendCell(Cell(*list.values(), i), out.child(0));
  out.CloseRow();
}

void AppendCell(const Cell& cell, ColumnBuilder& out) {
  if (cell.is_null()) return out.AppendNull();
  const arrow::Array& array = *cell.array;
  const int64_t row = cell.row;
  switch (out.type().id()) {
    case TypeId::kBoolean: return out.AppendBool(static_cast<const arrow::BooleanArray&>(array).Value(row));
    case TypeId::kFloat: return out.Append(static_cast<const arrow::FloatArray&>(array).Value(row));
    case TypeId::kDouble:
      if (array.type_id() == arrow::Type::FLOAT)
        return out.Append(static_cast<double>(static_cast<const arrow::FloatArray&>(array).Value(row)));
      return out.Append(static_cast<const arrow::DoubleArray&>(array).Value(row));
    case TypeId::kString:
    case TypeId::kBinary: return out.AppendString(BytesOf(array, row));
    case TypeId::kDate: return out.Append(static_cast<const arrow::Date32Array&>(array).Value(row));
    case TypeId::kTime: {
      const auto& type = static_cast<const arrow::TimeType&>(*array.type());
      int64_t value = array.type_id() == arrow::Type::TIME32 ? static_cast<const arrow::Time32Array&>(array).Value(row)
                                                             : static_cast<const arrow::Time64Array&>(array).Value(row);
      return out.Append(static_cast<int32_t>(ToTimestamp(value, type.unit()).millis));
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: {
      const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
      return AppendTimestampValue(ToTimestamp(static_cast<const arrow::TimestampArray&>(array).Value(row), type.unit()),
                                  out);
    }
    case TypeId::kDecimal: {
      Int128 value;
      std::memcpy(&value, static_cast<const arrow::Decimal128Array&>(array).GetValue(row), sizeof(value));
      return out.Append(value);
    }
    case TypeId::kArray:
      if (array.type_id() == arrow::Type::LARGE_LIST)
        return AppendList(static_cast<const arrow::LargeListArray&>(array), row, out);
      return AppendList(static_cast<const arrow::ListArray&>(array), row, out);
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
        AppendCell(Cell(*map.keys(), i), out.child(0));
        AppendCell(Cell(*map.items(), i), out.child(1));
      }
      return out.CloseRow();
    }
    case TypeId::kRow: {
      const auto& row_array = static_cast<const arrow::StructArray&>(array);
      for (int i = 0; i < out.num_children(); ++i) AppendCell(Cell(*row_array.field(i), row), out.child(i));
      return out.CloseRow();
    }
    default: AppendInteger(IntegerOf(array, row), out);
  }
}

class ArrowRows final : public ParquetRows {
 public:
  ArrowRows(std::shared_ptr<arrow::RecordBatch> batch, types::SchemaPtr schema, std::string shown, int group,
            int64_t first)
      : batch_(std::move(batch)), schema_(std::move(schema)), shown_(std::move(shown)), group_(group), first_(first) {}
  int row_group() const override { return group_; }
  int64_t first_row() const override { return first_; }
  int32_t rows() const override { return static_cast<int32_t>(batch_->num_rows()); }

  Result<columns::Batch> ToBatch(int32_t from, columns::BufferPool& pool) const override {
    columns::Batch batch(pool, rows() - from);
    for (const types::Field& field : schema_->fields()) {
      ColumnBuilder builder(field.type, pool, rows() - from);
      std::shared_ptr<arrow::Array> array = batch_->GetColumnByName(field.name);
      for (int64_t row = from; row < rows(); ++row) {
        const bool null = !array || Cell(*array, row).is_null();
        if (null && !field.type.nullable())
          return UserError("Column '{}' is NOT NULL and is NULL in row {} of row group {} of {}", field.name,
                           first_ + row, group_, shown_);
        null ? builder.AppendNull() : AppendCell(Cell(*array, row), builder);
      }
      batch.AddColumn(builder.Take());
    }
    return batch;
  }

 private:
  std::shared_ptr<arrow::RecordBatch> batch_;
  types::SchemaPtr schema_;
  std::string shown_;
  int group_;
  int64_t first_;
};

void CollectLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.column_index >= 0) leaves->push_back(field.column_index);
  for (const parquet::arrow::SchemaField& child : field.children) CollectLeaves(child, leaves);
}

class ArrowReader final : public ParquetReader {
 public:
  ArrowReader(std::string shown, types::SchemaPtr schema, std::unique_ptr<parquet::arrow::FileReader> file)
      : shown_(std::move(shown)), schema_(std::move(schema)), file_(std::move(file)) {}

  // Checks the columns' types and chooses those to read.
  Status Bind() {
    for (const parquet::arrow::SchemaField& field : file_->manifest().schema_fields) {
      int index = schema_->Find(field.field->name());
      if (index < 0) continue;
      const DataType& wanted = schema_->field(index).type;
      if (!Fits(*field.field->type(), wanted))
        return UserError("Column '{}' is {} in the Parquet file and {} in the schema: {}", field.field->name(),
                         field.field->type()->ToString(), wanted.ToString(), shown_);
      CollectLeaves(field, &leaves_);
    }
    return {};
  }

  int row_groups() const override { return file_->num_row_groups(); }

  Result<std::unique_ptr<ParquetRows>> Read(int row_group, int64_t row) override {
    try {
      return ReadOrThrow(row_group, row);
    } catch (const std::exception& error) {  // Arrow lets parquet::ParquetException through here and there
      return ExternalError("Damaged Parquet file: {}: {}", shown_, error.what());
    }
  }

 private:
  Result<std::unique_ptr<ParquetRows>> ReadOrThrow(int group, int64_t row) {
    for (; group < row_groups(); ++group, row = 0) {
      if (!batches_ || group != group_ || row < row_) {
        auto opened = file_->GetRecordBatchReader({group}, leaves_);
        if (!opened.ok()) return Damaged(opened.status());
        batches_ = std::move(*opened);
        group_ = group;
        row_ = 0;
      }
      while (true) {
        std::shared_ptr<arrow::RecordBatch> batch;
        if (arrow::Status status = batches_->ReadNext(&batch); !status.ok()) return Damaged(status);
        if (!batch) break;
        int64_t first = row_;
        row_ += batch->num_rows();
        if (row_ <= row) continue;
        if (first < row) {
          batch = batch->Slice(row - first);
          first = row;
        }
        return std::unique_ptr<ParquetRows>(
            std::make_unique<ArrowRows>(std::move(batch), schema_, shown_, group, first));
      }
      batches_ = nullptr;
    }
    return std::unique_ptr<ParquetRows>();
  }

  Status Damaged(const arrow::Status& status) const {
    return ExternalError("Damaged Parquet file: {}: {}", shown_, status.message());
  }

  std::string shown_;
  types::SchemaPtr schema_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::vector<int> leaves_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;  // of group_, from row_ on
  int group_ = -1;
  int64_t row_ = 0;
};

/// Years beyond 2262 do not fit into nanoseconds: INT96 is read as microseconds where nobody wants more of it.
arrow::TimeUnit::type Int96Unit(const std::vector<types::Field>& fields) {
  for (const types::Field& field : fields) {
    const TypeId id = field.type.id();
    const bool time = id == TypeId::kTimestamp || id == TypeId::kTimestampLtz;
    if (time && field.type.precision() > 6) return arrow::TimeUnit::NANO;
    if (Int96Unit(field.type.children()) == arrow::TimeUnit::NANO) return arrow::TimeUnit::NANO;
  }
  return arrow::TimeUnit::MICRO;
}

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenArrowFile(std::shared_ptr<io::Storage> storage,
                                                                  const std::string& path, const std::string& shown,
                                                                  arrow::TimeUnit::type int96_unit) {
  THALWEG_ASSIGN(uint64_t size, storage->Size(path));
  parquet::arrow::FileReaderBuilder builder;
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(columns::kBatchRows);
  properties.set_use_threads(false);
  properties.set_coerce_int96_timestamp_unit(int96_unit);
  std::unique_ptr<parquet::arrow::FileReader> file;
  arrow::Status status = builder.Open(std::make_shared<StorageFile>(storage, path, static_cast<int64_t>(size)));
  if (status.ok()) status = builder.properties(properties)->Build(&file);
  if (!status.ok()) return UserError("Not a readable Parquet file: {}: {}", shown, status.message());
  return file;
}

// The type of ours that holds all values of a column; nullopt if there is none.
std::optional<DataType> TypeOf(const arrow::DataType& from) {
  switch (from.id()) {
    case arrow::Type::BOOL: return DataType(TypeId::kBoolean);
    case arrow::Type::INT8: return DataType(TypeId::kTinyInt);
    case arrow::Type::UINT8:
    case arrow::Type::INT16: return DataType(TypeId::kSmallInt);
    case arrow::Type::UINT16:
    case arrow::Type::INT32: return DataType(TypeId::kInt);
    case arrow::Type::UINT32:
    case arrow::Type::INT64: return DataType(TypeId::kBigInt);
    case arrow::Type::FLOAT: return DataType(TypeId::kFloat);
    case arrow::Type::DOUBLE: return DataType(TypeId::kDouble);
    case arrow::Type::DATE32: return DataType(TypeId::kDate);
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: return *DataType::FromParts(TypeId::kTime, true, 3, 0, {});  // as fine as a TIME is here
    case arrow::Type::DICTIONARY: return TypeOf(*static_cast<const arrow::DictionaryType&>(from).value_type());
    case arrow::Type::TIMESTAMP: {
      const auto& time = static_cast<const arrow::TimestampType&>(from);
      const int precision = time.unit() == arrow::TimeUnit::NANO ? 9 : time.unit() == arrow::TimeUnit::MICRO ? 6 : 3;
      return time.timezone().empty() ? DataType::Timestamp(precision) : DataType::TimestampLtz(precision);
    }
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(from);
      return DataType::Decimal(decimal.precision(), decimal.scale());
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(from);
      auto key = TypeOf(*map.key_type()), value = TypeOf(*map.item_type());
      if (!key || !value) return std::nullopt;
      return DataType::Map(*std::move(key), *std::move(value));
    }
    case arrow::Type::STRUCT: {
      std::vector<types::Field> fields;
      for (const auto& field : from.fields()) {
        auto type = TypeOf(*field->type());
        if (!type) return std::nullopt;
        fields.push_back({field->name(), *std::move(type)});
      }
      return DataType::Row(std::move(fields));
    }
    default: break;
  }
  if (IsText(from.id())) return DataType(TypeId::kString);
  if (IsBytes(from.id())) return DataType(TypeId::kBinary);
  if (!IsList(from.id())) return std::nullopt;
  auto element = TypeOf(*from.field(0)->type());
  if (!element) return std::nullopt;
  return DataType::Array(*std::move(element));
}

}  // namespace

Result<std::unique_ptr<ParquetReader>> ParquetReader::Open(std::shared_ptr<io::Storage> storage,
                                                           const std::string& path, const std::string& shown,
                                                           types::SchemaPtr schema) {
  try {
    THALWEG_ASSIGN(auto file, OpenArrowFile(std::move(storage), path, shown, Int96Unit(schema->fields())));
    auto reader = std::make_unique<ArrowReader>(shown, std::move(schema), std::move(file));
    THALWEG_TRY(reader->Bind());
    return std::unique_ptr<ParquetReader>(std::move(reader));
  } catch (const std::exception& error) {
    return UserError("Not a readable Parquet file: {}: {}", shown, error.what());
  }
}

Result<types::SchemaPtr> ReadParquetColumns(std::shared_ptr<io::Storage> storage, const std::string& path,
                                            const std::string& shown) {
  try {
    THALWEG_ASSIGN(auto file, OpenArrowFile(std::move(storage), path, shown, arrow::TimeUnit::NANO));
    std::vector<types::Field> fields;
    for (const parquet::arrow::SchemaField& field : file->manifest().schema_fields) {
      auto type = TypeOf(*field.field->type());
      if (!type)
        return UserError("Column '{}' of {} is of the Parquet type {}, which has none of SQL", field.field->name(),
                         shown, field.field->type()->ToString());
      fields.push_back({field.field->name(), *std::move(type)});
    }
    return std::make_shared<const types::Schema>(std::move(fields));
  } catch (const std::exception& error) {
    return UserError("Not a readable Parquet file: {}: {}", shown, error.what());
  }
}

}  // namespace thalweg::formats
