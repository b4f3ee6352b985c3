#include "formats/schema_inference.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace thalweg::formats {
namespace {

using types::DataType;
using types::TypeId;

// --- CSV.

/// The fields of a record; quotes as in RFC 4180. `at` moves behind it; nullopt: it is not there as a whole.
std::optional<std::vector<std::string>> TakeRecord(std::string_view text, bool whole, size_t* at) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = *at; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"')
        fields.back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        fields.back() += text[++i];
      else
        quoted = false;
    } else if (c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c == '\n') {
      *at = i + 1;
      if (fields.back().ends_with('\r')) fields.back().pop_back();
      return fields;
    } else {
      fields.back() += c;
    }
  }
  if (!whole || *at == text.size()) return std::nullopt;
  *at = text.size();
  return fields;
}

bool Digits(std::string_view text, size_t from, size_t count) {
  return from + count <= text.size() &&
         std::all_of(text.begin() + static_cast<long>(from), text.begin() + static_cast<long>(from + count),
                     [](char c) { return c >= '0' && c <= '9'; });
}
bool IsDateText(std::string_view text) {
  return text.size() == 10 && Digits(text, 0, 4) && text[4] == '-' && Digits(text, 5, 2) && text[7] == '-' &&
         Digits(text, 8, 2);
}
bool IsTimestampText(std::string_view text) {
  if (text.size() < 19 || !IsDateText(text.substr(0, 10)) || text[10] != ' ' || !Digits(text, 11, 2) ||
      text[13] != ':' || !Digits(text, 14, 2) || text[16] != ':' || !Digits(text, 17, 2))
    return false;
  return text.size() == 19 ||
         (text[19] == '.' && text.size() > 20 && text.size() <= 23 && Digits(text, 20, text.size() - 20));
}

DataType TypeOfText(std::string_view text) {
  int64_t integer;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (error == std::errc() && end == text.data() + text.size()) return DataType(TypeId::kBigInt);
  double real;
  auto [real_end, real_error] = std::from_chars(text.data(), text.data() + text.size(), real);
  // NaN and Infinity are words of a text before they are numbers.
  if (real_error == std::errc() && real_end == text.data() + text.size() && std::isfinite(real))
    return DataType(TypeId::kDouble);
  if (text == "true" || text == "false" || text == "TRUE" || text == "FALSE") return DataType(TypeId::kBoolean);
  if (IsDateText(text)) return DataType(TypeId::kDate);
  if (IsTimestampText(text)) return DataType::Timestamp(3);
  return DataType(TypeId::kString);
}

std::optional<DataType> Joined(const std::optional<DataType>& a, const std::optional<DataType>& b) {
  if (!a || !b) return a ? a : b;
  if (*a == *b) return a;
  const bool numbers = (a->id() == TypeId::kBigInt || a->id() == TypeId::kDouble) &&
                       (b->id() == TypeId::kBigInt || b->id() == TypeId::kDouble);
  return DataType(numbers ? TypeId::kDouble : TypeId::kString);
}

// Names are texts that differ; a record of values has a number, a date or an empty field, or says the same twice.
bool IsHeader(const std::vector<std::string>& record) {
  std::set<std::string> seen;
  return std::all_of(record.begin(), record.end(), [&](const std::string& field) {
    return !field.empty() && TypeOfText(field).id() == TypeId::kString && seen.insert(field).second;
  });
}

// --- JSON.

/// What values of one place have shown so far.
struct Shape {
  enum class Kind : uint8_t { kNone, kBoolean, kInteger, kReal, kText, kArray, kObject };
  Kind kind = Kind::kNone;
  std::vector<std::string> names;  // of an object's fields; an array has one, "", for its elements
  std::vector<Shape> fields;

