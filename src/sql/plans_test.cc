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

/// What the last statement of `script` gives, after kEvents.
Result<StatementResult> ResultOf(std::string_view statements) {
  graph::TableConnectors connectors;
  connectors.Add("datagen", std::make_unique<PlanConnector>());
  SessionOptions options;
  options.connectors = &connectors;
  Session session(std::move(options));
  const std::string script = fmt::format("{} {};", kEvents, statements);
  THALWEG_ASSIGN(const std::vector<ParsedStatement> parsed, ParseScript(script));
  StatementResult last;
  for (const ParsedStatement& statement : parsed) {
    THALWEG_ASSIGN(last, session.Execute(statement, script));
  }
  return last;
}

/// What EXPLAIN says of `query`, after statements that set something, or the error.
std::string Explained(std::string_view query, std::string_view before = "") {
  const Result<StatementResult> result = ResultOf(fmt::format("{} EXPLAIN {}", before, query));
  if (!result.ok()) return result.status().message();
  return std::get<Rows>(result->outcome).rows[0][0];
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

TEST(Plans, AMatchKeepsWhatItsPatternAndItsReadersAskFor) {
  const std::string text = Explained(
      "SELECT low FROM bids MATCH_RECOGNIZE (PARTITION BY auction ORDER BY ts MEASURES A.price AS low, A.extra AS e "
      "PATTERN (A+ B) DEFINE A AS A.price < 10, B AS B.price > LAST(A.price))");
  EXPECT_THAT(text,
              HasSubstr("Match(partitionBy=[auction], orderBy=[ts ASC], measures=[LAST(A.price, 0)], after=[SKIP TO "
                        "NEXT ROW], pattern=[A{1,} B], define=[A AS $f3, B AS >($0, $1) of [LAST(B.price, 0), "
                        "LAST(A.price, 0)]])"));
  EXPECT_THAT(text, HasSubstr("<($1, CAST(10)"));
  EXPECT_THAT(text, Not(HasSubstr("extra")));
  EXPECT_THAT(text, HasSubstr("keeps all rows of matches that have begun: A has no bound and there is no WITHIN"));
}

TEST(Plans, ConditionsOfSingleRowsAreComputedBeforehandWhereTheyCannotFail) {
  const auto match = [](std::string_view condition) {
    return Explained(
        fmt::format("SELECT * FROM bids MATCH_RECOGNIZE (ORDER BY ts MEASURES A.price AS p PATTERN (A B) "
                    "WITHIN INTERVAL '1' MINUTE DEFINE B AS {})",
                    condition));
  };
  EXPECT_THAT(match("price > 1 AND B.auction = 2"), HasSubstr("within=[60000 ms], define=[B AS $f3]"));
  EXPECT_THAT(match("price > 1"), Not(HasSubstr("without bound")));
  EXPECT_THAT(match("1 / price = 1"), HasSubstr("of [LAST(price, 0)]"));
  EXPECT_THAT(match("RAND() > 0.5"), HasSubstr("of []"));
  EXPECT_THAT(match("A.price > 1"), HasSubstr("of [LAST(A.price, 0)]"));
  EXPECT_THAT(match("TRUE"), HasSubstr("define=[]"));
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

TEST(Plans, RowsThatAreBeatenInTheirWindowDoNotReachTheJoinWithItsBest) {
  const auto leaves_out = [](std::string_view condition, std::string_view join = "JOIN",
                             std::string_view bids = "bids") {
    return ExplainedTops(condition, join, bids).find("WindowBest") != std::string::npos;
  };
  EXPECT_TRUE(leaves_out("b.ts BETWEEN w.e - INTERVAL '10' SECOND AND w.e"));
  EXPECT_TRUE(leaves_out("b.ts >= w.s AND b.ts < w.e"));
  EXPECT_TRUE(leaves_out("b.ts >= w.s AND b.ts <= w.t"));
  EXPECT_TRUE(leaves_out("b.ts >= w.s AND b.ts <= w.t", "JOIN", "(SELECT * FROM bids WHERE auction > 3)"))
      << "the windows count those, too";
  EXPECT_FALSE(leaves_out("b.ts >= w.s"));
  EXPECT_FALSE(leaves_out("b.ts <= w.e"));
  EXPECT_FALSE(leaves_out("b.ts BETWEEN w.e - INTERVAL '11' SECOND AND w.e"));
  EXPECT_FALSE(leaves_out("b.ts BETWEEN w.s AND w.e + INTERVAL '1' SECOND"));
  EXPECT_FALSE(leaves_out("b.ts >= w.s AND b.ts < w.e", "LEFT JOIN"));
  EXPECT_FALSE(leaves_out("b.ts >= w.s AND b.ts < w.e", "JOIN", "(SELECT price + 1 AS price, ts FROM bids)"));
  EXPECT_FALSE(
      leaves_out("b.ts >= w.s AND b.ts < w.e", "JOIN", "(SELECT price, ts + INTERVAL '1' SECOND AS ts FROM bids)"));
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

constexpr std::string_view kFolding =
    "SET 'table.exec.mini-batch.enabled' = 'true'; SET 'table.exec.mini-batch.allow-latency' = '3 s'; "
    "SET 'table.exec.mini-batch.size' = '5000'; ";
constexpr std::string_view kInParallel = "SET 'parallelism.default' = '2'; ";
constexpr std::string_view kOnePhase = "SET 'table.optimizer.agg-phase-strategy' = 'ONE_PHASE'; ";
constexpr std::string_view kSums = "SELECT auction, SUM(price) FROM bids GROUP BY auction";

TEST(Plans, MiniBatchesFoldInFrontOfAnExchange) {
  const std::string folding(kFolding), parallel = folding + std::string(kInParallel);
  const std::string two = Explained(kSums, parallel);
  EXPECT_THAT(two, HasSubstr("LocalGroupAggregate <- "));
  EXPECT_THAT(two, HasSubstr("GlobalGroupAggregate <- 3 HASH [0] (append)"));
  EXPECT_EQ(Explained(kSums, parallel + "SET 'table.optimizer.agg-phase-strategy' = 'TWO_PHASE'; "), two);
  // Not where there is no exchange, not if it is told so, not without mini-batches (Flink's key alone has no effect, either).
  EXPECT_THAT(Explained(kSums, folding), Not(HasSubstr("LocalGroupAggregate")));
  EXPECT_THAT(Explained(kSums, parallel + std::string(kOnePhase)), Not(HasSubstr("LocalGroupAggregate")));
  EXPECT_THAT(Explained(kSums, fmt::format("{} SET 'table.optimizer.agg-phase-strategy' = 'TWO_PHASE'; ", kInParallel)),
              Not(HasSubstr("LocalGroupAggregate")));
}

TEST(Plans, FunctionsThatDoNotMergeAreAggregatedInOnePhase) {
  const std::string parallel = std::string(kFolding) + std::string(kInParallel);
  for (const char* call : {"COUNT(*)", "COUNT(DISTINCT price)", "AVG(price)", "MIN(extra)", "MAX(price)"})
    EXPECT_THAT(Explained(fmt::format("SELECT auction, {} FROM bids GROUP BY auction", call), parallel),
                HasSubstr("LocalGroupAggregate"))
        << call;
  for (const char* call : {"LISTAGG(extra)", "FIRST_VALUE(price)", "COUNT(*), LAST_VALUE(price)"})
    EXPECT_THAT(Explained(fmt::format("SELECT auction, {} FROM bids GROUP BY auction", call), parallel),
                Not(HasSubstr("LocalGroupAggregate")))
        << call;
  EXPECT_THAT(Explained("SELECT DISTINCT auction FROM bids", parallel), HasSubstr("LocalGroupAggregate"));
  EXPECT_THAT(Explained("SELECT COUNT(*) FROM bids", parallel), HasSubstr("GlobalGroupAggregate <- 3 GLOBAL (append)"));
}

/// The nodes that have state, by uid.
std::vector<std::string> KeyedUids(std::string_view before) {
  Result<StatementResult> result = ResultOf(fmt::format("{} {}", before, kSums));
  EXPECT_TRUE(result.ok()) << result.status().message();
  std::vector<std::string> uids;
  for (const graph::Node& node : std::get<QueryToRun>(result->outcome).graph.nodes)
    if (node.keyed) uids.push_back(node.uid);
  return uids;
}

TEST(Plans, StateOfAGroupByIsFoundAgainHoweverItFolds) {
  const std::vector<std::string> plain = KeyedUids("");
  ASSERT_EQ(plain.size(), 1u);
  const std::string folding(kFolding);
  EXPECT_EQ(KeyedUids(folding), plain);
  EXPECT_EQ(KeyedUids(folding + "SET 'table.exec.mini-batch.size' = '7'; "), plain);
  EXPECT_EQ(KeyedUids(folding + std::string(kInParallel)), plain);
  EXPECT_EQ(KeyedUids(folding + std::string(kInParallel) + std::string(kOnePhase)), plain);
}

}  // namespace
}  // namespace thalweg::sql
