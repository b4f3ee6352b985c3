#include "types/record.h"

#include <gtest/gtest.h>

#include "testing/golden_states.h"
#include "types/text.h"

namespace shop {

enum class Side : uint8_t { kBuy = 1, kSell = 2 };

struct Item {
  std::string name;
  int32_t count = 0;
  bool operator==(const Item&) const = default;
};
THALWEG_RECORD(Item, name, count)

struct Order {
  int64_t id = 0;
  double amount = 0;
  std::optional<std::string> note;
  std::vector<Item> items;
  thalweg::types::Timestamp ts;
  std::chrono::sys_time<std::chrono::milliseconds> seen;
  Side side = Side::kBuy;
  bool paid = false;
  std::map<std::string, int16_t> tags;
  bool operator==(const Order&) const = default;
};
THALWEG_RECORD(Order, id, amount, note, items, ts, seen, side, paid, tags)

struct Narrow {
  int32_t a = 7;
};
THALWEG_RECORD(Narrow, a)
struct Wide {
  int32_t a = 7;
  std::string b = "default";
};
THALWEG_RECORD(Wide, a, b)

struct Full {
  int8_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0, a6 = 0, a7 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0,
         b6 = 0, b7 = 0, c0 = 0, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0, c6 = 0, c7 = 0, d0 = 0, d1 = 0, d2 = 0, d3 = 0,
         d4 = 0, d5 = 0, d6 = 0, d7 = 0;
};
THALWEG_RECORD(Full, a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7, d0,
               d1, d2, d3, d4, d5, d6, d7)

struct Shown {
  std::string ToString() const { return "shown"; }
};
struct Unknown {};

}  // namespace shop

