// JSON as programs write it, read in one pass: fields in the order of the record before, texts without rare escapes.
// Rule: what it accepts simdjson accepts, with the same values; at anything else, every error among it, it gives up, and the
// record is simdjson's to judge.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columns/builder.h"
#include "formats/json.h"

namespace thalweg::formats {

/// Reads the records of one schema. One thread.
class PlainJson {
 public:
  PlainJson(const types::Schema& schema, const JsonOptions& options);

  /// Appends the row of `record`, an object with kDecodePadding behind it, to the columns of the schema. False: given up; what was
  /// appended to the unfinished row is the caller's to roll back.
  bool Decode(std::string_view record, columns::BatchBuilder& out);

 private:
  enum class Kind : uint8_t {
    kString,
    kBigInt,
    kInteger,
    kDouble,
    kBoolean,
    kNumber,
    kText,
    kRow,
    kArray,
    kMap,
    kOther
  };
  struct Fields;

  struct Value {
    Kind kind;
    bool nullable;
    std::unique_ptr<Fields> fields;  // of a ROW
    std::unique_ptr<Value> element;  // of an ARRAY; the value or count of a MAP or MULTISET
  };

  struct Field {
    Value value;
    uint64_t word[2] = {}, mask[2] = {};  // the first bytes of `token`
    std::string token;                    // "name": with its quotes
    size_t next;                          // the field that followed in the record before
  };

  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };

  struct Fields {
    std::vector<Field> fields;
    std::unordered_map<std::string, size_t, NameHash, std::equal_to<>> by_name;
    size_t first = 0;  // the first field of the record before
  };

  static Kind KindOf(const types::DataType& type);
  Value Bind(const types::DataType& type);
  void Bind(const std::vector<types::Field>& from, Fields* to);

  // Readers: `at` is where the token begins; the place behind it, or null if given up.
  template <typename Builders>
  const char* Object(const char* at, Fields& fields, const Builders& builder);
  template <typename Builders>
  bool Missing(const Fields& fields, int32_t row, const Builders& builder) const;
  const char* ExpectedName(const char* at, const Field& field) const;
  const char* OtherName(const char* at, const Fields& fields, size_t* index);
  const char* AnyValue(const char* at, Value& value, columns::ColumnBuilder& out);
  const char* Number(const char* at, const Value& value, columns::ColumnBuilder& out);
  const char* Array(const char* at, Value& value, columns::ColumnBuilder& out);
  const char* Map(const char* at, Value& value, columns::ColumnBuilder& out);
  const char* Null(const char* at, const Value& value, columns::ColumnBuilder& out);
  const char* Boolean(const char* at, const Value& value, columns::ColumnBuilder& out);
  static const char* Integer(const char* at, int64_t* value);
  const char* Double(const char* at, double* value) const;
  const char* NumberToken(const char* at) const;
  const char* Text(const char* at, std::string_view* text);
  const char* RareText(const char* begin, const char* at, std::string_view* text);
  const char* Escape(const char* at);
  const char* Skip(const char* at, int depth);
  // What closes beyond the end closes nothing: so no depth of nesting leads farther into the padding than one token does.
  bool Closes(const char* at, char close) const { return at < end_ && *at == close; }
  inline const char* Blanks(const char* at) const;

  TimestampStandard timestamp_format_;
  bool missing_fails_;
  bool usable_ = true;
  Fields top_;
  const char* end_ = nullptr;
  std::string scratch_;
};

/// simdjson for every record: what judges where PlainJson gives up, and what it is compared with in tests.
Result<std::unique_ptr<Decoder>> MakeJsonJudge(types::SchemaPtr schema, const JsonOptions& options);

}  // namespace thalweg::formats
