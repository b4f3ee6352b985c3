#include "connectors/nexmark.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/format.h"
#include "connectors/node_samples_test.h"
#include "connectors/test_task.h"
#include "graph/scan_spec.h"

namespace thalweg::connectors {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

graph::Node NexmarkNode(NodeOptionMap options) { return SourceNode("nexmark", std::move(options), NexmarkSchema()); }

std::vector<std::string> Events(const graph::Node& node, int parallelism = 1) {
  auto source = MakeNexmarkNode(node);
  if (!source.ok()) return {source.status().message()};
  TestContext context;
  KeptRows out(context.pool());
  auto enumerator = *(*source)->CreateEnumerator();
  for (const flow::EnumeratorAction& action : enumerator->OnStart(parallelism, {}))
    if (!action.splits.empty()) EXPECT_TRUE(ReadAll(**source, action.splits, context, out).ok());
  std::sort(out.rows.begin(), out.rows.end());
  return out.rows;
}
std::vector<std::string> Events(NodeOptionMap options, int parallelism = 1) {
  return Events(NexmarkNode(std::move(options)), parallelism);
}

/// Keeps one field of one column as text.
class FieldsOut final : public flow::SourceOutput {
 public:
  FieldsOut(int column, int field) : column_(column), field_(field) {}
  void Emit(const std::string&, columns::Batch batch) override {
    const columns::Column& rows = batch.column(column_);
    for (int32_t row = 0; row < batch.rows(); ++row) {
      values.emplace_back();
      if (!rows.IsNull(row)) columns::AppendCellText(rows.children[static_cast<size_t>(field_)], row, values.back());
    }
  }
  void FinishSplit(const std::string&) override {}
  columns::BufferPool& pool() override { return pool_; }
  std::vector<std::string> values;