namespace thalweg::types {
namespace {

static_assert(IsRecord<shop::Order>);
static_assert(!IsRecord<std::string> && !IsRecord<int> && !IsRecord<shop::Unknown>);
static_assert(Record<shop::Full>::kSize == 32);
static_assert(Record<shop::Order>::field_names()[3] == "items");

shop::Order SomeOrder() {
  shop::Order order{.id = 1, .amount = 2.5, .note = "n", .items = {{"pen", 3}, {"ink", 1}}};
  order.ts = {1'000};
  order.seen = SysMillis(std::chrono::milliseconds(2'000));
  order.side = shop::Side::kSell;
  order.tags = {{"b", 2}, {"a", 1}};
  return order;
}

TEST(Record, NameListsFieldsAndTheirCodecs) {
  EXPECT_EQ(Codec<shop::Item>::Name(), "Item{name:str,count:i32}");
  EXPECT_EQ(Codec<shop::Order>::Name(),
            "Order{id:i64,amount:f64,note:str?,items:[Item{name:str,count:i32}],ts:ts,seen:ts,side:enum:u8,paid:bool,"
            "tags:{str:i16}}");
}

TEST(Record, SchemaHasOneColumnPerField) {
  EXPECT_EQ(
      Record<shop::Order>::schema()->ToString(),
      "(id BIGINT NOT NULL, amount DOUBLE NOT NULL, note STRING, items ARRAY<ROW<`name` STRING NOT NULL, `count` INT "
      "NOT "
      "NULL> NOT NULL> NOT NULL, ts TIMESTAMP_LTZ(3) NOT NULL, seen TIMESTAMP_LTZ(3) NOT NULL, side SMALLINT NOT NULL, "
      "paid BOOLEAN NOT NULL, tags MAP<STRING NOT NULL, SMALLINT NOT NULL> NOT NULL)");
}

template <typename T>
void ExpectGolden(const T& value, const std::string& name) {
  const std::string golden = testing::GoldenState(name);
  EXPECT_EQ(EncodeToString(value), golden) << name;
  const Result<T> back = DecodeFromString<T>(golden);
  ASSERT_TRUE(back.ok()) << name << back.status().ToString();
  EXPECT_EQ(*back, value) << name;
}

TEST(Codec, HasTheBytesOfTheDocument) {
  ExpectGolden(true, "codec-bool");
  ExpectGolden(int16_t{-2}, "codec-i16");
  ExpectGolden(0.5, "codec-f64");
  ExpectGolden(std::string("ab"), "codec-str");
  ExpectGolden(std::pair<std::optional<int32_t>, std::optional<int32_t>>(5, std::nullopt), "codec-optional");
  ExpectGolden(std::vector<std::string>{"b", "a"}, "codec-vector");
  ExpectGolden(std::unordered_set<int32_t>{7, -1, 2}, "codec-unordered-set");
  ExpectGolden(std::unordered_map<std::string, uint16_t>{{"b", 2}, {"a", 1}}, "codec-unordered-map");
  ExpectGolden(std::array<uint8_t, 2>{4, 5}, "codec-array");
  ExpectGolden(shop::Item{"ab", 5}, "codec-record");
}

TEST(Record, RoundTrips) {
  auto back = DecodeFromString<shop::Order>(EncodeToString(SomeOrder()));
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(*back, SomeOrder());
}

TEST(Record, BytesOfFewerFieldsLeaveDefaults) {
  auto wide = DecodeFromString<shop::Wide>(EncodeToString(shop::Narrow{9}));
  ASSERT_TRUE(wide.ok());
  EXPECT_EQ(wide->a, 9);
  EXPECT_EQ(wide->b, "default");
}

TEST(Record, BytesOfMoreFieldsAreAnError) {
  EXPECT_FALSE(DecodeFromString<shop::Narrow>(EncodeToString(shop::Wide{})).ok());
}

TEST(Record, TruncatedBytesAreAnError) {
  std::string bytes = EncodeToString(SomeOrder());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodeFromString<shop::Order>(std::string_view(bytes).substr(0, size)).ok()) << size;
}

TEST(Record, ForEachFieldMayWrite) {
  shop::Full full;
  int8_t next = 0;
  ForEachField(full, [&](std::string_view, int8_t& field) { field = next++; });
  EXPECT_EQ(full.a0, 0);
  EXPECT_EQ(full.d7, 31);
}

TEST(TypeOf, UnsignedTypesTakeTheNextWiderInteger) {
  EXPECT_EQ(DataTypeOf<uint8_t>().ToString(), "SMALLINT NOT NULL");
  EXPECT_EQ(DataTypeOf<uint32_t>().ToString(), "BIGINT NOT NULL");
  EXPECT_EQ(DataTypeOf<uint64_t>().ToString(), "DECIMAL(20, 0) NOT NULL");
}

TEST(TypeOf, TuplesAreRowsAndUnknownCodecsAreBytes) {
  EXPECT_EQ((DataTypeOf<std::pair<std::string, std::optional<int32_t>>>().ToString()),
            "ROW<`f0` STRING NOT NULL, `f1` INT> NOT NULL");
  EXPECT_EQ((DataTypeOf<std::set<int>>().ToString()), "BYTES NOT NULL");
}

TEST(Text, IsFlinksForm) {
  EXPECT_EQ(ToText(std::make_tuple(std::string("a"), 0)), "(a,0)");
  EXPECT_EQ(ToText(std::make_pair(1.0, true)), "(1.0,true)");
  EXPECT_EQ(ToText(std::vector<int>{1, 2}), "[1, 2]");
  EXPECT_EQ(ToText(std::vector<bool>{true, false}), "[true, false]");
  EXPECT_EQ(ToText(std::optional<int>()), "null");
  EXPECT_EQ(ToText(std::optional<int>(4)), "4");
  EXPECT_EQ(ToText("text"), "text");
  EXPECT_EQ(ToText(int8_t{65}), "65");
  EXPECT_EQ(ToText(std::unordered_map<std::string, int>{{"b", 2}, {"a", 1}}), "{a=1, b=2}");
  EXPECT_EQ(ToText(std::unordered_set<int>{3, 1, 2}), "[1, 2, 3]");
  EXPECT_EQ(ToText(shop::Item{"pen", 3}), "Item{name=pen, count=3}");
  EXPECT_EQ(ToText(shop::Shown{}), "shown");
  EXPECT_EQ(ToText(shop::Unknown{}).substr(0, 2), "<?");
}

TEST(Text, NumbersReadAsInJava) {
  auto text = [](double value) { return ToText(value); };
  EXPECT_EQ(text(0.0), "0.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(2.5), "2.5");
  EXPECT_EQ(text(100), "100.0");
  EXPECT_EQ(text(1234567), "1234567.0");
  EXPECT_EQ(text(9999999.5), "9999999.5");
  EXPECT_EQ(text(1e7), "1.0E7");
  EXPECT_EQ(text(0.001), "0.001");
  EXPECT_EQ(text(0.00099), "9.9E-4");
  EXPECT_EQ(text(-1.5e300), "-1.5E300");
  EXPECT_EQ(text(std::nan("")), "NaN");
  EXPECT_EQ(text(-INFINITY), "-Infinity");
  EXPECT_EQ(ToText(0.1f), "0.1");
}

TEST(Text, TimesReadAsInJava) {
  EXPECT_EQ(ToText(Timestamp{0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(ToText(Timestamp{-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(ToText(Timestamp{1'709'164'800'120}), "2024-02-29T00:00:00.120Z");
  std::string text;
  AppendLocalDateTimeText(1'709'164'800'000, 0, text);
  EXPECT_EQ(text, "2024-02-29T00:00");
  text.clear();
  AppendLocalDateTimeText(1'709'164'800'000, 7, text);
  EXPECT_EQ(text, "2024-02-29T00:00:00.000000007");
  text.clear();
  AppendTimeText(86'399'000, text);
  EXPECT_EQ(text, "23:59:59");
  text.clear();
  AppendInstantText(INT64_MAX, 0, text);
  EXPECT_EQ(text, "+292278994-08-17T07:12:55.807Z");
}

}  // namespace
}  // namespace thalweg::types
