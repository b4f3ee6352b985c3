// Parser, binder, rules and the graph's maker on statements made from a grammar over tables that exist. Rule: what is wrong is a user
// error, what is right gives a graph that is valid; nothing crashes, nothing hangs.
#include <memory>
#include <string>
#include <vector>

#include "sql/session.h"
#include "sql/test_connector.h"
#include "testing/fuzz.h"

namespace thalweg::sql {
namespace {

constexpr const char* kFuzzDefinitions =
    "SET 'parallelism.default' = '3';"
    "CREATE TABLE a (i INT, b BIGINT NOT NULL, s STRING, d DECIMAL(10, 2), f DOUBLE, o BOOLEAN, ts TIMESTAMP(3), l "
    "ARRAY<INT>, m MAP<STRING, "
    "INT>, r ROW<x INT, y STRING>, p AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = "
    "'fuzz');"
    "CREATE TABLE u (b BIGINT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts, PRIMARY KEY (b) NOT ENFORCED) WITH "
    "('connector' = 'fuzz', "
    "'changes' = 'upsert');"
    "CREATE TABLE c (i INT, s STRING, z TIMESTAMP_LTZ(3)) WITH ('connector' = 'fuzz', 'changes' = 'retract', 'bounded' "
    "= 'true');"
    "CREATE TABLE k (b BIGINT, s STRING) WITH ('connector' = 'fuzz', 'scan.parallelism' = '2', 'sink.parallelism' = "
    "'4');"
    "CREATE VIEW v AS SELECT i, s, ts FROM a WHERE o;";

class StatementMaker {
 public:
  explicit StatementMaker(uint64_t seed) : random_(seed) {}

  std::string Statement() {
    switch (random_.Below(8)) {
      case 0: return "INSERT INTO " + Pick({"k", "u", "c", "k (b)", "nothing", "u (s, b)"}) + " " + Query(2);
      case 1: return "EXPLAIN " + Pick({"", "CHANGELOG_MODE ", "PLAN_ADVICE, JSON_EXECUTION_PLAN "}) + Query(2);
      case 2: return "CREATE TEMPORARY VIEW w AS " + Query(2);
      case 3:
        return "CREATE TABLE t (x INT, " +
               Pick(
                   {"y AS x + 1", "y AS nothing", "WATERMARK FOR x AS x", "PRIMARY KEY (x) NOT ENFORCED", "y STRING"}) +
               ") WITH ('connector' = 'fuzz')";
      case 4:
        return "ALTER TABLE " + Pick({"a", "u", "v", "nothing"}) + " " +
               Pick({"ADD x INT FIRST", "ADD (x INT, y AS i + x)", "DROP s", "DROP ts", "DROP WATERMARK",
                     "DROP PRIMARY KEY", "RENAME s TO q", "MODIFY s INT AFTER b",
                     "MODIFY WATERMARK FOR ts AS ts - INTERVAL '2' SECOND", "ADD PRIMARY KEY (b) NOT ENFORCED"});
      default: return Query(3);
    }
  }

 private:
  bool Chance(uint64_t one_in) { return random_.Below(one_in) == 0; }
  std::string Pick(std::initializer_list<const char*> words) { return words.begin()[random_.Below(words.size())]; }

  std::string Query(int depth) {
    std::string text = depth > 0 && Chance(8) ? "WITH w1 AS (" + Query(depth - 1) + ") " : "";
    if (depth > 0 && Chance(6))
      text += "(" + Query(depth - 1) + ")" +
              Pick({" UNION ALL ", " UNION ", " INTERSECT ", " EXCEPT ", " INTERSECT ALL "}) + "(" + Query(depth - 1) +
              ")";
    else
      text += Select(depth);
    if (Chance(6)) text += " ORDER BY " + Pick({"1", "ts", "i", "s DESC", "2 NULLS LAST"});
    if (Chance(8)) text += Pick({" LIMIT 3", " LIMIT 0", " OFFSET 2"});
    return text;
  }

