#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/byte_size.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <cstring>

#include "formats/column_read.h"
#include "formats/parquet.h"

namespace thalweg::formats {
namespace {

using columns::Column;
using types::DataType;
using types::TypeId;

/// Hands what Arrow writes to a string.
class StringStream final : public arrow::io::OutputStream {
 public:
  ~StringStream() override = default;
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return written_; }
  arrow::Status Write(const void* data, int64_t bytes) override {
    ready_.append(static_cast<const char*>(data), static_cast<size_t>(bytes));
    written_ += bytes;
    return arrow::Status::OK();
  }
  using arrow::io::OutputStream::Write;
  void TakeReady(std::string* out) {
    out->append(ready_);
    ready_.clear();
  }

 private:
  std::string ready_;
  int64_t written_ = 0;
  bool closed_ = false;
};

using Timestamps = ParquetOptions::Timestamps;

arrow::TimeUnit::type UnitOf(const DataType& type, Timestamps timestamps) {
  switch (timestamps) {
    case Timestamps::kMillis: return arrow::TimeUnit::MILLI;
    case Timestamps::kMicros: return arrow::TimeUnit::MICRO;
    case Timestamps::kNanos: return arrow::TimeUnit::NANO;
    default: break;
  }
  if (type.precision() <= 3) return arrow::TimeUnit::MILLI;
  return type.precision() <= 6 ? arrow::TimeUnit::MICRO : arrow::TimeUnit::NANO;
}

Result<std::shared_ptr<arrow::DataType>> ArrowType(const DataType& type, Timestamps timestamps) {
  std::vector<std::shared_ptr<arrow::Field>> children;
  for (const types::Field& child : type.children()) {
    THALWEG_ASSIGN(auto child_type, ArrowType(child.type, timestamps));
    children.push_back(arrow::field(child.name, child_type, child.type.nullable()));
  }
  const arrow::TimeUnit::type unit = UnitOf(type, timestamps);
  switch (type.id()) {
    case TypeId::kBoolean: return arrow::boolean();
    case TypeId::kTinyInt: return arrow::int8();
    case TypeId::kSmallInt: return arrow::int16();
    case TypeId::kIntervalYearMonth:
    case TypeId::kInt: return arrow::int32();
    case TypeId::kIntervalDayTime:
    case TypeId::kBigInt: return arrow::int64();
    case TypeId::kFloat: return arrow::float32();
    case TypeId::kDouble: return arrow::float64();
    case TypeId::kDecimal: return arrow::decimal128(type.precision(), type.scale());
    case TypeId::kString: return arrow::utf8();
    case TypeId::kBinary: return arrow::binary();
    case TypeId::kDate: return arrow::date32();
    case TypeId::kTime: return arrow::time32(arrow::TimeUnit::MILLI);
    case TypeId::kTimestamp: return arrow::timestamp(unit);
    case TypeId::kTimestampLtz: return arrow::timestamp(unit, "UTC");
    case TypeId::kArray: return arrow::list(children[0]);
    case TypeId::kMap: return arrow::map(children[0]->type(), children[1]);
    case TypeId::kRow: return arrow::struct_(children);
    default: return UserError("Parquet has no form for {}", type.ToString());
  }
}

Status FromArrow(const arrow::Status& status) {
  return status.ok() ? Status() : ExternalError("Cannot write Parquet: {}", status.message());
}

Result<int64_t> ToUnit(types::TimestampValue value, const arrow::DataType& type) {
  const arrow::TimeUnit::type unit = static_cast<const arrow::TimestampType&>(type).unit();
  if (unit == arrow::TimeUnit::MILLI) return value.millis;
  const bool micros = unit == arrow::TimeUnit::MICRO;
  int64_t result;
  if (__builtin_mul_overflow(value.millis, micros ? 1000 : 1'000'000, &result) ||
      __builtin_add_overflow(result, micros ? value.nanos / 1000 : value.nanos, &result))
    return UserError("a timestamp beyond what Parquet's nanoseconds hold (years 1677 to 2262)");
  return result;
}

template <typename Builder, typename Value>
Status Add(arrow::ArrayBuilder& out, const Value& value) {
  return FromArrow(static_cast<Builder&>(out).Append(value));
}

Status AppendCell(const Column& column, int32_t row, arrow::ArrayBuilder& out) {
  if (column.IsNull(row)) return FromArrow(out.AppendNull());
  switch (column.type.id()) {
    case TypeId::kBoolean: return Add<arrow::BooleanBuilder>(out, column.Bool(row));
    case TypeId::kTinyInt: return Add<arrow::Int8Builder>(out, column.data<int8_t>()[row]);
    case TypeId::kSmallInt: return Add<arrow::Int16Builder>(out, column.data<int16_t>()[row]);
    case TypeId::kIntervalYearMonth:
    case TypeId::kInt: return Add<arrow::Int32Builder>(out, column.data<int32_t>()[row]);
    case TypeId::kIntervalDayTime:
    case TypeId::kBigInt: return Add<arrow::Int64Builder>(out, column.data<int64_t>()[row]);
    case TypeId::kFloat: return Add<arrow::FloatBuilder>(out, column.data<float>()[row]);
    case TypeId::kDouble: return Add<arrow::DoubleBuilder>(out, column.data<double>()[row]);
    case TypeId::kString: return Add<arrow::StringBuilder>(out, column.String(row));
    case TypeId::kBinary: return Add<arrow::BinaryBuilder>(out, column.String(row));
    case TypeId::kDate: return Add<arrow::Date32Builder>(out, column.data<int32_t>()[row]);
    case TypeId::kTime: return Add<arrow::Time32Builder>(out, column.data<int32_t>()[row]);
    case TypeId::kDecimal: {
      Int128 value = DecimalAt(column, row);
      return Add<arrow::Decimal128Builder>(
          out, arrow::Decimal128(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value)));
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: {
      THALWEG_ASSIGN(int64_t value, ToUnit(TimestampAt(column, row), *out.type()));
      return Add<arrow::TimestampBuilder>(out, value);
    }
    case TypeId::kArray: {
      auto& list = static_cast<arrow::ListBuilder&>(out);
      THALWEG_TRY(FromArrow(list.Append()));
      const auto* offsets = column.offsets.data<int32_t>();
      for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i)
        THALWEG_TRY(AppendCell(column.children[0], i, *list.value_builder()));
      return {};
    }
    case TypeId::kMap: {
      auto& map = static_cast<arrow::MapBuilder&>(out);
      THALWEG_TRY(FromArrow(map.Append()));
      const auto* offsets = column.offsets.data<int32_t>();
      for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
        if (column.children[0].IsNull(i)) return UserError("a map has a NULL key, which Parquet cannot hold");
        THALWEG_TRY(AppendCell(column.children[0], i, *map.key_builder()));
        THALWEG_TRY(AppendCell(column.children[1], i, *map.item_builder()));
      }
      return {};
    }
    default: {
      auto& fields = static_cast<arrow::StructBuilder&>(out);
      THALWEG_TRY(FromArrow(fields.Append()));
      for (size_t i = 0; i < column.children.size(); ++i)
        THALWEG_TRY(AppendCell(column.children[i], row, *fields.field_builder(static_cast<int>(i))));
      return {};
    }
  }
}

