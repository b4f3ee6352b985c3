#include "formats/column_read.h"
#include "formats/json.h"
#include "formats/json_scan.h"
#include "types/text.h"

#include <cmath>

namespace thalweg::formats {
namespace {

using types::DataType;
using types::TypeId;

// As Jackson escapes: what JSON must, nothing else.
void AppendQuoted(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  out->push_back('"');
  const char* end = text.data() + text.size();
  for (const char* at = text.data();; ++at) {
    const char* stop = FirstEscaped(at, end);
    out->append(at, stop);
    if (stop == end) break;
    at = stop;
    auto c = static_cast<unsigned char>(*at);
    out->push_back('\\');
    switch (c) {
      case '"':
      case '\\': out->push_back(static_cast<char>(c)); break;
      case '\b': out->push_back('b'); break;
      case '\f': out->push_back('f'); break;
      case '\n': out->push_back('n'); break;
      case '\r': out->push_back('r'); break;
      case '\t': out->push_back('t'); break;
      default: out->append("u00").append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
    }
  }
  out->push_back('"');
}

template <typename Float>
void AppendNumber(Float value, std::string* out) {
  bool quoted = !std::isfinite(value);  // JSON has no word for them
  if (quoted) out->push_back('"');
  if constexpr (sizeof(Float) == 4)
    types::AppendFloatText(value, *out);
  else
    types::AppendDoubleText(value, *out);
  if (quoted) out->push_back('"');
}

class JsonEncoder final : public RowEncoder {
 public:
  JsonEncoder(types::SchemaPtr schema, const JsonOptions& options) : schema_(std::move(schema)), options_(options) {
    for (const types::Field& field : schema_->fields()) {
      std::string key = ",";
      AppendQuoted(field.name, &key);
      keys_.push_back(key + ":");
    }
  }

  Status Encode(const columns::Batch& batch, int32_t row, std::string* out) override {
    out->push_back('{');
    bool first = true;
    for (int i = 0; i < schema_->size(); ++i) {
      const columns::Column& column = batch.column(i);
      if (options_.encode_ignore_null_fields && IsNull(column, row)) continue;
      const std::string& key = keys_[static_cast<size_t>(i)];
      out->append(key.data() + first, key.size() - first);
      first = false;
      if (Status status = AppendValue(column, row, out); !status.ok())
        return status.WithContext(fmt::format("Cannot write column '{}' as JSON", schema_->field(i).name));
    }
    out->push_back('}');
    return {};
  }

 private:
  static bool IsNull(const columns::Column& column, int32_t row) {
    return column.type.id() == TypeId::kNull || column.IsNull(row);
  }

  Status AppendValue(const columns::Column& column, int32_t row, std::string* out) {
    if (IsNull(column, row)) {
      out->append("null");
      return {};
    }
    switch (column.type.id()) {
      case TypeId::kBoolean: out->append(column.Bool(row) ? "true" : "false"); return {};
      case TypeId::kTinyInt:
      case TypeId::kSmallInt:
      case TypeId::kInt:
      case TypeId::kBigInt:
      case TypeId::kIntervalYearMonth:
      case TypeId::kIntervalDayTime: AppendInt(IntegerAt(column, row), out); return {};
      case TypeId::kFloat: AppendNumber(column.data<float>()[row], out); return {};
      case TypeId::kDouble: AppendNumber(column.data<double>()[row], out); return {};
      case TypeId::kString: AppendQuoted(column.String(row), out); return {};
      case TypeId::kDecimal:
        if (options_.encode_decimal_as_plain_number)
          AppendDecimal(DecimalAt(column, row), column.type.scale(), out);
        else
          AppendDecimalScientific(DecimalAt(column, row), column.type.scale(), out);
        return {};
      case TypeId::kArray: return AppendArray(column, row, out);
      case TypeId::kMap:
      case TypeId::kMultiset: return AppendMap(column, row, out);
      case TypeId::kRow: return AppendRow(column, row, out);
      default: break;
    }
    out->push_back('"');
    switch (column.type.id()) {
      case TypeId::kBinary: AppendBase64(column.String(row), out); break;
      case TypeId::kDate: AppendDate(column.data<int32_t>()[row], out); break;
      case TypeId::kTime: AppendTime(column.data<int32_t>()[row], out); break;
      case TypeId::kTimestamp: AppendTimestamp(TimestampAt(column, row), options_.timestamp_format, false, out); break;
      case TypeId::kTimestampLtz:
        AppendTimestamp(TimestampAt(column, row), options_.timestamp_format, true, out);
        break;
      default: return UserError("JSON has no form for {}", column.type.ToString());
    }
    out->push_back('"');
    return {};
  }

  Status AppendArray(const columns::Column& column, int32_t row, std::string* out) {
    const auto* offsets = column.offsets.data<int32_t>();
    out->push_back('[');
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      if (i > offsets[row]) out->push_back(',');
      THALWEG_TRY(AppendValue(column.children[0], i, out));
    }
    out->push_back(']');
    return {};
  }

  Status AppendMap(const columns::Column& column, int32_t row, std::string* out) {
    const auto* offsets = column.offsets.data<int32_t>();
    const columns::Column& keys = column.children[0];
    out->push_back('{');
    bool first = true;
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      std::string_view key = options_.map_null_key_literal;
      if (!keys.IsNull(i)) {
        key = keys.String(i);
      } else if (options_.map_null_key_mode == MapNullKeyMode::kDrop) {
        continue;
      } else if (options_.map_null_key_mode == MapNullKeyMode::kFail) {
        return UserError("map has a NULL key; set json.map-null-key.mode to DROP or LITERAL");
      }
      if (!first) out->push_back(',');
      first = false;
      AppendQuoted(key, out);
      out->push_back(':');
      THALWEG_TRY(AppendValue(column.children[1], i, out));
    }
    out->push_back('}');
    return {};
  }

  Status AppendRow(const columns::Column& column, int32_t row, std::string* out) {
    out->push_back('{');
    bool first = true;
    for (size_t i = 0; i < column.children.size(); ++i) {
      if (options_.encode_ignore_null_fields && IsNull(column.children[i], row)) continue;
      if (!first) out->push_back(',');
      first = false;
      AppendQuoted(column.type.children()[i].name, out);
      out->push_back(':');
      THALWEG_TRY(AppendValue(column.children[i], row, out));
    }
    out->push_back('}');
    return {};
  }

  types::SchemaPtr schema_;
  JsonOptions options_;
  std::vector<std::string> keys_;  // ,"name":
};

}  // namespace

Status CheckJsonType(const DataType& type) {
  if (type.id() == TypeId::kObject) return UserError("JSON has no form for {}", type.ToString());
  if ((type.id() == TypeId::kMap || type.id() == TypeId::kMultiset) && type.children()[0].type.id() != TypeId::kString)
    return UserError("JSON maps have STRING keys; this is a {}", type.ToString());
  for (const types::Field& child : type.children()) THALWEG_TRY(CheckJsonType(child.type));
  return {};
}

Result<std::unique_ptr<RowEncoder>> MakeJsonEncoder(types::SchemaPtr schema, const JsonOptions& options) {
  for (const types::Field& field : schema->fields())
    if (Status status = CheckJsonType(field.type); !status.ok())
      return status.WithContext(fmt::format("Column '{}'", field.name));
  return std::unique_ptr<RowEncoder>(std::make_unique<JsonEncoder>(std::move(schema), options));
}

}  // namespace thalweg::formats