  Shape& Field(std::string_view name) {
    for (size_t i = 0; i < names.size(); ++i)
      if (names[i] == name) return fields[i];
    names.emplace_back(name);
    return fields.emplace_back();
  }
  void Meet(Kind other) {
    const bool numbers =
        (kind == Kind::kInteger || kind == Kind::kReal) && (other == Kind::kInteger || other == Kind::kReal);
    if (kind == Kind::kNone)
      kind = other;
    else if (kind != other)
      kind = numbers ? Kind::kReal : Kind::kText;
  }
  void Take(const simdjson::dom::element& value) {
    using simdjson::dom::element_type;
    switch (value.type()) {
      case element_type::NULL_VALUE: return;
      case element_type::BOOL: return Meet(Kind::kBoolean);
      case element_type::INT64: return Meet(Kind::kInteger);
      case element_type::UINT64:
      case element_type::DOUBLE: return Meet(Kind::kReal);
      case element_type::STRING: return Meet(Kind::kText);
      case element_type::ARRAY: {
        Meet(Kind::kArray);
        if (kind != Kind::kArray) return;
        for (simdjson::dom::element each : simdjson::dom::array(value)) Field("").Take(each);
        return;
      }
      case element_type::OBJECT: {
        Meet(Kind::kObject);
        if (kind != Kind::kObject) return;
        for (auto [name, each] : simdjson::dom::object(value)) Field(name).Take(each);
        return;
      }
    }
  }
  DataType Type() const {
    switch (kind) {
      case Kind::kBoolean: return DataType(TypeId::kBoolean);
      case Kind::kInteger: return DataType(TypeId::kBigInt);
      case Kind::kReal: return DataType(TypeId::kDouble);
      case Kind::kArray: return DataType::Array(fields.empty() ? DataType(TypeId::kString) : fields[0].Type());
      case Kind::kObject: {
        if (fields.empty()) return DataType(TypeId::kString);
        return DataType::Row(Fields());
      }
      default: return DataType(TypeId::kString);
    }
  }
  std::vector<types::Field> Fields() const {
    std::vector<types::Field> columns;
    for (size_t i = 0; i < fields.size(); ++i) columns.push_back({names[i], fields[i].Type()});
    return columns;
  }
};

}  // namespace

Result<CsvColumns> InferCsvColumns(std::string_view text, bool whole) {
  std::vector<std::vector<std::string>> records;
  for (size_t at = 0; records.size() < kSampleRecords;) {
    auto record = TakeRecord(text, whole, &at);
    if (!record) break;
    if (record->size() > 1 || !record->front().empty()) records.push_back(std::move(*record));
  }
  if (records.empty()) return UserError("No record of CSV in it");
  CsvColumns columns;
  columns.header = IsHeader(records[0]);
  std::vector<std::optional<DataType>> known(records[0].size());
  for (size_t i = columns.header ? 1 : 0; i < records.size(); ++i)
    for (size_t c = 0; c < std::min(known.size(), records[i].size()); ++c)
      if (!records[i][c].empty()) known[c] = Joined(known[c], TypeOfText(records[i][c]));
  std::vector<types::Field> fields;
  for (size_t c = 0; c < known.size(); ++c)
    fields.push_back(
        {columns.header ? records[0][c] : fmt::format("f{}", c), known[c].value_or(DataType(TypeId::kString))});
  columns.schema = std::make_shared<const types::Schema>(std::move(fields));
  return columns;
}

Result<types::SchemaPtr> InferJsonColumns(std::string_view text, bool whole) {
  simdjson::dom::parser parser;
  Shape shape;
  size_t records = 0;
  for (size_t at = 0; at < text.size() && records < kSampleRecords; ++records) {
    size_t end = text.find('\n', at);
    if (end == std::string_view::npos) {
      if (!whole) break;
      end = text.size();
    }
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    simdjson::dom::element value;
    if (auto error = parser.parse(line.data(), line.size()).get(value); error)
      return UserError("Record {} is no JSON: {}", records + 1, simdjson::error_message(error));
    if (!value.is_object()) return UserError("Record {} is no JSON object", records + 1);
    shape.Take(value);
  }
  if (shape.fields.empty()) return UserError("No object with a field in it");
  return std::make_shared<const types::Schema>(shape.Fields());
}

}  // namespace thalweg::formats