/// LZ4 is what Hadoop calls so; Arrow's own LZ4 is Parquet's LZ4_RAW.
parquet::Compression::type CodecOf(ParquetOptions::Codec codec) {
  using Codec = ParquetOptions::Codec;
  switch (codec) {
    case Codec::kNone: return parquet::Compression::UNCOMPRESSED;
    case Codec::kSnappy: return parquet::Compression::SNAPPY;
    case Codec::kGzip: return parquet::Compression::GZIP;
    case Codec::kBrotli: return parquet::Compression::BROTLI;
    case Codec::kZstd: return parquet::Compression::ZSTD;
    case Codec::kLz4: return parquet::Compression::LZ4_HADOOP;
    case Codec::kLz4Raw: return parquet::Compression::LZ4;
  }
  return parquet::Compression::ZSTD;
}

class ParquetEncoder final : public FileEncoder {
 public:
  ParquetEncoder(types::SchemaPtr schema, std::shared_ptr<arrow::Schema> arrow_schema)
      : schema_(std::move(schema)), arrow_schema_(std::move(arrow_schema)), stream_(std::make_shared<StringStream>()) {}

  Status Start(const ParquetOptions& options) {
    parquet::WriterProperties::Builder properties;
    properties.compression(CodecOf(options.codec))
        ->max_row_group_length(kParquetGroupRows)
        ->data_pagesize(options.page_bytes)
        ->dictionary_pagesize_limit(options.dictionary_page_bytes);
    if (!options.dictionary) properties.disable_dictionary();
    parquet::ArrowWriterProperties::Builder arrow_properties;
    if (options.timestamps == Timestamps::kInt96) arrow_properties.enable_deprecated_int96_timestamps();
    auto writer = parquet::arrow::FileWriter::Open(*arrow_schema_, arrow::default_memory_pool(), stream_,
                                                   properties.build(), arrow_properties.build());
    THALWEG_TRY(FromArrow(writer.status()));
    writer_ = std::move(*writer);
    return {};
  }

