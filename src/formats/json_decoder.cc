// Two readers: PlainJson for what programs write, and the judge, on simdjson, for all else and every error.
// Rule: what simdjson passes over unread (unknown fields) is not judged; all else is.
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "columns/builder.h"
#include "formats/json.h"
#include "formats/json_plain.h"
#include "formats/scalar_text.h"

namespace thalweg::formats {
namespace {

using columns::BatchBuilder;
using columns::ColumnBuilder;
using types::DataType;
using types::TypeId;
namespace od = simdjson::ondemand;

static_assert(kDecodePadding >= simdjson::SIMDJSON_PADDING);

/// A column or nested field, bound once.
struct Node {
  std::string name;
  std::string path;  // "a.b" for messages
  DataType type;
  std::vector<Node> children;
};

Node Bind(const std::string& name, const std::string& path, const DataType& type) {
  Node node{name, path, type, {}};
  for (const types::Field& child : type.children())
    node.children.push_back(Bind(child.name, path + "." + child.name, child.type));
  return node;
}

/// kField: this value is no value of its column, the record goes on. kRecord: the text is no JSON from here on.
enum class Outcome : uint8_t { kOk, kField, kRecord };

// -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
bool IsJsonNumber(std::string_view text) {
  auto digits = [&] {
    size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  bool zero = text.starts_with('0');
  size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

class JsonJudge final : public Decoder {
 public:
  JsonJudge(const types::Schema& schema, const JsonOptions& options) : options_(options) {
    for (const types::Field& field : schema.fields()) nodes_.push_back(Bind(field.name, field.name, field.type));
  }

  bool Decode(std::string_view record, BatchBuilder& out, ParseError* error) override {
    if (record.find_first_not_of(" \t\r\n") == std::string_view::npos) return true;
    record_ = record;
    error_ = error;
    int32_t rows = out.rows();
    if (DecodeDocument(out) == Outcome::kOk) [[likely]]
      return true;
    out.Rollback(rows);
    error->text = Escaped(record);
    return false;
  }

 private:
  Outcome DecodeDocument(BatchBuilder& out) {
    od::document document;
    if (auto code = parser_.iterate(record_.data(), record_.size(), record_.size() + kDecodePadding).get(document))
      return Malformed(code, record_.data());
    Outcome outcome;
    od::object object;
    if (auto code = document.get_object().get(object); code == simdjson::SUCCESS)
      outcome = TopRow(object, out);
    else
      outcome = code == simdjson::INCORRECT_TYPE ? DecodeRows(document, out) : Malformed(code, record_.data());
    if (outcome != Outcome::kOk) return outcome;
    if (const char* rest = Location(document)) return Fail(Outcome::kRecord, nullptr, rest, "more text behind the end");
    return Outcome::kOk;
  }

  // An array of objects.
  Outcome DecodeRows(od::document& document, BatchBuilder& out) {
    od::array array;
    if (auto code = document.get_array().get(array)) {
      if (code != simdjson::INCORRECT_TYPE) return Malformed(code, record_.data());
      return Fail(Outcome::kRecord, nullptr, record_.data(), "not a JSON object");
    }
    for (auto element : array) {
      od::value value;
      od::object object;
      if (auto code = std::move(element).get(value)) return Malformed(code, Location(document));
      const char* at = Location(document);
      if (auto code = value.get_object().get(object)) {
        if (code != simdjson::INCORRECT_TYPE) return Malformed(code, at);
        return Fail(Outcome::kRecord, nullptr, at, "an element of the array is not a JSON object");
      }
      if (out.full()) return Fail(Outcome::kRecord, nullptr, at, "more objects in one array than a batch holds");
      if (Outcome outcome = TopRow(object, out); outcome != Outcome::kOk) return outcome;
    }
    return Outcome::kOk;
  }

  Outcome TopRow(od::object& object, BatchBuilder& out) {
    Outcome outcome =
        Fields(object, nodes_, out.rows(), [&](size_t i) -> ColumnBuilder& { return out.column(static_cast<int>(i)); });
    if (outcome == Outcome::kOk) out.FinishRow();
    return outcome;
  }

  // Values of `nodes` as row `row` of their builders.
  template <typename Builders>
  Outcome Fields(od::object& object, const std::vector<Node>& nodes, int32_t row, const Builders& builder) {
    size_t expected = 0;
    for (auto result : object) {
      od::field field;
      if (auto code = std::move(result).get(field)) return Malformed(code, nullptr);
      size_t index = FindField(field, nodes, expected);
      if (index == nodes.size()) continue;
      ColumnBuilder& out = builder(index);
      if (out.length() != row) [[unlikely]]
        out.Truncate(row);  // the same name again: the last counts
      if (Outcome outcome = Value(field.value(), nodes[index], out); outcome != Outcome::kOk) [[unlikely]] {
        if (outcome == Outcome::kRecord || !options_.ignore_parse_errors || !nodes[index].type.nullable())
          return outcome;
        out.Truncate(row);
        out.AppendNull();
      }
      expected = index + 1;
    }
    for (size_t i = 0; i < nodes.size(); ++i)
      if (builder(i).length() == row) [[unlikely]]
        if (Outcome outcome = Missing(nodes[i], builder(i)); outcome != Outcome::kOk) return outcome;
    return Outcome::kOk;
  }

  Outcome Missing(const Node& node, ColumnBuilder& out) {
    bool refused = options_.fail_on_missing_field && !options_.ignore_parse_errors;
    if (refused || !node.type.nullable())
      return Fail(Outcome::kField, &node, nullptr,
                  refused ? "the field is missing" : "the field is missing and the column is NOT NULL");
    out.AppendNull();
    return Outcome::kOk;
  }

  // Index of the field's column, or nodes.size().
  size_t FindField(od::field& field, const std::vector<Node>& nodes, size_t expected) {
    const char* key = field.key().raw();
    if (expected < nodes.size() && KeyIs(key, nodes[expected].name)) [[likely]]
      return expected;
    for (size_t i = 0; i < nodes.size(); ++i)
      if (KeyIs(key, nodes[i].name)) return i;
    const char* end = key;
    while (*end != '"' && *end != '\\') ++end;
    if (*end == '"') return nodes.size();
    std::string_view unescaped;
    if (field.unescaped_key().get(unescaped)) return nodes.size();
    return static_cast<size_t>(
        std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) { return node.name == unescaped; }) -
        nodes.begin());
  }

  // Whether the raw key (behind its opening quote) is `name`, as far as neither is escaped. Never reads beyond the padding.
  static bool KeyIs(const char* key, const std::string& name) {
    if (name.size() + 1 < kDecodePadding) [[likely]]
      return std::memcmp(key, name.data(), name.size()) == 0 && key[name.size()] == '"';
    for (char c : name)
      if (*key == '"' || *key++ != c) return false;
    return *key == '"';
  }

  Outcome Value(od::value value, const Node& node, ColumnBuilder& out) {
    switch (node.type.id()) {
      case TypeId::kBigInt: {
        int64_t number;
        if (value.get_int64().get(number) == simdjson::SUCCESS) [[likely]] {
          out.Append(number);
          return Outcome::kOk;
        }
        break;
      }
      case TypeId::kString: {
        std::string_view text;
        if (value.get_string().get(text) == simdjson::SUCCESS) [[likely]] {
          out.AppendString(text);
          return Outcome::kOk;
        }
        break;
      }
      case TypeId::kDouble: {
        double number;
        if (!IsLongFraction(value.raw_json_token()) && value.get_double().get(number) == simdjson::SUCCESS) [[likely]] {
          out.Append(number);
          return Outcome::kOk;
        }
        break;
      }
      case TypeId::kBoolean: {
        bool flag;
        if (value.get_bool().get(flag) == simdjson::SUCCESS) [[likely]] {
          out.AppendBool(flag);
          return Outcome::kOk;
        }
        break;
      }
      default: break;
    }
    return AnyValue(value, node, out);
  }

  // simdjson 3.0 reads digits behind "0." wrongly when more than 19 of them count: its test for that looks at the zeros alone.
  static bool IsLongFraction(std::string_view token) {
    constexpr size_t kSafe = 21;  // a sign, "0." and 18 digits
    return token.size() > kSafe && (token.starts_with("0.") || token.starts_with("-0."));
  }

  // All that is not the type's own JSON form: NULL, nested types, texts, conversions.
  Outcome AnyValue(od::value& value, const Node& node, ColumnBuilder& out) {
    od::json_type type;
    const char* at = Location(value);
    if (auto code = value.type().get(type)) return Malformed(code, at);
    switch (type) {
      case od::json_type::null: return Null(value, node, out, at);
      case od::json_type::object:
        if (node.type.id() == TypeId::kRow) return Row(value, node, out);
        if (node.type.id() == TypeId::kMap || node.type.id() == TypeId::kMultiset) return Map(value, node, out);
        return Container(value.get_object(), node, out, at);
      case od::json_type::array:
        if (node.type.id() == TypeId::kArray) return Array(value, node, out);
        return Container(value.get_array(), node, out, at);
      case od::json_type::string: return Text(value, node, out, at);
      case od::json_type::boolean: return Boolean(value, node, out, at);
      case od::json_type::number: return Number(value, node, out, at);
    }
    return Fail(Outcome::kRecord, &node, at, "not a JSON value");
  }

  Outcome Null(od::value& value, const Node& node, ColumnBuilder& out, const char* at) {
    bool null;
    if (value.is_null().get(null) || !null) return Fail(Outcome::kRecord, &node, at, "not a JSON value");
    if (!node.type.nullable()) return Fail(Outcome::kField, &node, at, "NULL in a NOT NULL column");
    out.AppendNull();
    return Outcome::kOk;
  }

  // A STRING column takes an object or array as its JSON text; no other column does.
  template <typename T>
  Outcome Container(simdjson::simdjson_result<T> container, const Node& node, ColumnBuilder& out, const char* at) {
    T nested;
    std::string_view json;
    if (auto code = std::move(container).get(nested)) return Malformed(code, at);
    if (auto code = nested.raw_json().get(json)) return Malformed(code, at);
    if (node.type.id() != TypeId::kString) return Fail(Outcome::kField, &node, at, NotA(node.type, json));
    out.AppendString(Minified(json));
    return Outcome::kOk;
  }

  // Without the blanks between tokens, as Jackson's JsonNode.toString.
  std::string_view Minified(std::string_view json) {
    scratch_.clear();
    bool quoted = false;
    for (size_t i = 0; i < json.size(); ++i) {
      char c = json[i];
      if (!quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) continue;
      scratch_.push_back(c);
      if (c == '\\' && i + 1 < json.size()) scratch_.push_back(json[++i]);
      quoted ^= c == '"';
    }
    return scratch_;
  }

  Outcome Text(od::value& value, const Node& node, ColumnBuilder& out, const char* at) {
    std::string_view text;
    if (auto code = value.get_string().get(text)) return Malformed(code, at);
    if (!node.type.children().empty()) return Fail(Outcome::kField, &node, at, NotA(node.type, text));
    if (auto reason = AppendScalarText(text, options_.timestamp_format, out))
      return Fail(Outcome::kField, &node, at, *reason);
    return Outcome::kOk;
  }

  Outcome Boolean(od::value& value, const Node& node, ColumnBuilder& out, const char* at) {
    bool flag;
    if (auto code = value.get_bool().get(flag)) return Malformed(code, at);
    if (node.type.id() != TypeId::kString)
      return Fail(Outcome::kField, &node, at, NotA(node.type, flag ? "true" : "false"));
    out.AppendString(flag ? "true" : "false");
    return Outcome::kOk;
  }

  Outcome Number(od::value& value, const Node& node, ColumnBuilder& out, const char* at) {
    std::string_view token = Trim(value.raw_json_token());
    double number;
    switch (node.type.id()) {
      case TypeId::kTinyInt:
      case TypeId::kSmallInt:
      case TypeId::kInt:
      case TypeId::kBigInt:
      case TypeId::kIntervalYearMonth:
      case TypeId::kIntervalDayTime:
        // A fraction is cut off, as Jackson's getIntValue does; what is beyond the type is an error.
        if (IsJsonNumber(token) && token.find_first_of(".eE") != std::string_view::npos &&
            ParseDouble(token, &number)) {
          if (!(std::fabs(number) < 0x1p63) || !AppendInteger(static_cast<int64_t>(number), out))
            return Fail(Outcome::kField, &node, at, OutOfRange(node.type, token));
          return Outcome::kOk;  // not consumed: the iterator above passes over it
        }
        [[fallthrough]];
      case TypeId::kFloat:
      case TypeId::kDouble:
      case TypeId::kDecimal:
      case TypeId::kString:
        if (!IsJsonNumber(token))
          return Fail(Outcome::kRecord, &node, at, fmt::format("not a number: '{}'", Escaped(token, 40)));
        if (auto reason = AppendScalarText(token, options_.timestamp_format, out))
          return Fail(Outcome::kField, &node, at, *reason);
        return Outcome::kOk;  // not consumed: the iterator above passes over it
      default: return Fail(Outcome::kField, &node, at, NotA(node.type, token));
    }
  }

  Outcome Row(od::value& value, const Node& node, ColumnBuilder& out) {
    od::object object;
    if (auto code = value.get_object().get(object)) return Malformed(code, nullptr);
    Outcome outcome = Fields(object, node.children, out.length(),
                             [&](size_t i) -> ColumnBuilder& { return out.child(static_cast<int>(i)); });
    if (outcome == Outcome::kOk) out.CloseRow();
    return outcome;
  }

  // One element or map value; under ignore_parse_errors NULL if it does not parse.
  Outcome Element(od::value value, const Node& node, ColumnBuilder& out) {
    int32_t length = out.length();
    Outcome outcome = Value(value, node, out);
    if (outcome != Outcome::kField || !options_.ignore_parse_errors || !node.type.nullable()) return outcome;
    out.Truncate(length);
    out.AppendNull();
    return Outcome::kOk;
  }

  Outcome Array(od::value& value, const Node& node, ColumnBuilder& out) {
    od::array array;
    if (auto code = value.get_array().get(array)) return Malformed(code, nullptr);
    for (auto result : array) {
      od::value element;
      if (auto code = std::move(result).get(element)) return Malformed(code, nullptr);
      if (Outcome outcome = Element(element, node.children[0], out.child(0)); outcome != Outcome::kOk) return outcome;
    }
    out.CloseRow();
    return Outcome::kOk;
  }

  Outcome Map(od::value& value, const Node& node, ColumnBuilder& out) {
    static const Node kCount{"count", "count", DataType(TypeId::kInt, false), {}};
    od::object object;
    const char* at = Location(value);
    if (auto code = value.get_object().get(object)) return Malformed(code, at);
    std::vector<std::string_view> keys;
    for (auto result : object) {
      od::field field;
      std::string_view key;
      if (auto code = std::move(result).get(field)) return Malformed(code, nullptr);
      if (auto code = field.unescaped_key().get(key)) return Malformed(code, nullptr);
      keys.push_back(key);
      out.child(0).AppendString(key);
      const Node& child = node.type.id() == TypeId::kMultiset ? kCount : node.children[1];
      if (Outcome outcome = Element(field.value(), child, out.child(1)); outcome != Outcome::kOk) return outcome;
    }
    std::sort(keys.begin(), keys.end());
    if (auto twice = std::adjacent_find(keys.begin(), keys.end()); twice != keys.end())
      return Fail(Outcome::kField, &node, at, fmt::format("map has the key '{}' twice", Escaped(*twice, 40)));
    out.CloseRow();
    return Outcome::kOk;
  }

  // Of the next token of a document or value; null at the end.
  template <typename T>
  static const char* Location(T& value) {
    const char* at = nullptr;
    return value.current_location().get(at) == simdjson::SUCCESS ? at : nullptr;
  }

  Outcome Malformed(simdjson::error_code code, const char* at) {
    return Fail(Outcome::kRecord, nullptr, at, fmt::format("not valid JSON: {}", simdjson::error_message(code)));
  }

  Outcome Fail(Outcome outcome, const Node* node, const char* at, std::string reason) {
    error_->column = node ? node->path : "";
    bool inside = at >= record_.data() && at <= record_.data() + record_.size();
    error_->offset = inside ? static_cast<size_t>(at - record_.data()) : 0;
    error_->reason = std::move(reason);
    return outcome;
  }

  JsonOptions options_;
  std::vector<Node> nodes_;
  od::parser parser_;
  std::string_view record_;
  ParseError* error_ = nullptr;
  std::string scratch_;
};

// Records that are not plain come in runs: after the nth of a run 2^n - 1 go to the judge at once.
class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(const types::Schema& schema, const JsonOptions& options)
      : plain_(schema, options), judge_(schema, options) {}