  std::string Select(int depth) {
    if (Chance(6)) return Windowed(depth);
    if (Chance(6)) return Ranked(depth);
    if (Chance(10)) return WithoutFrom(depth);
    const std::string from = From(depth);
    if (Chance(3)) {
      const std::string key =
          Pick({"s", "i", "b", "ts", "i, s", "ROLLUP(i, s)", "GROUPING SETS ((i), ())", "CUBE(s)",
                "TUMBLE(ts, INTERVAL '1' MINUTE)", "()", "GROUPING SETS ((-9223372036854775808, i), (s))",
                "ROLLUP(2147483647, 9223372036854775807)", "CUBE(1e308, -0.0, '')"});
      std::string text = "SELECT " +
                         Pick({"s, ", "i, ", "", "", "MAX(ts), ", "TUMBLE_START(ts, INTERVAL '1' MINUTE), "}) +
                         Aggregate(depth) + " AS g FROM " + from;
      if (Chance(3)) text += " WHERE " + Condition(depth);
      text += " GROUP BY " + key;
      if (Chance(4)) text += " HAVING " + Aggregate(0) + " > 1";
      return text;
    }
    std::string text = "SELECT " +
                       Pick({"", "", "", "DISTINCT ", "/*+ BROADCAST(a) */ ", "/*+ STATE_TTL('u' = '1 d') */ "}) +
                       (Chance(3) ? "*" : Expr(depth) + " AS e1, " + Expr(depth)) + " FROM " + from;
    if (Chance(2)) text += " WHERE " + Condition(depth);
    return text;
  }

  std::string WithoutFrom(int depth) {
    std::string text = "SELECT " + Pick({"1", "NULL", "'x' AS s, 2 AS i"});
    if (depth > 0 && Chance(2)) text += ", (" + Query(depth - 1) + ")";
    if (depth > 0 && Chance(2)) text += ", 1 IN (" + Query(depth - 1) + ")";
    if (Chance(3)) text += " WHERE " + Pick({"EXISTS (SELECT 1)", "1 NOT IN (SELECT i FROM c)", "2 > (SELECT 1)"});
    return text;
  }

  std::string Windowed(int depth) {
    const std::string table = Pick({"a", "u", "v", "c", "nothing"});
    const std::string window = Pick({"TUMBLE(TABLE %, DESCRIPTOR(ts), INTERVAL '1' MINUTE)",
                                     "HOP(TABLE %, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '3' MINUTE)",
                                     "CUMULATE(TABLE %, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' HOUR)",
                                     "SESSION(TABLE % PARTITION BY s, DESCRIPTOR(ts), INTERVAL '1' MINUTE)",
                                     "TUMBLE(TABLE %, DESCRIPTOR(p), INTERVAL '1' SECOND)",
                                     "TUMBLE(TABLE %, DESCRIPTOR(s), INTERVAL '1' SECOND)",
                                     "TUMBLE(TABLE %, DESCRIPTOR(ts), INTERVAL '-1' SECOND)"});
    std::string made;
    for (char each : window) made += each == '%' ? table : std::string(1, each);
    if (Chance(3)) return "SELECT * FROM TABLE(" + made + ")";
    std::string text = "SELECT " + Pick({"window_start, ", "s, ", "window_end, s, ", ""}) + Aggregate(depth) +
                       " AS g FROM TABLE(" + made + ")";
    if (Chance(3)) text += " WHERE " + Condition(0);
    text += " GROUP BY " + Pick({"window_start, window_end", "window_start, window_end, s", "window_start",
                                 "s, window_end, window_start, window_time"});
    if (Chance(4)) text += " LATE DATA INTO " + Pick({"k", "c", "nothing", "u"});
    return text;
  }

  std::string Ranked(int depth) {
    return "SELECT * FROM (SELECT *, " + Pick({"ROW_NUMBER()", "RANK()", "DENSE_RANK()"}) + " OVER (" +
           Pick({"PARTITION BY s ", "PARTITION BY i, s ", ""}) + "ORDER BY " +
           Pick({"ts", "ts DESC", "i", "b DESC, s", "p"}) + ") AS n FROM " + From(depth) + ") WHERE n " +
           Pick({"<= 3", "= 1", "< 1", "> 2", "BETWEEN 2 AND 4"}) + (Chance(3) ? " AND " + Condition(0) : "");
  }

  std::string From(int depth) {
    if (depth <= 0)
      return Pick({"a", "u", "c", "k", "v", "a AS x", "u /*+ OPTIONS('q' = 'r') */",
                   "(VALUES (1, 'x'), (2, NULL)) AS q(i, s)"});
    switch (random_.Below(8)) {
      case 0: return "(" + Query(depth - 1) + ") AS q";
      case 6: return Matched(depth);
      case 1:
        return From(0) + Pick({" JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN "}) + From(0) + " ON " +
               Pick({"a.b = u.b", "a.s = u.s AND a.i > 3",
                     "x.b = u.b AND x.ts BETWEEN u.ts - INTERVAL '1' MINUTE AND u.ts", "TRUE", "i = b"});
      case 2: return "a JOIN u FOR SYSTEM_TIME AS OF a." + Pick({"ts", "p", "i"}) + " ON a.b = u.b";
      case 3:
        return "a " + Pick({"CROSS JOIN", "LEFT JOIN", "NATURAL LEFT JOIN"}) + " UNNEST(" + Pick({"l", "m", "s", "r"}) +
               ") AS e" + Pick({"(x)", "(x, y)", "(i)", ""}) +
               Pick({"", " ON TRUE", " ON x > i", " ON x = 1 AND s = 'x'", " ON FALSE"});
      case 4:
        return From(0) + Pick({" NATURAL JOIN ", " NATURAL FULL JOIN ", " JOIN "}) + From(0) + Pick({"", " USING (s)"});
      case 5: return From(0) + ", " + From(0);
      default: return From(0);
    }
  }

