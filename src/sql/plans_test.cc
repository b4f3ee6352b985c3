// What queries become: plans after their rules, and which nodes a graph has.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/session.h"

namespace thalweg::sql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Append-only tables without end, or with one.
class PlanConnector final : public graph::TableConnector {
 public:
  Result<graph::SourceTable> Source(const graph::TableDescriptor& table) const override {
    graph::SourceTable source;
    source.node.kind = "plan-source";
    source.node.options["table"] = table.name;
    source.node.outputs.push_back({"", table.physical, "", ""});
    source.bounded = table.options.contains("number-of-rows");
    return source;
  }
  Result<graph::SinkTable> Sink(const graph::TableDescriptor&) const override { return UserError("No sinks"); }
};

constexpr std::string_view kEvents = R"(
  CREATE TABLE bids (auction BIGINT, price BIGINT, extra STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen');
  CREATE TABLE auctions (id BIGINT, category BIGINT, extra STRING) WITH ('connector' = 'datagen');
)";

/// What EXPLAIN says of `query`, or the error.
std::string Explained(std::string_view query) {
  graph::TableConnectors connectors;
  connectors.Add("datagen", std::make_unique<PlanConnector>());
  SessionOptions options;
  options.connectors = &connectors;
  Session session(std::move(options));
  const std::string script = fmt::format("{} EXPLAIN {};", kEvents, query);
  auto statements = ParseScript(script);
  if (!statements.ok()) return statements.status().message();
  std::string text;
  for (const ParsedStatement& statement : *statements) {
    auto result = session.Execute(statement, script);
    if (!result.ok()) return result.status().message();
    if (auto* rows = std::get_if<Rows>(&result->outcome)) text = rows->rows[0][0];
  }
  return text;
}

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Plans, AJoinKeepsOnlyColumnsThatSomebodyReads) {
  const std::string text =
      Explained("SELECT a.category, b.price FROM auctions a JOIN bids b ON a.id = b.auction AND b.price > a.category");
  EXPECT_THAT(text, HasSubstr("Calc(select=[$0 AS id, $1 AS category])"));
  EXPECT_THAT(text, HasSubstr("Calc(select=[$0 AS auction, $1 AS price])"));
  EXPECT_THAT(text, Not(HasSubstr("extra")));
}

TEST(Plans, ASemiJoinKeepsOfTheRightSideOnlyItsKey) {
  const std::string text = Explained("SELECT extra FROM auctions WHERE id IN (SELECT auction FROM bids)");
  EXPECT_THAT(text, HasSubstr("Calc(select=[$0 AS auction])"));
  EXPECT_THAT(text, HasSubstr("Calc(select=[$0 AS id, $2 AS extra])"));
}

TEST(Plans, ARankKeepsItsKeysAndWhatIsRead) {
  const std::string text = Explained(
      "SELECT price FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS n FROM bids) WHERE "
      "n <= 3");
  EXPECT_THAT(text, HasSubstr("Calc(select=[$0 AS auction, $1 AS price])"));
}

TEST(Plans, ABoundedChoiceAmongUnionsTakesTheSameColumnsOfEach) {
  const std::string text = Explained("SELECT SUM(price) FROM (SELECT * FROM bids UNION ALL SELECT * FROM bids)");
  EXPECT_EQ(Count(text, "Calc(select=[$1 AS price])"), 2u) << text;
}

TEST(Plans, ATableThatIsNamedTwiceIsReadOnce) {
  const std::string text = Explained(
      "SELECT x.n, y.m FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction) x JOIN "
      "(SELECT MAX(n) AS m FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction)) y ON x.n = y.m");
  EXPECT_EQ(Count(text, ": Source: bids"), 1u) << text;
  EXPECT_EQ(Count(text, ": GroupAggregate <-"), 2u) << "of equal groups there is one: " << text;
}

TEST(Plans, TheSameChanceIsDrawnTwice) {
  const std::string text = Explained(
      "SELECT * FROM (SELECT id, RAND() AS r FROM auctions) a JOIN (SELECT id, RAND() AS r FROM auctions) b ON a.id = "
      "b.id");
  EXPECT_EQ(Count(text, ": Source: auctions"), 1u);
  EXPECT_EQ(Count(text, ": Calc <-"), 2u) << text;
}

TEST(Plans, RowsOfOneInputThatStandsTwiceInAUnionComeTwice) {
  const std::string text = Explained("SELECT id FROM auctions UNION ALL SELECT id FROM auctions");
  EXPECT_EQ(Count(text, ": Copy"), 1u) << text;
}

TEST(Plans, AnOuterJoinWhosePaddedRowsAreFilteredOutIsNone) {
  EXPECT_THAT(Explained("SELECT a.id FROM auctions a LEFT JOIN bids b ON a.id = b.auction WHERE b.price > 3"),
              HasSubstr("Join(type=[inner]"));
  EXPECT_THAT(Explained("SELECT a.id FROM auctions a FULL JOIN bids b ON a.id = b.auction WHERE a.category = 3"),
              HasSubstr("Join(type=[left]"));
  EXPECT_THAT(Explained("SELECT a.id FROM auctions a LEFT JOIN bids b ON a.id = b.auction WHERE b.price IS NULL"),
              HasSubstr("Join(type=[left]"));
}

TEST(Plans, FiltersGoBelowTheSideThatIsNotPadded) {
  const std::string text = Explained(
      "SELECT a.id, b.price FROM auctions a LEFT JOIN bids b ON a.id = b.auction AND b.price > 3 WHERE a.category = 1");
  EXPECT_THAT(text, HasSubstr("Join(type=[left], on=[id = auction])"));
  EXPECT_THAT(text, HasSubstr("where=[=($1, "));
  EXPECT_THAT(text, HasSubstr("where=[>($1, "));
}

