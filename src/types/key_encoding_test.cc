#include "types/key_encoding.h"

#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/random.h"
#include "testing/source_folder.h"
#include "types/key_group.h"

namespace thalweg::types {
namespace {

struct Place {
  std::string city;
  int32_t zip = 0;
  auto operator<=>(const Place&) const = default;
};
THALWEG_RECORD(Place, city, zip)

template <typename T>
std::string Key(const T& value) {
  std::string out;
  AppendKey(value, out);
  return out;
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

/// The engine's bytes for each line of the golden file.
std::map<std::string, std::string> EngineKeys() {
  auto decimal = [](__int128 value) {
    std::string out;
    return AppendKeyDecimal(value, out), out;
  };
  auto timestamp = [](TimestampValue value) {
    std::string out;
    return AppendKeyTimestamp(value, out), out;
  };
  using Strings = std::map<std::string, int32_t>;
  return {
      {"NULL\tnull", Key(std::optional<int>())},
      {"BOOLEAN\tfalse", Key(false)},
      {"BOOLEAN\ttrue", Key(true)},
      {"TINYINT\t-128", Key(int8_t{-128})},
      {"TINYINT\t5", Key(int8_t{5})},
      {"SMALLINT\t-2", Key(int16_t{-2})},
      {"INT\t-1", Key(-1)},
      {"INT\t0", Key(0)},
      {"INT\t2147483647", Key(INT32_MAX)},
      {"BIGINT\t-9223372036854775808", Key(INT64_MIN)},
      {"BIGINT\t0", Key(int64_t{0})},
      {"BIGINT\t1", Key(int64_t{1})},
      {"BIGINT\t42", Key(int64_t{42})},
      {"FLOAT\t-1.5", Key(-1.5f)},
      {"FLOAT\tNaN", Key(std::nanf("3"))},
      {"DOUBLE\t-Infinity", Key(-INFINITY * 1.0)},
      {"DOUBLE\t-2.5", Key(-2.5)},
      {"DOUBLE\t-0.0", Key(-0.0)},
      {"DOUBLE\t0.0", Key(0.0)},
      {"DOUBLE\t2.5", Key(2.5)},
      {"DOUBLE\tNaN", Key(-std::nan("7"))},
      {"DECIMAL(10, 2)\t-12.34", decimal(-1234)},
      {"DECIMAL(20, 0)\t18446744073709551615", Key(UINT64_MAX)},
      {"STRING\t", Key(std::string())},
      {"STRING\talice", Key(std::string("alice"))},
      {"STRING\ta\\0b", Key(std::string("a\0b", 3))},
      {"STRING\t0123456789abcdef", Key(std::string("0123456789abcdef"))},
      {"BINARY\tff00", Key(std::string("\xff\0", 2))},
      {"DATE\t1970-01-02", Key(1)},
      {"TIME\t00:00:01", Key(1000)},
      {"TIMESTAMP(3)\t1970-01-01T00:00:00.001", Key(Timestamp{1})},
      {"TIMESTAMP(9)\t1970-01-01T00:00:00.001000007", timestamp({1, 7})},
      {"TIMESTAMP_LTZ(3)\t1970-01-01T00:00:01Z", Key(SysMillis(std::chrono::seconds(1)))},
      {"INTERVAL YEAR TO MONTH\t14", Key(14)},
      {"INTERVAL DAY TO SECOND(3)\t-1", Key(int64_t{-1})},
      {"ARRAY<INT>\t[]", Key(std::vector<int>())},
      {"ARRAY<INT>\t[1, null]", Key(std::vector<std::optional<int>>{1, {}})},
      {"MAP<STRING, INT>\t{b=2, a=1}", Key(std::unordered_map<std::string, int>{{"b", 2}, {"a", 1}})},
      {"MULTISET<STRING>\t{a=2}", Key(Strings{{"a", 2}})},
      {"ROW<INT, STRING>\t(7,x)", Key(std::make_pair(7, std::string("x")))},
      {"STRING | BIGINT\talice | 42", Key(std::string("alice")) + Key(int64_t{42})},
      {"STRING | INT\tnull | -1", Key(std::optional<std::string>()) + Key(-1)},
  };
}

TEST(KeyEncoding, BytesHashAndKeyGroupAreTheGoldenFiles) {
  std::ifstream file(SourceFolder() + "/tests/golden/keys.tsv");
  std::map<std::string, std::string> engine = EngineKeys();
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string type, value, bytes, hash, group1024, group128, subtask;
    for (std::string* field : {&type, &value, &bytes, &hash, &group1024, &group128, &subtask})
      std::getline(fields, *field, '\t');
    auto found = engine.find(type + "\t" + value);
    ASSERT_NE(found, engine.end()) << line;
    uint64_t our_hash = Hash64(found->second);
    EXPECT_EQ(Hex(found->second), bytes) << line;
    EXPECT_EQ(fmt::format("{:016x}", our_hash), hash) << line;
    EXPECT_EQ(std::to_string(KeyGroupOf(our_hash, 1024)), group1024) << line;
    EXPECT_EQ(std::to_string(KeyGroupOf(our_hash, 128)), group128) << line;
    EXPECT_EQ(std::to_string(SubtaskOf(KeyGroupOf(our_hash, 1024), 1024, 3)), subtask) << line;
    engine.erase(found);
  }
  EXPECT_TRUE(engine.empty()) << "not in the file: " << engine.begin()->first;
}

/// Each value reads back, and the bytes order as `less` orders the values. NaN-free value sets only.
template <typename T>
void ExpectOrderAndRoundTrip(const std::vector<T>& values) {
  for (const T& a : values) {
    std::string bytes = Key(a);
    KeyReader in(bytes);
    T back{};
    ReadKey(in, back);
    EXPECT_TRUE(!in.failed() && in.AtEnd() && back == a) << Hex(bytes);
    for (const T& b : values) {
      std::string other = Key(b);
      EXPECT_EQ(a < b, bytes < other) << Hex(bytes) << " " << Hex(other);
      EXPECT_EQ(a == b, bytes == other);
      if (bytes != other) {
        EXPECT_FALSE(other.starts_with(bytes)) << "a prefix: " << Hex(bytes);
      }
    }
  }
}

template <typename T>
std::vector<T> Integers(Random& random) {
  std::vector<T> values{0, 1, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  for (int i = 0; i < 40; ++i) values.push_back(static_cast<T>(random.Next() >> random.Below(64)));
  return values;
}

std::string RandomString(Random& random) {
  std::string value;
  for (uint64_t n = random.Below(6); n > 0; --n)
    value.push_back(
        "\0\x01"
        "a\xff"[random.Below(4)]);
  return value;
}

TEST(KeyEncoding, OrdersIntegersByValue) {
  Random random(1);
  ExpectOrderAndRoundTrip(Integers<int8_t>(random));
  ExpectOrderAndRoundTrip(Integers<uint8_t>(random));
  ExpectOrderAndRoundTrip(Integers<int16_t>(random));
  ExpectOrderAndRoundTrip(Integers<uint16_t>(random));
  ExpectOrderAndRoundTrip(Integers<int32_t>(random));
  ExpectOrderAndRoundTrip(Integers<uint32_t>(random));
  ExpectOrderAndRoundTrip(Integers<int64_t>(random));
  ExpectOrderAndRoundTrip(Integers<uint64_t>(random));
  EXPECT_LT(Key(false), Key(true));
}

TEST(KeyEncoding, HashOfAnIntegerIsThatOfItsBytes) {
  Random random(6);
  for (int64_t value : Integers<int64_t>(random)) EXPECT_EQ(HashKeyInteger(value), Hash64(Key(value)));
  for (int32_t value : Integers<int32_t>(random)) EXPECT_EQ(HashKeyInteger(value), Hash64(Key(value)));
}

TEST(KeyEncoding, OrdersFloatsByValueAndFoldsZeros) {
  Random random(2);
  std::vector<double> values{0.0, 1.0, -1.0, 5e-324, -5e-324, 1.7e308, -1.7e308, INFINITY, -INFINITY};
  for (int i = 0; i < 40; ++i) {
    auto value = std::bit_cast<double>(random.Next());
    if (!std::isnan(value)) values.push_back(value);
  }
  ExpectOrderAndRoundTrip(values);
  std::vector<float> floats;
  for (double value : values) floats.push_back(static_cast<float>(value));
  ExpectOrderAndRoundTrip(floats);
  EXPECT_EQ(Key(-0.0), Key(0.0));
  EXPECT_GT(Key(std::nan("")), Key(1.0 * INFINITY));
  EXPECT_EQ(Key(std::nan("1")), Key(-std::nan("2")));
}

TEST(KeyEncoding, OrdersStringsByUnsignedBytes) {
  Random random(3);
  std::vector<std::string> values;
  for (int i = 0; i < 120; ++i) values.push_back(RandomString(random));
  ExpectOrderAndRoundTrip(values);
}

TEST(KeyEncoding, OrdersDecimalsAndTimestamps) {
  std::vector<__int128> values{
      0, 1, -1, INT64_MAX, INT64_MIN, static_cast<__int128>(1) << 100, -(static_cast<__int128>(1) << 100)};
  for (__int128 a : values) {
    std::string bytes;
    AppendKeyDecimal(a, bytes);
    KeyReader in(bytes);
    EXPECT_TRUE(in.Present() && in.Decimal() == a && in.AtEnd());
    for (__int128 b : values) {
      std::string other;
      AppendKeyDecimal(b, other);
      EXPECT_EQ(a < b, bytes < other);
    }
  }
  std::vector<TimestampValue> times{{-1, 999'999}, {0, 0}, {0, 1}, {1, 0}};
  for (size_t i = 0; i + 1 < times.size(); ++i) {
    std::string low, high;
    AppendKeyTimestamp(times[i], low);
    AppendKeyTimestamp(times[i + 1], high);
    EXPECT_LT(low, high);
    KeyReader in(low);
    EXPECT_TRUE(in.Present() && in.Timestamp() == times[i] && in.AtEnd());
  }
}

TEST(KeyEncoding, OrdersNestedValuesAndNullsLowest) {
  Random random(4);
  using Nested = std::pair<std::optional<std::string>, std::vector<std::optional<int32_t>>>;
  std::vector<Nested> values;
  for (int i = 0; i < 80; ++i) {
    Nested value;
    if (random.Below(4)) value.first = RandomString(random);
    for (uint64_t n = random.Below(3); n > 0; --n)
      value.second.push_back(random.Below(3) ? std::optional<int32_t>(static_cast<int32_t>(random.Below(3)))
                                             : std::nullopt);
    values.push_back(std::move(value));
  }
  ExpectOrderAndRoundTrip(values);
  ExpectOrderAndRoundTrip(std::vector<Place>{{"a", 2}, {"a", 10}, {"", 3}, {"b", -1}});
  ExpectOrderAndRoundTrip(
      std::vector<std::map<std::string, int32_t>>{{}, {{"a", 1}}, {{"a", 1}, {"b", 0}}, {{"a", 2}}});
}

TEST(KeyEncoding, TypesWithoutSqlTypeTakeTheirCodec) {
  std::set<int32_t> value{1, 2};
  std::string bytes = Key(value);
  std::string expected;
  AppendKeyString(EncodeToString(value), expected);
  EXPECT_EQ(bytes, expected);
  KeyReader in(bytes);
  std::set<int32_t> back;
  ReadKey(in, back);
  EXPECT_EQ(back, value);
}

TEST(KeyEncoding, EveryTruncationIsAnError) {
  using Everything =
      std::tuple<std::string, std::vector<std::optional<Place>>, std::map<int32_t, std::string>, std::set<int>, double>;
  std::string good = Key(Everything{"a", {Place{"x", 1}, {}}, {{1, "b"}}, {3}, 1.5});
  for (size_t size = 0; size < good.size(); ++size) {
    KeyReader in(std::string_view(good).substr(0, size));
    Everything value;
    ReadKey(in, value);
    EXPECT_TRUE(in.failed()) << size;
    EXPECT_EQ(in.status().ToString(), "external error: Malformed or truncated key bytes");
  }
}

TEST(KeyGroup, RangesOfSubtasksAreTheInverseOfSubtaskOf) {
  for (int32_t max : {1, 7, 128, 1024, 32768})
    for (int32_t parallelism : {1, 2, 3, 7, 64, 1000})
      if (parallelism <= max) {
        int32_t next = 0;
        for (int32_t subtask = 0; subtask < parallelism; ++subtask) {
          KeyGroupRange range = KeyGroupsOf(subtask, max, parallelism);
          ASSERT_EQ(range.begin, next);
          ASSERT_LT(range.begin, range.end);
          for (int32_t group = range.begin; group < range.end; ++group)
            ASSERT_EQ(SubtaskOf(group, max, parallelism), subtask);
          next = range.end;
        }
        ASSERT_EQ(next, max);
      }
}

TEST(KeyGroup, LiesBelowMaxParallelism) {
  EXPECT_EQ(KeyGroupOf(0, 1024), 0);
  EXPECT_EQ(KeyGroupOf(UINT64_MAX, 1024), 1023);
  EXPECT_EQ(KeyGroupOf(UINT64_MAX, 1), 0);
  EXPECT_EQ(KeyGroupOf(uint64_t{0xffffffff}, 1024), 0);  // the low bits do not matter
}

}  // namespace
}  // namespace thalweg::types