  bool Decode(std::string_view record, BatchBuilder& out, ParseError* error) override {
    if (pause_ > 0) [[unlikely]] {
      --pause_;
      return judge_.Decode(record, out, error);
    }
    int32_t rows = out.rows();
    if (plain_.Decode(record, out)) [[likely]] {
      run_ = 0;
      return true;
    }
    out.Rollback(rows);
    pause_ = (1 << run_) - 1;
    run_ = std::min(run_ + 1, kLongestRun);
    return judge_.Decode(record, out, error);
  }

 private:
  static constexpr int kLongestRun = 6;  // 63 records: what is tried in vain costs no more than 2 %

  PlainJson plain_;
  JsonJudge judge_;
  int run_ = 0, pause_ = 0;
};

template <typename T>
Result<std::unique_ptr<Decoder>> Make(const types::Schema& schema, const JsonOptions& options) {
  for (const types::Field& field : schema.fields())
    if (Status status = CheckJsonType(field.type); !status.ok())
      return status.WithContext(fmt::format("Column '{}'", field.name));
  return std::unique_ptr<Decoder>(std::make_unique<T>(schema, options));
}

}  // namespace

Result<std::unique_ptr<Decoder>> MakeJsonDecoder(types::SchemaPtr schema, const JsonOptions& options) {
  return Make<JsonDecoder>(*schema, options);
}

Result<std::unique_ptr<Decoder>> MakeJsonJudge(types::SchemaPtr schema, const JsonOptions& options) {
  return Make<JsonJudge>(*schema, options);
}

}  // namespace thalweg::formats