  std::string Matched(int depth) {
    const std::string value = Pick({"A.i", "LAST(B.i, 2)", "i", "SUM(A.i)", "COUNT(*)", "FIRST(C.s)", "MATCH_ROWTIME()",
                                    "MATCH_PROCTIME()", "AVG(b)", "PREV(A.i)", "A.r.x"});
    return Pick({"a", "u", "v", "c"}) + " MATCH_RECOGNIZE (" + Pick({"", "PARTITION BY s ", "PARTITION BY i, s "}) +
           Pick({"ORDER BY ts ", "ORDER BY p, i DESC ", "ORDER BY ts DESC ", "ORDER BY i "}) + "MEASURES " + value +
           " AS x, B.s AS q " +
           Pick({"", "ONE ROW PER MATCH ", "AFTER MATCH SKIP PAST LAST ROW ", "AFTER MATCH SKIP TO FIRST B ",
                 "AFTER MATCH SKIP TO LAST C "}) +
           "PATTERN (" + Pick({"A B", "A+ B", "A{2,3}? B? C", "A* B+?", "A B*", "A | B", "(A B)+ C", "A B{,2} C"}) +
           ") " + Pick({"", "WITHIN INTERVAL '5' SECOND "}) + "DEFINE A AS " +
           Pick({"A.i > 1", "i > LAST(A.i, 1)", "SUM(A.i) < 10", "s = 'x' AND TRUE", "1 / i = 1", "RAND() > 0.5"}) +
           ")" + (depth > 1 ? " AS m" : "");
  }

  std::string Aggregate(int depth) {
    return Pick({"COUNT(*)", "COUNT(DISTINCT s)", "SUM(i)", "AVG(d)", "MIN(s)", "MAX(ts)", "LISTAGG(s)", "COLLECT(i)",
                 "FIRST_VALUE(s)", "STDDEV(f)", "JSON_OBJECTAGG(KEY s VALUE i)", "JSON_ARRAYAGG(i NULL ON NULL)",
                 "ARRAY_AGG(DISTINCT s)", "PERCENTILE(i, 0.5)"}) +
           (Chance(5) ? " FILTER (WHERE " + Condition(depth > 0 ? depth - 1 : 0) + ")" : "");
  }

  std::string Condition(int depth) {
    if (Chance(60)) {
      std::string text = "i <> 0";
      for (int i = 1; i < 300; ++i) text += " AND i <> " + std::to_string(i);
      return text;
    }
    switch (random_.Below(9)) {
      case 0: return Expr(depth) + Pick({" = ", " <> ", " < ", " >= ", " IS DISTINCT FROM "}) + Expr(depth);
      case 1:
        return "(" + Expr(depth) + ")" +
               Pick({" IS NULL", " IS NOT NULL", " IN (1, 2)", " LIKE 'x%'", " BETWEEN 1 AND 5", " SIMILAR TO 'a'"});
      case 2:
        return depth > 0 ? "(" + Condition(depth - 1) + Pick({" AND ", " OR "}) + Condition(depth - 1) + ")" : "o";
      case 3: return "NOT " + (depth > 0 ? Condition(depth - 1) : std::string("o"));
      case 4: return depth > 0 ? Pick({"", "NOT "}) + "EXISTS (" + Query(depth - 1) + ")" : "TRUE";
      case 5:
        return depth > 0 ? Pick({"i", "s", "b"}) + Pick({" IN (", " NOT IN ("}) + Query(depth - 1) + ")" : "i > 1";
      case 6: return "b > (SELECT MAX(i) FROM c)";
      default:
        return Pick({"o", "i > 3", "s = 'x'", "b < i", "ts > TIMESTAMP '2024-01-01 00:00:00'", "s", "nothing = 1",
                     "d / 0 > f"});
    }
  }

