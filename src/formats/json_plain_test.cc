#include "formats/json_plain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "columns/compare.h"
#include "formats/json_scan.h"
#include "formats/test_rows.h"

namespace thalweg::formats {
namespace {

using types::DataType;
using types::TypeId;

bool IsPlain(const types::SchemaPtr& schema, const std::string& record, JsonOptions options = {}) {
  columns::BufferPool pool;
  columns::BatchBuilder builder(*schema, pool);
  return PlainJson(*schema, options).Decode(Padded(record).view(), builder);
}

types::SchemaPtr Event() {
  return MakeSchema({{"id", DataType(TypeId::kBigInt)},
                     {"name", DataType(TypeId::kString)},
                     {"a_name_of_more_than_sixteen_bytes", DataType(TypeId::kDouble)},
                     {"tags", DataType::Array(DataType(TypeId::kString))},
                     {"m", DataType::Map(DataType(TypeId::kString), DataType(TypeId::kInt))},
                     {"at", DataType::Row({{"x", DataType(TypeId::kInt)}, {"ok", DataType(TypeId::kBoolean)}})}});
}

TEST(PlainJson, TakesWhatProgramsWrite) {
  for (
      const char* record :
      {R"({"id":1,"name":"a","a_name_of_more_than_sixteen_bytes":2.5,"tags":["x","y"],"m":{"k":1},"at":{"x":1,"ok":true}})",
       R"( {"id": -9223372036854775807, "name": "caf\u00e9 \"\ud83d\ude00\" \\ \/\b\f\n\r\t"} )",
       "{\"name\":\"\xc3\xa9\"}\r", R"({"at":{"ok":false},"tags":[],"m":{},"id":null,"name":12.5})", "{}", "{ }",
       R"({"unknown":{"deep":[1,-2.5e3,"x",null,true,false,{}],"a":{"b":[]}},"x":"\u0000","id":0})",
       R"({"a_name_of_more_than_sixteen_bytes":12345678901234567890123e-5,"id":"12","name":true})"})
    EXPECT_TRUE(IsPlain(Event(), record)) << record;
}

TEST(PlainJson, LeavesErrorsAndRareFormsToSimdjson) {
  for (const char* record : {"",
                             "  ",
                             "[]",
                             "12",
                             "{",
                             "{\"id\"",
                             "{\"id\":",
                             "{\"id\":1",
                             "{\"id\":1,}",
                             "{\"id\":1}}",
                             "{\"id\":1}x",
                             "{\"id\":01}",
                             "{\"id\":-}",
                             "{\"id\":1.5}",
                             "{\"id\":9223372036854775808}",
                             "{\"id\":123456789012345678901234}",
                             "{\"id\":true}",
                             "{\"id\":nul}",
                             "{\"id\":1,\"id\":2}",
                             "{\"\\u0069d\":1}",
                             "{\"name\":\"a}",
                             "{\"name\":\"\x01\"}",
                             "{\"name\":\"\xff\"}",
                             "{\"name\":\"\xed\xa0\x80\"}",
                             "{\"name\":\"\\x\"}",
                             "{\"name\":\"\\ud800\"}",
                             "{\"name\":\"\\ud800\\u0041\"}",
                             "{\"name\":\"\\udc00\"}",
                             "{\"name\":\"\\u00g0\"}",
                             "{\"name\":{}}",
                             "{\"x\":{\"a\" 1}}",
                             "{\"x\":[1}",
                             "{\"x\":tru}",
                             "{\"x\":[1,]}",
                             "{\"m\":{\"k\":1,\"k\":2}}",
                             "{\"at\":[]}",
                             "{\"a_name_of_more_than_sixteen_bytes\":1.}",
                             "{\"a_name_of_more_than_sixteen_bytes\":1e999}",
                             "{\"id\" 1}",
                             "{\"tags\":[\"x\" \"y\"]}",
                             "{\"tags\":[\"x\"",
                             "{\"m\":{\"k\"}}",
                             "{\"at\":{\"ok\":fals}}"})
    EXPECT_FALSE(IsPlain(Event(), record)) << record;
  JsonOptions strict;
  strict.fail_on_missing_field = true;
  EXPECT_FALSE(IsPlain(Event(), "{\"id\":1}", strict));
  EXPECT_FALSE(IsPlain(MakeSchema({{"id", DataType(TypeId::kInt, false)}}), "{\"id\":null}"));
  EXPECT_FALSE(IsPlain(MakeSchema({{"id", DataType(TypeId::kInt, false)}}), "{}"));
  EXPECT_FALSE(IsPlain(MakeSchema({{"a\"b", DataType(TypeId::kInt)}}), "{\"a\"b\":1}"));
  EXPECT_FALSE(IsPlain(Event(), "{\"x\":" + std::string(100, '[') + std::string(100, ']') + "}"));
}

