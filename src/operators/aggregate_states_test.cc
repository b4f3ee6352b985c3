// The states of aggregates as bytes: docs/internals/aggregates.md.
#include "columns/format.h"
#include "operators/aggregate_layout.h"
#include "operators/aggregate_samples_test.h"
#include "testing/golden_states.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

/// Calls over rows of `columns`, which make one group.
struct Group {
  std::string columns;
  LayoutOptions options;
  std::vector<graph::AggregateCall> calls;

  Group& Call(std::string function, std::vector<int> arguments) {
    calls.push_back(CallOf(testing::ParseSchema(columns), std::move(function), std::move(arguments), false));
    return *this;
  }
  Group& Distinct(std::string function, std::vector<int> arguments, int filter = -1) {
    Call(std::move(function), std::move(arguments));
    calls.back().distinct = true;
    calls.back().filter = filter;
    return *this;
  }
  std::shared_ptr<AggregateLayout> Layout() const {
    return AggregateLayout::Make(testing::ParseSchema(columns), calls, options).value();
  }
};

void Take(AggregateLayout& layout, AggregateObject& object, const Group& group, const std::vector<std::string>& rows) {
  const types::Schema schema = testing::ParseSchema(group.columns);
  columns::BufferPool pool;
  columns::BatchBuilder builder(schema, pool);
  for (const std::string& row : rows) testing::AppendRowText(row, schema, builder);
  const columns::Batch batch = builder.Take();
  for (int32_t row = 0; row < batch.rows(); ++row) {
    std::byte* const block = object.block();
    const bool adds = types::RowKindSign(batch.kind(row)) > 0;
    const uint8_t op = adds ? kAddRow : kRetractRow;
    AggregateLayout::RowCount(block) += adds ? 1 : -1;
    layout.Update({.batch = &batch, .rows = &row, .count = 1, .groups = &block, .ops = &op});
  }
}

std::vector<std::string> Results(const AggregateLayout& layout, AggregateObject& object) {
  columns::BufferPool pool;
  std::vector<std::string> texts;
  for (int call = 0; call < layout.size(); ++call) {
    columns::ColumnBuilder out(layout.types()[static_cast<size_t>(call)].WithNullable(true), pool, 1);
    layout.AppendResult(object.block(), call, out);
    columns::AppendCellText(out.Take(), 0, texts.emplace_back());
  }
  return texts;
}

std::string Hex(AggregateObject& object) {
  ByteWriter out;
  object.AppendTo(out);
  std::string text;
  for (const char byte : out.view()) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return text;
}

/// The block of `rows` is the vector, and the vector, read, gives `results` and itself.
void ExpectBlock(const std::string& vector, const Group& group, const std::vector<std::string>& rows,
                 const std::vector<std::string>& results) {
  const std::string golden = testing::GoldenState(vector);
  const std::shared_ptr<AggregateLayout> layout = group.Layout(), reader = group.Layout();
  AggregateObject made(*layout), read(*reader);
  Take(*layout, made, group, rows);
  const Status status = read.Read(golden);
  ASSERT_TRUE(status.ok()) << vector << ": " << status.message();
  EXPECT_EQ(Results(*reader, read), results) << vector;
  EXPECT_EQ(Hex(made), Hex(read)) << vector;
  EXPECT_TRUE(layout->status().ok() && reader->status().ok()) << vector;
  ByteWriter bytes;
  made.AppendTo(bytes);
  EXPECT_EQ(bytes.view(), golden) << vector;
}

constexpr LayoutOptions kRetracts{.retracts = true};

TEST(AggregateStates, OfNumbersAreWordsWithZerosBehindThem) {
  Group group{"v BIGINT, d DOUBLE, f FLOAT", {}, {}};
  group.Call("COUNT", {}).Call("COUNT", {0}).Call("SUM", {0}).Call("AVG", {1}).Call("$SUM0", {2}).Call("COUNT", {1, 2});
  EXPECT_EQ(group.Layout()->object_type().name,
            "aggregates/2 80+COUNT(BIGINT;)SUM(BIGINT;)AVG(DOUBLE;)$SUM0(FLOAT;)COUNT(DOUBLE;FLOAT;)");
  ExpectBlock("aggregates-words", group, {"+I[-5, 0.5, 1.5]", "+I[2, null, 2.5]", "+I[null, 2.5, null]"},
              {"3", "2", "-3", "1.5", "4.0", "1"});
  Group sums{"m DECIMAL(10, 2), w DECIMAL(38, 0)", {}, {}};
  sums.Call("SUM", {0}).Call("SUM", {1});
  const std::string most(38, '9');
  ExpectBlock("aggregates-decimal", sums, {"+I[-1.10, " + most + "]", "+I[0.75, " + most + "]"}, {"-0.35", "null"});
  Group moments{"v INT, d DOUBLE", {}, {}};
  moments.Call("STDDEV_POP", {0}).Call("VAR_SAMP", {1});
  ExpectBlock("aggregates-moments", moments, {"+I[2, 1]", "+I[4, null]"}, {"1", "null"});
}

TEST(AggregateStates, ThatAreTooLargeForASlotHaveNothingBehindThem) {
  Group group{"v BIGINT", {}, {}};
  for (int i = 0; i < 6; ++i) group.Call("COUNT", {0}).Call("SUM", {0});
  EXPECT_TRUE(group.Layout()->object_type().name.starts_with("aggregates/2 0+COUNT(BIGINT;)SUM(BIGINT;)"));
  std::vector<std::string> results;
  for (int i = 0; i < 6; ++i) results.insert(results.end(), {"2", "7"});
  ExpectBlock("aggregates-many-words", group, {"+I[3]", "+I[4]"}, results);
}