 private:
  columns::BufferPool pool_;
  int column_, field_;
};

TEST(Nexmark, OfFiftyEventsOneIsAPersonThreeAreAuctionsAndTheRestBids) {
  const std::vector<std::string> rows = Events({{"events.num", "100"}});
  std::map<std::string, int> kinds;
  for (const std::string& row : rows) ++kinds[row.substr(3, 1)];
  EXPECT_EQ(kinds, (std::map<std::string, int>{{"0", 2}, {"1", 6}, {"2", 92}}));
}

TEST(Nexmark, TheSameSeedGivesTheSameEventsAtAnyParallelism) {
  const std::vector<std::string> one = Events({{"events.num", "500"}});
  EXPECT_EQ(one.size(), 500u);
  EXPECT_EQ(Events({{"events.num", "500"}}, 3), one);
  EXPECT_NE(Events({{"events.num", "500"}, {"seed", "1"}}), one);
}

TEST(Nexmark, EventsPointToPeopleAndAuctionsAndCarryTheirTime) {
  // The first event is person 1000, the second auction 1000; 10 000 a second are ten a millisecond.
  const std::vector<std::string> rows = Events({{"events.num", "15"}, {"base-time-millis", "0"}});
  ASSERT_EQ(rows.size(), 15u);
  EXPECT_THAT(rows[0], StartsWith("+I[0, +I[1000, "));
  EXPECT_THAT(rows[0], HasSubstr(", 1970-01-01T00:00, "));
  EXPECT_THAT(rows[0], ::testing::EndsWith("], null, null]"));
  EXPECT_THAT(rows[1], StartsWith("+I[1, null, +I[1000, "));
  int later = 0;
  for (const std::string& row : rows) later += row.find("T00:00:00.001, ") != std::string::npos && row[3] == '2';
  EXPECT_EQ(later, 5) << "events 10 to 14";
}

/// The values of one field of the column `column`.
std::vector<std::string> FieldOf(const NodeOptionMap& options, int column, int field, bool alone) {
  graph::Node node = NexmarkNode(options);
  graph::ScanSpec scan;
  scan.reads = {{column, field}};
  if (alone) node.scan = graph::Encode(scan);
  TestContext context;
  auto source = *MakeNexmarkNode(node);
  auto enumerator = *source->CreateEnumerator();
  FieldsOut out(column, field);
  auto reader = *source->CreateReader();
  EXPECT_TRUE(reader->Open(context).ok());
  for (const flow::EnumeratorAction& action : enumerator->OnStart(1, {}))
    EXPECT_TRUE(reader->AddSplits(action.splits).ok());
  reader->NoMoreSplits();
  while (*reader->Poll(out) == flow::ReadProgress::kMore) {
  }
  return out.values;
}

TEST(Nexmark, AFieldIsTheSameWhetherItsNeighboursAreReadOrNot) {
  const types::Schema schema = NexmarkSchema();
  for (int column = 1; column < schema.size(); ++column)
    for (int field = 0; field < static_cast<int>(schema.field(column).type.children().size()); ++field)
      EXPECT_EQ(FieldOf({{"events.num", "3000"}}, column, field, true),
                FieldOf({{"events.num", "3000"}}, column, field, false))
          << schema.field(column).name << " " << field;
}

TEST(Nexmark, WhatNobodyReadsIsNull) {
  graph::Node node = NexmarkNode({{"events.num", "60"}});
  graph::ScanSpec scan;
  scan.reads = {{0}, {3, 2}};
  node.scan = graph::Encode(scan);
  const std::vector<std::string> rows = Events(node);
  ASSERT_EQ(rows.size(), 60u);
  EXPECT_EQ(rows.front(), "+I[0, null, null, null]");
  EXPECT_THAT(rows.back(), StartsWith("+I[2, null, null, +I[null, null, "));
  EXPECT_THAT(rows.back(), ::testing::EndsWith(", null, null, null, null]]"));
}

TEST(Nexmark, WholeEventsAreMadeWhateverIsRead) {
  graph::Node node = NexmarkNode({{"events.num", "60"}, {"whole-events", "true"}});
  graph::ScanSpec scan;
  scan.reads = {{0}};
  node.scan = graph::Encode(scan);
  EXPECT_EQ(Events(node), Events({{"events.num", "60"}}));
}

// The specification's: an event's texts and numbers take about so many bytes, a fifth more or less for what `extra` brings.
TEST(Nexmark, ExtraBringsABidToAHundredBytes) {
  const std::vector<std::string> extras = FieldOf({{"events.num", "5000"}}, 3, 6, true);
  double bytes = 0;
  int bids = 0;
  for (const std::string& extra : extras) {
    if (extra.empty()) continue;
    ++bids;
    bytes += static_cast<double>(extra.size());
    EXPECT_GE(extra.size(), 55u);
    EXPECT_LT(extra.size(), 81u);
    EXPECT_EQ(extra.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos) << extra;
  }
  EXPECT_EQ(bids, 4600);
  EXPECT_NEAR(bytes / bids, 68, 1);
  EXPECT_GT(std::set<std::string>(extras.begin(), extras.end()).size(), 4590u);
}

TEST(Nexmark, NamesAndDescriptionsAreWordsWithoutBlanksAroundThem) {
  for (const auto& [field, most] : {std::pair(1, 20), std::pair(2, 100)}) {
    size_t longest = 0, blanks = 0, letters = 0;
    for (const std::string& text : FieldOf({{"events.num", "20000"}}, 2, field, true)) {
      if (text.empty()) continue;
      EXPECT_NE(text.front(), ' ') << text;
      EXPECT_NE(text.back(), ' ') << text;
      longest = std::max(longest, text.size());
      blanks += static_cast<size_t>(std::count(text.begin(), text.end(), ' '));
      letters += text.size();
    }
    EXPECT_EQ(longest, static_cast<size_t>(most - 1));
    EXPECT_NEAR(static_cast<double>(letters) / static_cast<double>(blanks), 13, field == 1 ? 3 : 1);
  }
}

// Drawn out of a table of powers: as the formula has it, of a uniform logarithm.
TEST(Nexmark, PricesHaveAUniformLogarithm) {
  int tenths[60] = {}, bids = 0;
  for (const std::string& text : FieldOf({{"events.num", "100000"}}, 3, 2, true)) {
    if (text.empty()) continue;
    const double price = std::stod(text);
    ASSERT_GE(price, 100);
    ASSERT_LE(price, 1e8);
    ++tenths[std::min(59, static_cast<int>(std::log10(price / 99.9999) * 10))];
    ++bids;
  }
  for (int i = 0; i < 60; ++i) EXPECT_NEAR(tenths[i], bids / 60, bids / 60 / 8) << i;
}

TEST(Nexmark, AChannelHasOneAddress) {
  const NodeOptionMap options{{"events.num", "20000"}};
  const std::vector<std::string> channels = FieldOf(options, 3, 3, false), urls = FieldOf(options, 3, 4, true);
  std::map<std::string, std::string> known;
  ASSERT_EQ(channels.size(), urls.size());
  for (size_t i = 0; i < channels.size(); ++i) {
    if (channels[i].empty()) continue;
    EXPECT_EQ(known.emplace(channels[i], urls[i]).first->second, urls[i]) << channels[i];
    EXPECT_THAT(urls[i], StartsWith("https://www.nexmark.com/"));
    EXPECT_THAT(urls[i], HasSubstr("/item.htm?query=1"));
  }
  EXPECT_EQ(known.count("Google") + known.count("Facebook") + known.count("Baidu") + known.count("Apple"), 4u);
  EXPECT_GT(known.size(), 5000u);
  EXPECT_EQ(known.at("Google").find("channel_id"), std::string::npos);
}

TEST(Nexmark, IsBoundedByTheNumberOfEvents) {
  EXPECT_TRUE((*MakeNexmarkNode(NexmarkNode({{"events.num", "1"}})))->bounded());
  EXPECT_FALSE((*MakeNexmarkNode(NexmarkNode({})))->bounded());
}

TEST(Nexmark, WrongOptionsAndColumnsAreErrors) {
  EXPECT_THAT(Events({{"bid.proportion", "0"}}).at(0), HasSubstr("Not between 1 and 2147483647: 0"));
  EXPECT_THAT(Events({{"event.num", "1"}}).at(0), HasSubstr("did you mean 'events.num'?"));
  EXPECT_THAT(MakeNexmarkNode(SourceNode("nexmark", {})).status().message(),
              StartsWith("Column 'page' STRING NOT NULL of nexmark 'clicks' is none of Nexmark's: (event_type INT"));
}

}  // namespace
}  // namespace thalweg::connectors