// What lies behind a record may be anything, the rest of it even.
TEST(PlainJson, NothingBehindTheRecordIsTaken) {
  const std::string whole =
      R"({"id":12345678901,"name":"a text of some length","a_name_of_more_than_sixteen_bytes":2.5,"tags":["x"],"m":{"k":1},"at":{"x":1}})";
  for (size_t size = 0; size < whole.size(); ++size) {
    std::string bytes = whole + std::string(kDecodePadding, '}');
    std::unique_ptr<char[]> copy(new char[size + kDecodePadding]);
    std::copy_n(bytes.data(), size + kDecodePadding, copy.get());
    types::SchemaPtr schema = Event();
    columns::BufferPool pool;
    columns::BatchBuilder builder(*schema, pool);
    EXPECT_FALSE(PlainJson(*schema, {}).Decode({copy.get(), size}, builder)) << size;
  }
  // Digits, blanks and quotes that go on through all of the padding.
  for (const char* start :
       {"{\"id\":", "{\"id\":1", "{\"a_name_of_more_than_sixteen_bytes\":1", "{\"name\":\"", "{", "{\"x\":1"})
    for (char pad : {'0', '7', ' ', '"', 'a', '\\', '[', '\xc3'}) {
      std::string text = start;
      std::unique_ptr<char[]> copy(new char[text.size() + kDecodePadding]);
      std::copy(text.begin(), text.end(), copy.get());
      std::fill_n(copy.get() + text.size(), kDecodePadding, pad);
      types::SchemaPtr schema = Event();
      columns::BufferPool pool;
      columns::BatchBuilder builder(*schema, pool);
      EXPECT_FALSE(PlainJson(*schema, {}).Decode({copy.get(), text.size()}, builder)) << start << pad;
    }
}

TEST(PlainJson, ClosingBehindTheRecordIsNotFollowedHoweverDeepTheValue) {
  DataType type(TypeId::kInt);
  std::string text = "1";
  for (int depth = 0; depth < 100; ++depth) {
    type = DataType::Row({{"r", type}});
    text = "{\"r\":" + text;
  }
  types::SchemaPtr schema = MakeSchema({{"r", type}});
  for (std::string start : {"{\"r\":" + text, "{\"r\":null,\"x\":" + std::string(30, '[')}) {
    std::unique_ptr<char[]> copy(new char[start.size() + kDecodePadding]);
    std::copy(start.begin(), start.end(), copy.get());
    std::fill_n(copy.get() + start.size(), kDecodePadding, start.back() == '[' ? ']' : '}');
    columns::BufferPool pool;
    columns::BatchBuilder builder(*schema, pool);
    EXPECT_FALSE(PlainJson(*schema, {}).Decode({copy.get(), start.size()}, builder));
  }
}

TEST(JsonScan, EveryScanFindsTheFirstSpecialByteWhereverItLies) {
  Random random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random.Below(70), 'x');
    for (char& c : text) c = static_cast<char>(random.Below(8) ? 0x20 + random.Below(0x60) : random.Below(256));
    for (char& c : text)
      if (random.Below(8) && (c == '"' || c == '\\')) c = 'q';
    Padded padded(text);
    const char* begin = padded.view().data();
    const char* end = begin + text.size();
    auto special = [](bool ascii) {
      return [ascii](char c) {
        auto byte = static_cast<unsigned char>(c);
        return c == '"' || c == '\\' || byte < 0x20 || (ascii && byte >= 0x80);
      };
    };
    for (auto scan : {WordScan::Special<true>, Scan::Special<true>})
      ASSERT_EQ(std::min(scan(begin, end), end), std::find_if(begin, end, special(true)));
    for (auto scan : {WordScan::Special<false>, Scan::Special<false>})
      ASSERT_EQ(std::min(scan(begin, end), end), std::find_if(begin, end, special(false)));
  }
}