  Status Append(const columns::Batch& batch, int32_t from, int32_t to, std::string* out) override {
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (int i = 0; i < schema_->size(); ++i) {
      std::unique_ptr<arrow::ArrayBuilder> builder;
      THALWEG_TRY(
          FromArrow(arrow::MakeBuilder(arrow::default_memory_pool(), arrow_schema_->field(i)->type(), &builder)));
      for (int32_t row = from; row < to; ++row)
        if (Status status = AppendCell(batch.column(i), row, *builder); !status.ok())
          return status.WithContext(fmt::format("Cannot write column '{}' as Parquet", schema_->field(i).name));
      auto array = builder->Finish();
      THALWEG_TRY(FromArrow(array.status()));
      arrays.push_back(std::move(*array));
    }
    auto rows = arrow::RecordBatch::Make(arrow_schema_, to - from, std::move(arrays));
    if (group_bytes_ >= kParquetGroupBytes) THALWEG_TRY(FromArrow(writer_->NewBufferedRowGroup()));
    const size_t ready = out->size();
    stream_->TakeReady(out);
    THALWEG_TRY(FromArrow(writer_->WriteRecordBatch(*rows)));
    stream_->TakeReady(out);
    // What came out was the row group before.
    if (out->size() > ready) group_bytes_ = 0;
    group_bytes_ += static_cast<size_t>(arrow::util::TotalBufferSize(*rows));
    return {};
  }

  Status Finish(std::string* out) override {
    THALWEG_TRY(FromArrow(writer_->Close()));
    stream_->TakeReady(out);
    group_bytes_ = 0;
    return {};
  }
  /// Before encoding and compression: the row group that is begun is in memory.
  size_t buffered_bytes() const override { return group_bytes_; }

 private:
  types::SchemaPtr schema_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::shared_ptr<StringStream> stream_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  size_t group_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileEncoder>> MakeParquetEncoder(types::SchemaPtr schema, const ParquetOptions& options) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const types::Field& field : schema->fields()) {
    auto type = ArrowType(field.type, options.timestamps);
    if (!type.ok()) return type.status().WithContext(fmt::format("Column '{}'", field.name));
    fields.push_back(arrow::field(field.name, *type, field.type.nullable()));
  }
  auto encoder = std::make_unique<ParquetEncoder>(std::move(schema), arrow::schema(std::move(fields)));
  THALWEG_TRY(encoder->Start(options));
  return std::unique_ptr<FileEncoder>(std::move(encoder));
}

}  // namespace thalweg::formats