TEST(Plans, AConditionOnTheRowThatStaysStaysInTheJoin) {
  EXPECT_THAT(Explained("SELECT a.id FROM auctions a LEFT JOIN bids b ON a.id = b.auction AND a.category > 3"),
              HasSubstr("where=[>($1, "));
  EXPECT_THAT(Explained("SELECT a.id FROM auctions a LEFT JOIN bids b ON a.id = b.auction AND a.category > 3"),
              Not(HasSubstr("on=[id = auction])")));
}

TEST(Plans, FiltersOfGroupsGoBelowThem) {
  const std::string text = Explained(
      "SELECT * FROM (SELECT category, COUNT(*) AS n FROM auctions GROUP BY category) WHERE category > 3 AND n > 1");
  const size_t group = text.find("GroupAggregate"), below = text.find("where=[>($1, CAST(3)");
  EXPECT_NE(below, std::string::npos) << text;
  EXPECT_GT(below, group) << text;
}

/// A join of bids with the highest of each window of ten seconds, on `condition`.
std::string ExplainedTops(std::string_view condition, std::string_view join = "JOIN", std::string_view bids = "bids",
                          std::string_view hint = "") {
  return Explained(
      fmt::format("SELECT {} b.price FROM {} b {} (SELECT MAX(price) AS top, window_start AS s, window_end AS e, "
                  "window_time AS t FROM "
                  "TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, "
                  "window_time) w "
                  "ON b.price = w.top AND {}",
                  hint, bids, join, condition));
}

TEST(Plans, AJoinForgetsRowsThatNoWindowToComeReaches) {
  const std::string text = ExplainedTops("b.ts BETWEEN w.e - INTERVAL '10' SECOND AND w.e");
  EXPECT_THAT(text, HasSubstr("), forgetsLeft=[ts + 9999 ms]\n")) << text;
  EXPECT_THAT(text, HasSubstr(" keeps every row of the right input\n"));
  EXPECT_THAT(ExplainedTops("b.ts > w.e - INTERVAL '10' SECOND"), HasSubstr("forgetsLeft=[ts + 9998 ms]"));
  EXPECT_THAT(ExplainedTops("w.e <= b.ts"), HasSubstr("forgetsLeft=[ts - 1 ms]"));
  EXPECT_THAT(ExplainedTops("b.ts >= w.s"), HasSubstr("forgetsLeft=[ts + 9999 ms]"));
  EXPECT_THAT(ExplainedTops("b.ts >= w.t"), HasSubstr("forgetsLeft=[ts + 0 ms]"));
  EXPECT_THAT(ExplainedTops("b.ts + INTERVAL '1' SECOND = w.e"), HasSubstr("forgetsLeft=["));
}

TEST(Plans, AJoinForgetsNothingThatMayBeAskedFor) {
  const std::string within = "b.ts BETWEEN w.e - INTERVAL '10' SECOND AND w.e";
  EXPECT_THAT(ExplainedTops("b.ts <= w.e"), Not(HasSubstr("forgets"))) << "earlier rows join for ever";
  EXPECT_THAT(ExplainedTops("(b.ts >= w.e OR b.price > 3)"), Not(HasSubstr("forgets")));
  EXPECT_THAT(ExplainedTops(within, "LEFT JOIN"), Not(HasSubstr("forgets")));
  EXPECT_THAT(ExplainedTops(within, "JOIN", "(SELECT price, MAX(ts) AS ts FROM bids GROUP BY price)"),
              Not(HasSubstr("forgets")));
  EXPECT_THAT(ExplainedTops(within, "JOIN", "bids", "/*+ STATE_TTL('b' = '1 d') */"), Not(HasSubstr("forgets")));
  EXPECT_THAT(Explained("SELECT b.price FROM bids b JOIN bids a ON b.price = a.price AND b.ts >= a.ts"),
              Not(HasSubstr("forgets")))
      << "rows of a table may be late";
}

TEST(Plans, AJoinOfTwoWindowsResultsForgetsBothSides) {
  const std::string text = Explained(
      "SELECT a.n FROM (SELECT auction, COUNT(*) AS n, window_end AS e FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), "
      "INTERVAL '10' SECOND)) GROUP BY auction, window_start, window_end) a JOIN (SELECT auction, MAX(price) AS m, "
      "window_start AS s FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY auction, "
      "window_start, window_end) b ON a.auction = b.auction AND a.e BETWEEN b.s AND b.s + INTERVAL '30' SECOND");
  EXPECT_THAT(text, HasSubstr("forgetsLeft=[e + 29999 ms], forgetsRight=[s + 29999 ms]")) << text;
  EXPECT_THAT(text, Not(HasSubstr("without bound")));
}

TEST(Plans, ABatchSettlesWhatChanges) {
  const std::string script =
      "SET 'execution.runtime-mode' = 'batch'; CREATE TABLE a (k INT) WITH ('connector' = 'datagen', 'number-of-rows' "
      "= '3'); "
      "EXPLAIN SELECT k, COUNT(*) FROM a GROUP BY k;";
  graph::TableConnectors connectors;
  connectors.Add("datagen", std::make_unique<PlanConnector>());
  SessionOptions options;
  options.connectors = &connectors;
  Session session(std::move(options));
  std::string text;
  const std::vector<ParsedStatement> statements = ParseScript(script).value();
  for (const ParsedStatement& statement : statements) {
    StatementResult result = session.Execute(statement, script).value();
    if (auto* rows = std::get_if<Rows>(&result.outcome)) text = rows->rows[0][0];
  }
  EXPECT_THAT(text, HasSubstr("FinalRows <- "));
}

}  // namespace
}  // namespace thalweg::sql