TEST(JsonScan, WhatIsEscapedIsFoundWithoutReadingBeyondTheText) {
  Random random(9);
  for (int round = 0; round < 5'000; ++round) {
    size_t size = random.Below(50);
    std::unique_ptr<char[]> text(new char[size]);  // no more: the sanitizer sees what is read beyond it
    for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(random.Below(12) ? 'x' : random.Below(256));
    const char* end = text.get() + size;
    auto escaped = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
    ASSERT_EQ(FirstEscaped(text.get(), end), std::find_if(text.get(), text.get() + size, escaped));
  }
}

TEST(JsonScan, DigitsAreCountedAndValued) {
  Random random(8);
  for (int round = 0; round < 20'000; ++round) {
    char bytes[9] = {};
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>('0' + random.Below(10));
    int count = static_cast<int>(random.Below(9));
    if (count < 8)
      bytes[count] = static_cast<char>(random.Below(2) ? random.Below('0') : ':' + random.Below(256 - ':'));
    ASSERT_EQ(LeadingDigits(LoadWord(bytes)), count) << bytes;
    if (count == 0) continue;
    ASSERT_EQ(DigitsValue(LoadWord(bytes), count), std::stoull(std::string(bytes, static_cast<size_t>(count))));
  }
}

// Random types, values of them as JSON, and records of those in many spellings.
class RandomRecords {
 public:
  explicit RandomRecords(uint64_t seed) : random_(seed) {}

  types::SchemaPtr Schema() {
    std::vector<types::Field> fields = Fields(1 + random_.Below(6), 2);
    return MakeSchema(std::move(fields));
  }

  struct Spelling {
    bool shuffled = false, extras = false, escaped_names = false, blanks = false;
  };

  /// Values by field of a row; empty: the field is missing.
  std::vector<std::string> Values(const std::vector<types::Field>& fields) {
    std::vector<std::string> values;
    for (const types::Field& field : fields)
      values.push_back(field.type.nullable() && Chance(10) ? "" : Value(field.type));
    return values;
  }

  std::string Record(const std::vector<types::Field>& fields, const std::vector<std::string>& values,
                     Spelling spelling) {
    std::vector<std::string> members;
    for (size_t i = 0; i < fields.size(); ++i)
      if (!values[i].empty())
        members.push_back(Blank(spelling) + Name(fields[i].name, spelling.escaped_names) + Blank(spelling) + ":" +
                          Blank(spelling) + values[i] + Blank(spelling));
    for (int extra = 0; spelling.extras && extra < 2; ++extra)
      members.insert(members.begin() + static_cast<ptrdiff_t>(random_.Below(members.size() + 1)),
                     "\"not a field " + std::to_string(extra) + R"(":{"x":[1,"}]",{"id":null}],"f0":2})");
    if (spelling.shuffled)
      for (size_t i = members.size(); i > 1; --i) std::swap(members[i - 1], members[random_.Below(i)]);
    std::string record = Blank(spelling) + "{";
    for (size_t i = 0; i < members.size(); ++i) record += (i ? "," : "") + members[i];
    return record + (members.empty() ? Blank(spelling) : "") + "}" + Blank(spelling);
  }

  bool Chance(uint64_t percent) { return random_.Below(100) < percent; }
  Random& random() { return random_; }

 private:
  std::vector<types::Field> Fields(uint64_t count, int depth) {
    static const char* const kTails[] = {"", "_name", "_a_much_longer_name_of_a_column", "\xc3\xa9"};
    std::vector<types::Field> fields;
    for (uint64_t i = 0; i < count; ++i)
      fields.push_back({"f" + std::to_string(i) + kTails[random_.Below(4)], Type(depth)});
    return fields;
  }