TEST(AggregateStates, AValueThatIsPickedIsAWordOrItsCanonicalBytes) {
  Group small{"b TINYINT, d DATE, f FLOAT, t TIMESTAMP(3), n INT", {}, {}};
  small.Call("MIN", {0}).Call("MAX", {1}).Call("MIN", {2}).Call("LAST_VALUE", {3}).Call("FIRST_VALUE", {4});
  ExpectBlock("aggregates-picks", small, {"+I[-3, 1970-01-03, 0.5, 9, null]", "+I[5, 1970-01-02, 0.25, 7, null]"},
              {"-3", "1970-01-03", "0.25", "1970-01-01T00:00:00.007", "null"});
  Group large{"s STRING, y BOOLEAN, t TIMESTAMP(6), n DECIMAL(5, 1)", {}, {}};
  large.Call("MIN", {0}).Call("LAST_VALUE", {1}).Call("MAX", {2}).Call("FIRST_VALUE", {3});
  ExpectBlock("aggregates-byte-picks", large,
              {"+I[b, true, 1970-01-01 00:00:00.007008, null]", "+I[a, false, 1970-01-01 00:00:00.007007, null]"},
              {"a", "false", "1970-01-01T00:00:00.007008", "null"});
  Group single{"s STRING", {}, {}};
  ExpectBlock("aggregates-single", single.Call("SINGLE_VALUE", {0}), {"+I[x]"}, {"x"});
}

TEST(AggregateStates, WhereRowsAreTakenBackAllValuesAreKept) {
  Group counted{"v INT, s STRING", kRetracts, {}};
  counted.Call("MIN", {0}).Call("COLLECT", {0}).Call("MAX", {1});
  ExpectBlock("aggregates-counted", counted, {"+I[5, b]", "+I[-1, a]", "+I[5, null]", "-D[9, b]"},
              {"-1", "{-1=1, 5=2}", "a"});
  Group listed{"v INT, s STRING, j STRING", kRetracts, {}};
  listed.Call("FIRST_VALUE", {0}).Call("LAST_VALUE", {0}).Call("ARRAY_AGG", {0});
  listed.Call("JSON_ARRAYAGG", {1}).Call("LISTAGG", {1}).Call("LISTAGG", {1, 2});
  ExpectBlock("aggregates-listed", listed, {"+I[1, 10, /]", "+I[null, null, ;]", "+I[2, 20, ;]", "-D[9, 90, ;]"},
              {"1", "2", "[1, null, 2]", "[10,null,20]", "10,20", "10;20"});
}

TEST(AggregateStates, OfTextsAreTexts) {
  Group group{"s STRING, j STRING, n STRING", {}, {}};
  group.Call("LISTAGG", {0}).Call("LISTAGG", {0, 1}).Call("JSON_OBJECTAGG", {0, 1}).Call("LISTAGG", {2});
  ExpectBlock("aggregates-texts", group, {"+I[b, 1, null]", "+I[a, 2, null]"},
              {"b,a", "b2a", "{\"a\":2,\"b\":1}", "null"});
  Group merged{"s STRING, j STRING", {.merges = true}, {}};
  ExpectBlock("aggregates-merged-text", merged.Call("LISTAGG", {0, 1}), {"+I[b, 1]", "+I[a, 2]"}, {"b2a"});
}

TEST(AggregateStates, APercentileKeepsItsPercentages) {
  Group group{"v INT, p ARRAY<DOUBLE>", {}, {}};
  ExpectBlock("aggregates-percentile", group.Call("PERCENTILE", {0, 1}),
              {"+I[3, [0.1]]", "+I[1, [0.1]]", "+I[3, [0.5, 1.0]]"}, {"[3.0, 3.0]"});
}

TEST(AggregateStates, OfOverLookBack) {
  const LayoutOptions over{.over = true, .time_column = 1};
  Group ranks{"v INT, t TIMESTAMP(3)", over, {}};
  ranks.Call("ROW_NUMBER", {}).Call("RANK", {}).Call("DENSE_RANK", {});
  ExpectBlock("aggregates-ranks", ranks, {"+I[1, 5]", "+I[2, 5]", "+I[3, 7]"}, {"3", "3", "2"});
  Group lags{"v INT, t TIMESTAMP(3), far INT", over, {}};
  lags.Call("LAG", {0}).Call("LAG", {0, 2});
  ExpectBlock("aggregates-lag", lags, {"+I[1, 5, 5]", "+I[2, 5, 5]", "+I[3, 7, 5]"}, {"2", "null"});
}

TEST(AggregateStates, DistinctValuesHaveBitsOrNumbers) {
  const std::vector<std::string> rows = {"+I[7, false, 1]", "+I[5, true, 1]", "+I[7, false, null]",
                                         "+I[null, true, 1]"};
  Group shared{"v INT, small BOOLEAN, w INT", {}, {}};
  shared.Distinct("COUNT", {0}).Distinct("COUNT", {0}, 1).Distinct("SUM", {2});
  ExpectBlock("aggregates-shared-sets", shared, rows, {"2", "1", "1"});
  Group own = shared;
  own.options = kRetracts;
  ExpectBlock("aggregates-own-sets", own, rows, {"2", "1", "1"});
  Group pairs{"v INT, s STRING", kRetracts, {}};
  ExpectBlock("aggregates-set-of-pairs", pairs.Distinct("COUNT", {0, 1}), {"+I[1, a]", "+I[1, null]", "+I[1, a]"},
              {"1"});
}

}  // namespace
}  // namespace thalweg::operators