  std::string Expr(int depth) {
    if (depth <= 0 || Chance(3))
      return Pick({"i",
                   "b",
                   "s",
                   "d",
                   "f",
                   "o",
                   "ts",
                   "p",
                   "l",
                   "m",
                   "r",
                   "r.x",
                   "l[1]",
                   "m['k']",
                   "1",
                   "2.5",
                   "'x'",
                   "NULL",
                   "TRUE",
                   "q.i",
                   "a.s",
                   "DATE '2024-02-30'",
                   "INTERVAL '1' DAY",
                   "CURRENT_TIMESTAMP",
                   "2147483648",
                   "1e400"});
    const std::string x = Expr(depth - 1);
    switch (random_.Below(9)) {
      case 0: return "(" + x + Pick({" + ", " - ", " * ", " / ", " % ", " || "}) + Expr(depth - 1) + ")";
      case 1:
        return "CAST(" + x + " AS " +
               Pick({"INT", "STRING", "DECIMAL(38, 18)", "TIMESTAMP(3)", "ARRAY<STRING>", "ROW<a INT>", "BYTES",
                     "VARCHAR(1)"}) +
               ")";
      case 2: return "CASE WHEN " + Condition(0) + " THEN " + x + " ELSE " + Expr(depth - 1) + " END";
      case 3:
        return Pick({"UPPER", "ABS", "CHAR_LENGTH", "COALESCE", "NULLIF", "FLOOR", "MOD", "SUBSTRING", "JSON_VALUE",
                     "TO_TIMESTAMP", "IF", "NOFUNCTION"}) +
               "(" + x + (Chance(2) ? ", " + Expr(depth - 1) : "") + ")";
      case 4:
        return Aggregate(0) + " OVER (" + Pick({"PARTITION BY s ", ""}) + "ORDER BY " + Pick({"ts", "p", "i"}) +
               Pick({"", " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
                     " RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW"}) +
               ")";
      case 5: return "(SELECT MAX(i) FROM c)";
      case 6: return "ARRAY[" + x + ", " + Expr(depth - 1) + "]";
      case 7: return "ROW(" + x + ", 1)";
      default: return "-(" + x + ")";
    }
  }

  Random random_;
};

void CheckBound(Session& session, const std::string& script) {
  auto statements = ParseScript(script);
  if (!statements.ok()) {
    // A function with a grammar of its own, as JSON_VALUE, wants more than any arguments.
    THALWEG_CHECK(statements.status().category() == ErrorCategory::kUser, "{}\n{}", script,
                  statements.status().ToString());
    return;
  }
  for (const ParsedStatement& statement : *statements) {
    auto result = session.Execute(statement, script);
    if (!result.ok()) {
      THALWEG_CHECK(result.status().category() == ErrorCategory::kUser, "{}\n{}", script, result.status().ToString());
      THALWEG_CHECK(!result.status().message().empty());
      return;
    }
    const graph::JobGraph* graph = nullptr;
    if (auto* job = std::get_if<JobToRun>(&result->outcome)) graph = &job->graph;
    if (auto* query = std::get_if<QueryToRun>(&result->outcome)) graph = &query->graph;
    if (!graph) continue;
    const Status valid = graph::Validate(*graph);
    THALWEG_CHECK(valid.ok(), "{}\n{}", script, valid.ToString());
    for (const graph::Edge& edge : graph->edges)
      THALWEG_CHECK(
          edge.changelog == graph::ChangelogMode::kAppend || (edge.partitioning != graph::Partitioning::kRebalance &&
                                                              edge.partitioning != graph::Partitioning::kRescale),
          "{}\nChanges of a row may overtake each other: {} to {}", script, edge.from, edge.to);
  }
}

// A session with the tables; made anew once a statement has changed what is declared, for most do not, and making it costs the most.
class FuzzSession {
 public:
  FuzzSession() { connectors_.Add("fuzz", std::make_unique<FakeConnector>()); }
  Session& Fresh() {
    if (!session_) {
      session_ = std::make_unique<Session>(SessionOptions{.connectors = &connectors_});
      CheckBound(*session_, kFuzzDefinitions);
    }
    return *session_;
  }
  void Changed() { session_.reset(); }

 private:
  graph::TableConnectors connectors_;
  std::unique_ptr<Session> session_;
};

FUZZ_GRAMMAR(SqlStatements, 6000, StatementMaker(seed).Statement()) {
  static FuzzSession session;
  const std::string statement(input);
  CheckBound(session.Fresh(), statement);
  if (statement.starts_with("CREATE") || statement.starts_with("ALTER")) session.Changed();
}

}  // namespace
}  // namespace thalweg::sql