  DataType Type(int depth) {
    bool nullable = !Chance(10);
    switch (random_.Below(depth > 0 ? 15 : 12)) {
      case 0: return DataType(TypeId::kInt, nullable);
      case 1: return DataType(TypeId::kDouble, nullable);
      case 2: return DataType(TypeId::kBoolean, nullable);
      case 3: return DataType(TypeId::kTinyInt, nullable);
      case 4: return DataType(TypeId::kFloat, nullable);
      case 5: return DataType::Decimal(20, 4, nullable);
      case 6: return DataType::Timestamp(3, nullable);
      case 7: return DataType(TypeId::kDate, nullable);
      case 8:
      case 9: return DataType(TypeId::kBigInt, nullable);
      case 12: return DataType::Array(Type(depth - 1), nullable);
      case 13: return DataType::Map(DataType(TypeId::kString, false), Type(depth - 1), nullable);
      case 14: return DataType::Row(Fields(1 + random_.Below(3), depth - 1), nullable);
      default: return DataType(TypeId::kString, nullable);
    }
  }

  std::string Value(const DataType& type) {
    if (type.nullable() && Chance(10)) return "null";
    if (Chance(2)) return Text();
    if (Chance(2)) return Whole(20);
    switch (type.id()) {
      case TypeId::kBigInt: return Whole(Chance(10) ? 20 : 18);
      case TypeId::kInt: return Whole(9);
      case TypeId::kTinyInt: return Whole(2);
      case TypeId::kBoolean: return Chance(50) ? "true" : "false";
      case TypeId::kDouble:
      case TypeId::kFloat: return Fraction(Chance(10) ? 25 : 8);
      case TypeId::kDecimal: return Chance(50) ? Fraction(6) : '"' + Fraction(6) + '"';
      case TypeId::kTimestamp: return "\"2024-01-" + std::to_string(10 + random_.Below(20)) + " 12:00:00.123\"";
      case TypeId::kDate: return "\"2024-01-" + std::to_string(10 + random_.Below(20)) + "\"";
      case TypeId::kArray: return Array(type);
      case TypeId::kMap: return Map(type);
      case TypeId::kRow: return Record(type.children(), Values(type.children()), {.blanks = Chance(20)});
      default: return Text();
    }
  }

  std::string Array(const DataType& type) {
    std::string text = "[";
    for (uint64_t i = 0, count = random_.Below(4); i < count; ++i)
      text += (i ? "," : "") + Value(type.children()[0].type);
    return text + "]";
  }

  std::string Map(const DataType& type) {
    std::string text = "{";
    for (uint64_t i = 0, count = random_.Below(4); i < count; ++i)
      text += (i ? ",\"k" : "\"k") + std::to_string(Chance(2) ? 0 : i) + "\":" + Value(type.children()[1].type);
    return text + "}";
  }

  std::string Whole(uint64_t digits) {
    std::string text = Chance(30) ? "-" : "";
    text += static_cast<char>('1' + random_.Below(9));
    for (uint64_t i = random_.Below(digits); i > 0; --i) text += static_cast<char>('0' + random_.Below(10));
    return Chance(3) ? "0" : text;
  }

  std::string Fraction(uint64_t digits) {
    std::string text = Whole(digits);
    if (Chance(60)) text += '.';
    if (text.back() == '.')
      for (uint64_t i = random_.Below(digits) + 1; i > 0; --i) text += static_cast<char>('0' + random_.Below(10));
    if (Chance(20)) text += "e-" + std::to_string(random_.Below(30));
    return text;
  }

  std::string Text() {
    static const char* const kParts[] = {"a",       "word ",          "\\n",
                                         "\\u00e9", "\xc3\xa9",       "\xe6\x97\xa5",
                                         "\\\"",    "\\ud83d\\ude00", "/path/of/some/length",
                                         "{}",      "0123456789",     "\\\\",
                                         "\\/"};
    std::string text = "\"";
    bool simple = Chance(50);
    for (uint64_t i = random_.Below(8); i > 0; --i) text += kParts[random_.Below(simple ? 2 : std::size(kParts))];
    return text + "\"";
  }

