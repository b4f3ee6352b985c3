#include "formats/column_read.h"
#include "formats/csv.h"
#include "formats/json.h"
#include "types/text.h"

#include <algorithm>

namespace thalweg::formats {
namespace {

using types::TypeId;

/// Texts longer than this are quoted unseen, as Jackson's writer does.
constexpr size_t kMaxQuoteCheck = 24;

/// Texts as fields: quoted where Jackson's writer would.
class TextFields {
 public:
  explicit TextFields(const CsvOptions& options) : options_(options) {
    // Jackson's quick test: any byte up to the greatest special one may need quotes.
    last_special_ = static_cast<unsigned char>(
        std::max({options_.field_delimiter, options_.quote_character, '\r', options_.escape_character.value_or('\r')}));
  }

  void Append(std::string_view text, std::string* out) const {
    bool quote = !options_.disable_quote_character &&
                 (text.size() > kMaxQuoteCheck ||
                  std::any_of(text.begin(), text.end(),
                              [this](char c) { return static_cast<unsigned char>(c) <= last_special_; }) ||
                  (options_.escape_character && text.find(*options_.escape_character) != std::string_view::npos));
    if (!quote) return AppendUnquoted(text, out);
    out->push_back(options_.quote_character);
    for (char c : text) {
      if (c == options_.quote_character || c == options_.escape_character)
        out->push_back(options_.escape_character.value_or(options_.quote_character));
      out->push_back(c);
    }
    out->push_back(options_.quote_character);
  }

 private:
  // Without quotes only the escape character can save what means something.
  void AppendUnquoted(std::string_view text, std::string* out) const {
    if (!options_.escape_character) return void(out->append(text));
    for (char c : text) {
      bool line_end = c == '\n' || c == '\r';
      if (line_end || c == options_.field_delimiter || c == options_.escape_character)
        out->push_back(*options_.escape_character);
      out->push_back(c == '\n' ? 'n' : c == '\r' ? 'r' : c);
    }
  }

  const CsvOptions options_;
  unsigned char last_special_;
};

class CsvEncoder final : public RowEncoder {
 public:
  CsvEncoder(types::SchemaPtr schema, const CsvOptions& options)
      : schema_(std::move(schema)), options_(options), texts_(options) {}

  Status Encode(const columns::Batch& batch, int32_t row, std::string* out) override {
    for (int i = 0; i < schema_->size(); ++i) {
      if (i) out->push_back(options_.field_delimiter);
      const columns::Column& column = batch.column(i);
      if (column.type.id() == TypeId::kNull || column.IsNull(row)) {
        out->append(options_.null_literal.value_or(""));
        continue;
      }
      if (column.type.id() == TypeId::kString) {
        texts_.Append(column.String(row), out);
        continue;
      }
      value_.clear();
      AppendValue(column, row, &value_);
      bool number = column.type.id() <= TypeId::kDecimal;
      number ? void(out->append(value_)) : texts_.Append(value_, out);
    }
    return {};
  }

 private:
  void AppendValue(const columns::Column& column, int32_t row, std::string* out) {
    if (column.type.id() == TypeId::kNull || column.IsNull(row))
      return void(out->append(options_.null_literal.value_or("")));
    switch (column.type.id()) {
      case TypeId::kBoolean: out->append(column.Bool(row) ? "true" : "false"); break;
      case TypeId::kFloat: types::AppendFloatText(column.data<float>()[row], *out); break;
      case TypeId::kDouble: types::AppendDoubleText(column.data<double>()[row], *out); break;
      case TypeId::kDecimal:
        if (options_.write_bigdecimal_in_scientific_notation)
          AppendDecimalScientific(DecimalAt(column, row), column.type.scale(), out);
        else
          AppendDecimal(DecimalAt(column, row), column.type.scale(), out);
        break;
      case TypeId::kString: out->append(column.String(row)); break;
      case TypeId::kBinary: AppendBase64(column.String(row), out); break;
      case TypeId::kDate: AppendDate(column.data<int32_t>()[row], out); break;
      case TypeId::kTime: AppendTime(column.data<int32_t>()[row], out); break;
      case TypeId::kTimestamp: AppendTimestamp(TimestampAt(column, row), TimestampStandard::kSql, false, out); break;
      case TypeId::kTimestampLtz: AppendTimestamp(TimestampAt(column, row), TimestampStandard::kSql, true, out); break;
      case TypeId::kArray: {
        const auto* offsets = column.offsets.data<int32_t>();
        for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
          if (i > offsets[row]) out->append(options_.array_element_delimiter);
          AppendValue(column.children[0], i, out);
        }
        break;
      }
      case TypeId::kRow:
        for (size_t i = 0; i < column.children.size(); ++i) {
          if (i) out->append(options_.array_element_delimiter);
          AppendValue(column.children[i], row, out);
        }
        break;
      default: AppendInt(IntegerAt(column, row), out);
    }
  }

  types::SchemaPtr schema_;
  CsvOptions options_;
  TextFields texts_;
  std::string value_;
};

bool IsScalar(const types::DataType& type) {
  return type.children().empty() && type.id() != TypeId::kObject && type.id() != TypeId::kRow;
}

}  // namespace

Status CheckCsv(const types::Schema& schema, const CsvOptions& options) {
  for (const types::Field& field : schema.fields()) {
    bool flat = field.type.id() == TypeId::kArray || field.type.id() == TypeId::kRow;
    for (const types::Field& child : field.type.children()) flat = flat && IsScalar(child.type);
    if (!flat && !IsScalar(field.type))
      return UserError("CSV cannot hold column '{}' of type {}{}", field.name, field.type.ToString(),
                       CheckJsonType(field.type).ok() ? "; JSON can" : "");
  }
  bool quotes = !options.disable_quote_character;
  if (quotes && options.quote_character == options.field_delimiter)
    return UserError("csv.field-delimiter and csv.quote-character are the same: '{}'", options.field_delimiter);
  if (options.escape_character == options.field_delimiter)
    return UserError("csv.field-delimiter and csv.escape-character are the same: '{}'", options.field_delimiter);
  if (options.field_delimiter == '\n' || options.field_delimiter == '\r')
    return UserError("csv.field-delimiter must not be a line end");
  if (options.array_element_delimiter.empty()) return UserError("csv.array-element-delimiter is empty");
  return {};
}

std::string CsvHeader(const types::Schema& schema, const CsvOptions& options) {
  const TextFields texts(options);
  std::string line;
  for (int i = 0; i < schema.size(); ++i) {
    if (i > 0) line.push_back(options.field_delimiter);
    texts.Append(schema.field(i).name, &line);
  }
  return line + '\n';
}

Result<std::unique_ptr<RowEncoder>> MakeCsvEncoder(types::SchemaPtr schema, const CsvOptions& options) {
  THALWEG_TRY(CheckCsv(*schema, options));
  return std::unique_ptr<RowEncoder>(std::make_unique<CsvEncoder>(std::move(schema), options));
}

}  // namespace thalweg::formats