  std::string Name(const std::string& name, bool escaped) {
    if (!escaped) return '"' + name + '"';
    return "\"\\u00" + fmt::format("{:02x}", name[0]) + name.substr(1) + '"';
  }

  std::string Blank(Spelling spelling) {
    static const char* const kBlanks[] = {"", " ", "\t", "  \r\n "};
    return spelling.blanks ? kBlanks[random_.Below(4)] : "";
  }

  Random random_;
};

class Decoding {
 public:
  explicit Decoding(std::unique_ptr<Decoder> decoder, const types::Schema& schema)
      : decoder_(std::move(decoder)), builder_(schema, pool_) {}
  std::string Decode(const std::string& record) {
    ParseError error;
    return decoder_->Decode(Padded(record).view(), builder_, &error) ? "" : error.ToString();
  }
  columns::Batch Take() { return builder_.Take(); }

 private:
  columns::BufferPool pool_;
  std::unique_ptr<Decoder> decoder_;
  columns::BatchBuilder builder_;
};

JsonOptions Options(uint64_t bits) {
  JsonOptions options;
  options.fail_on_missing_field = bits & 1;
  options.ignore_parse_errors = bits & 2;
  return options;
}

TEST(JsonDecoder, GivesTheRowsAndErrorsOfSimdjsonAloneHoweverRecordsAreSpelt) {
  int64_t rows = 0, errors = 0, plain = 0, records = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    RandomRecords random(seed);
    types::SchemaPtr schema = random.Schema();
    JsonOptions options = Options(random.random().Below(8));
    Decoding decoding(*MakeJsonDecoder(schema, options), *schema), judge(*MakeJsonJudge(schema, options), *schema);
    for (int i = 0; i < 60; ++i) {
      RandomRecords::Spelling spelling{random.Chance(20), random.Chance(20), random.Chance(10), random.Chance(20)};
      std::string record = random.Record(schema->fields(), random.Values(schema->fields()), spelling);
      if (random.Chance(10)) record[random.random().Below(record.size())] = "\"{}[],:x0 \\"[random.random().Below(11)];
      if (random.Chance(3)) record.resize(random.random().Below(record.size()));
      std::string error = judge.Decode(record);
      ASSERT_EQ(decoding.Decode(record), error) << "seed " << seed << ": " << record;
      errors += !error.empty();
      plain += IsPlain(schema, record, options);
      ++records;
    }
    columns::Batch got = decoding.Take(), expected = judge.Take();
    ASSERT_EQ(columns::FirstDifference(got, expected), "") << "seed " << seed;
    rows += expected.rows();
  }
  // The comparison says something: there are enough of each.
  EXPECT_GT(rows, records / 2);
  EXPECT_GT(errors, records / 50);
  EXPECT_GT(plain, records / 2);
  EXPECT_GT(rows, plain);
}

TEST(JsonDecoder, TheOrderOfFieldsStrangersEscapesAndBlanksMakeNoDifference) {
  for (uint64_t seed = 1000; seed < 1100; ++seed) {
    RandomRecords random(seed);
    types::SchemaPtr schema = random.Schema();
    JsonOptions options;
    options.ignore_parse_errors = true;
    Decoding compact(*MakeJsonDecoder(schema, options), *schema), other(*MakeJsonDecoder(schema, options), *schema);
    for (int i = 0; i < 30; ++i) {
      std::vector<std::string> values = random.Values(schema->fields());
      bool good = compact.Decode(random.Record(schema->fields(), values, {})).empty();
      RandomRecords::Spelling spelling{random.Chance(50), random.Chance(50), random.Chance(50), random.Chance(50)};
      std::string record = random.Record(schema->fields(), values, spelling);
      ASSERT_EQ(other.Decode(record).empty(), good) << "seed " << seed << ": " << record;
    }
    ASSERT_EQ(columns::FirstDifference(compact.Take(), other.Take()), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace thalweg::formats
