// Binder, rules and planner on queries over tables that exist, made from a grammar with types in mind, and on mutated text of such: each is
// planned or refused as a user's error with a place. It must not crash or hang, and nothing in it is an internal error.
#include <sstream>
#include <string>
#include <vector>

#include "sql/session.h"
#include "sql/test_connector.h"
#include "testing/fuzz.h"

namespace thalweg::sql {
namespace {

constexpr char kFuzzTables[] =
    "SET 'table.local-time-zone' = 'UTC';"
    "CREATE TABLE t (a INT, b BIGINT, c STRING, d DECIMAL(10, 2), e DOUBLE, f BOOLEAN, ts TIMESTAMP(3), l ARRAY<INT>,"
    " m MAP<STRING, INT>, r ROW<x INT, y STRING>, p AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)"
    " WITH ('connector' = 'fuzz');"
    "CREATE TABLE u (a INT, c STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts, PRIMARY KEY (a) NOT ENFORCED)"
    " WITH ('connector' = 'fuzz', 'changes' = 'upsert');"
    "CREATE TABLE v (a INT, c STRING) WITH ('connector' = 'fuzz', 'changes' = 'retract');"
    "CREATE TABLE w (a INT, c STRING, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector' = 'fuzz', 'changes' = 'upsert');"
    "CREATE VIEW x AS SELECT a, COUNT(*) AS n FROM t GROUP BY a;";

const graph::TableConnectors& FuzzConnectors() {
  static const graph::TableConnectors& connectors = *[] {
    auto* made = new graph::TableConnectors();
    made->Add("fuzz", std::make_unique<FakeConnector>());
    return made;
  }();
  return connectors;
}

Session& PlanningSession() {
  static Session& session = *[] {
    auto* made = new Session(SessionOptions{.connectors = &FuzzConnectors()});
    auto statements = ParseScript(kFuzzTables);
    THALWEG_CHECK(statements.ok(), "{}", statements.status().ToString());
    for (const ParsedStatement& statement : *statements) {
      const Status status = made->Execute(statement, kFuzzTables).status();
      THALWEG_CHECK(status.ok(), "{}", status.ToString());
    }
    return made;
  }();
  return session;
}

void CheckPlans(std::string_view text) {
  auto script = ParseScript(text);
  if (!script.ok()) return;
  for (const ParsedStatement& statement : *script) {
    // Others change what later inputs meet.
    if (!statement.statement->As<QueryStatement>() && !statement.statement->As<Insert>()) continue;
    const Status status = PlanningSession().Execute(statement, text).status();
    THALWEG_CHECK(status.ok() || status.category() == ErrorCategory::kUser, "{}\n{}", text, status.ToString());
  }
}

std::vector<std::string> Plannable() {
  return {
      "SELECT a, COUNT(*), SUM(d) FILTER (WHERE f) FROM t WHERE b > 1 GROUP BY a HAVING COUNT(*) > 1",
      "SELECT t.a, u.c FROM t LEFT JOIN u ON t.a = u.a AND t.b > 2",
      "SELECT window_start, MAX(e) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY "
      "window_start, window_end",
      "SELECT t.a FROM t JOIN u FOR SYSTEM_TIME AS OF t.ts ON t.a = u.a",
      "SELECT a FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC) AS n FROM t) WHERE n <= 3",
      "SELECT a, SUM(b) OVER (PARTITION BY c ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM t",
      "INSERT INTO w SELECT a, MAX(c) FROM t GROUP BY a",
      "SELECT a FROM t WHERE a IN (SELECT a FROM v) UNION ALL SELECT a FROM u EXCEPT SELECT a FROM x",
      "SELECT q.e FROM t CROSS JOIN UNNEST(l) AS q(e)",
      "SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY c ORDER BY ts MEASURES SUM(A.b) AS s, LAST(B.a, 1) AS b AFTER "
      "MATCH "
      "SKIP TO LAST B PATTERN (A{2,} B+?) WITHIN INTERVAL '1' HOUR DEFINE A AS A.a > LAST(A.a, 1), B AS b > 1)",
      "SELECT CASE WHEN f THEN l[1] ELSE m['k'] END, r.y, CAST(ts AS DATE), TUMBLE_END(ts, INTERVAL '1' MINUTE) FROM t "
      "GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)"};
}

FUZZ_TARGET(SqlPlanText, Plannable()) { CheckPlans(input); }

/// Queries over the tables; types fit more often than not.
class PlanGenerator {
 public:
  explicit PlanGenerator(uint64_t seed) : random_(seed) {}

  std::string Statement() {
    switch (random_.Below(6)) {
      case 0:
        return "INSERT INTO " + Pick({"w", "v", "u (a, c)", "w (c, a)"}) + " SELECT " + Number(2) + ", " + Text(2) +
               From(2);
      case 1:
        return "(" + Query(2) + ")" + Pick({" UNION ALL ", " UNION ", " INTERSECT ", " EXCEPT "}) + "(" + Query(1) +
               ")";
      default: return Query(3);
    }
  }

 private:
  bool Chance(uint64_t one_in) { return random_.Below(one_in) == 0; }
  std::string Pick(std::initializer_list<const char*> words) { return words.begin()[random_.Below(words.size())]; }

  std::string Query(int depth) {
    std::string keys = Pick({"a", "c", "a, c", "f", "a, -9223372036854775808", "2147483648, c", "1e308"});
    if (Chance(3))
      return "SELECT " + keys + ", " + Aggregate(depth) + From(depth) + " GROUP BY " + keys +
             (Chance(4) ? " HAVING COUNT(*) > 1" : "");
    if (Chance(6))
      return "SELECT window_start, " + Aggregate(depth) + " FROM TABLE(" +
             Pick({"TUMBLE(TABLE t, DESCRIPTOR(ts), ", "HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, ",
                   "SESSION(TABLE t PARTITION BY a, DESCRIPTOR(ts), "}) +
             "INTERVAL '" + Pick({"1", "5", "0"}) + "' HOUR)) GROUP BY window_start, window_end";
    std::string text = "SELECT " + Pick({"", "", "DISTINCT "}) + Number(depth) + " AS n, " + Text(depth) +
                       (Chance(5) ? ", *" : "") + From(depth);
    if (Chance(2)) text += " WHERE " + Condition(depth);
    if (Chance(6)) text += " ORDER BY " + Pick({"ts", "1", "n DESC", "2"});
    if (Chance(8)) text += " LIMIT 3";
    return text;
  }

  std::string From(int depth) {
    if (depth <= 0) return " FROM " + Pick({"t", "u", "v", "x"});
    switch (random_.Below(7)) {
      case 0:
        return " FROM t" + Pick({" JOIN ", " LEFT JOIN ", " FULL JOIN "}) +
               Pick({"u USING (a)", "v ON t.a = v.a",
                     "u ON t.a = u.a AND t.ts BETWEEN u.ts - INTERVAL '1' HOUR AND u.ts", "u ON t.b > u.a"});
      case 1:
        return " FROM (SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY " + Pick({"a", "c"}) + " ORDER BY " +
               Pick({"b DESC", "ts", "p"}) + ") AS n FROM t) WHERE n " + Pick({"= 1", "<= 3", "> 1"}) + ") AS k";
      case 2: return " FROM (" + Query(depth - 1) + ") AS q(a, c)";
      case 3: return " FROM t JOIN u FOR SYSTEM_TIME AS OF t." + Pick({"ts", "p"}) + " ON t.a = u.a";
      default: return " FROM " + Pick({"t", "t", "t", "u", "v", "x"});
    }
  }

  std::string Aggregate(int depth) {
    return Pick({"COUNT(*)", "COUNT(DISTINCT c)", "SUM(b)", "MIN(ts)", "LISTAGG(c)", "AVG(d)", "COLLECT(a)",
                 "LAST_VALUE(c)", "JSON_OBJECTAGG(KEY c VALUE a)", "JSON_ARRAYAGG(c)"}) +
           Pick({"", "", " FILTER (WHERE f)"}) + (Chance(3) ? ", MAX(" + Number(depth - 1) + ")" : "");
  }

  std::string Number(int depth) {
    if (depth <= 0) return Pick({"a", "b", "d", "e", "1", "2.5", "NULL", "r.x", "l[1]", "m['k']"});
    switch (random_.Below(8)) {
      case 0: return "(" + Number(depth - 1) + Pick({" + ", " - ", " * ", " / ", " % "}) + Number(depth - 1) + ")";
      case 1:
        return "CASE WHEN " + Condition(depth - 1) + " THEN " + Number(depth - 1) + " ELSE " + Number(depth - 1) +
               " END";
      case 2:
        return Chance(2) ? Pick({"ABS(", "FLOOR(", "ROUND(1, "}) + Number(depth - 1) + ")"
                         : "CAST(" + Number(depth - 1) + Pick({" AS BIGINT)", " AS DECIMAL(20, 4))", " AS STRING)"});
      case 3: return "CHAR_LENGTH(" + Text(depth - 1) + ")";
      case 4:
        return Pick({"SUM(b)", "SUM(b)", "JSON_OBJECTAGG(KEY c VALUE a)", "LAG(a, 9223372036854775807)"}) +
               " OVER (PARTITION BY " + Pick({"a", "c"}) + " ORDER BY " + Pick({"ts", "p", "b"}) +
               Pick({"", " ROWS 2 PRECEDING", " RANGE INTERVAL '1' HOUR PRECEDING"}) + ")";
      case 5: return "(SELECT MAX(a) FROM u)";
      default: return Number(0);
    }
  }

  std::string Text(int depth) {
    if (depth <= 0) return Pick({"c", "'x'", "r.y", "CAST(a AS STRING)", "NULL"});
    switch (random_.Below(5)) {
      case 0: return Text(depth - 1) + " || " + Text(depth - 1);
      case 1: return "SUBSTRING(" + Text(depth - 1) + ", " + Number(depth - 1) + ")";
      case 2: return "COALESCE(" + Text(depth - 1) + ", " + Text(depth - 1) + ")";
      default: return Text(0);
    }
  }

  std::string Condition(int depth) {
    if (depth <= 0)
      return Pick({"f", "a = 1", "c LIKE 'x%'", "b IS NULL", "TRUE", "ts > TIMESTAMP '2024-01-01 00:00:00'"});
    switch (random_.Below(7)) {
      case 0: return Condition(depth - 1) + Pick({" AND ", " OR "}) + Condition(depth - 1);
      case 1: return "NOT (" + Condition(depth - 1) + ")";
      case 2: return Number(depth - 1) + Pick({" = ", " < ", " <> ", " IS DISTINCT FROM "}) + Number(depth - 1);
      case 3:
        return Pick({"a IN (1, 2, NULL)", "a IN (SELECT a FROM v)", "a NOT IN (SELECT a FROM u)",
                     "EXISTS (SELECT 1 FROM u WHERE u.a = t.a)"});
      case 4: return Text(depth - 1) + " = " + Text(depth - 1);
      default: return Condition(0);
    }
  }

  Random random_;
};

// A thousand: planning takes milliseconds under sanitizers.
FUZZ_GRAMMAR(SqlPlanGrammar, 1000, PlanGenerator(seed).Statement()) {
  THALWEG_CHECK(ParseStatement(input).ok(), "{}\n{}", input, ParseStatement(input).status().ToString());
  CheckPlans(input);
}

/// Statements that change tables and views of few names, so that views often read what is gone, renamed, other, or themselves.
class CatalogChanges {
 public:
  explicit CatalogChanges(uint64_t seed) : random_(seed) {}

  /// A table and forty changes, a line each.
  std::string Lines() {
    std::string lines = "CREATE TABLE t (a INT, b INT) WITH ('connector' = 'fuzz')";
    for (int i = 1; i < 40; ++i) lines += "\n" + Statement();
    return lines;
  }

 private:
  std::string Statement() {
    const std::string name = Name();
    switch (random_.Below(12)) {
      case 0:
        return "CREATE " + Pick({"", "", "TEMPORARY "}) + "TABLE " + name + " (" +
               Pick({"a INT, b INT", "a INT, b INT, c STRING", "b BIGINT, a STRING", "r ROW<a INT, b INT>, a INT"}) +
               ") WITH ('connector' = 'fuzz')";
      case 1:
      case 2:
        return "CREATE " + Pick({"", "", "TEMPORARY "}) + "VIEW " + name + Pick({"", "", " (a, b)"}) + " AS " +
               Query(2);
      case 3: return "ALTER VIEW " + name + " AS " + Query(2);
      case 4: return "ALTER " + Pick({"TABLE ", "VIEW "}) + name + " RENAME TO " + Pick({"t", "u", "v", "w"});
      case 5:
        return "ALTER TABLE " + name +
               Pick({" ADD c INT", " ADD (c STRING FIRST)", " DROP b", " DROP a", " RENAME a TO c", " RENAME c TO a",
                     " MODIFY a STRING", " MODIFY b ARRAY<INT>"});
      case 6: return "DROP " + Pick({"", "", "TEMPORARY "}) + Pick({"TABLE ", "VIEW "}) + name;
      case 7:
        return Pick({"CREATE DATABASE d", "DROP DATABASE d CASCADE", "DROP DATABASE d", "USE d",
                     "USE default_catalog.default_database", "CREATE CATALOG k WITH ('type' = 'generic_in_memory')",
                     "DROP CATALOG k"});
      case 8:
        return Pick({"DESCRIBE ", "EXPLAIN SELECT * FROM ", "EXPLAIN INSERT INTO "}) + name + Pick({"", " TABLE t"});
      default: return Query(2);
    }
  }

 private:
  std::string Pick(std::initializer_list<const char*> words) { return words.begin()[random_.Below(words.size())]; }
  std::string Name() { return Pick({"t", "t", "u", "v", "v", "w", "d.t", "k.`default`.t"}); }
  std::string Query(int depth) {
    if (depth == 0) return "SELECT * FROM " + Name();
    switch (random_.Below(8)) {
      case 0: return "SELECT * FROM (" + Query(depth - 1) + ") AS q" + Pick({"", " (a, b)"});
      case 1: return Query(depth - 1) + Pick({" UNION ALL ", " INTERSECT ", " EXCEPT "}) + Query(depth - 1);
      case 2: return "WITH " + Pick({"t", "q"}) + " AS (" + Query(depth - 1) + ") SELECT * FROM " + Pick({"q", "t"});
      case 3: return "SELECT a, COUNT(*) FROM " + Name() + " GROUP BY a";
      case 4:
        return "SELECT x.*, y.* FROM " + Name() + " AS x " + Pick({"JOIN ", "NATURAL JOIN "}) + Name() + " AS y " +
               Pick({"ON x.a = y.a", "USING (a)", ""});
      case 5: return "SELECT (SELECT MAX(a) FROM " + Name() + ") AS a, b FROM " + Name() + " GROUP BY b";
      case 6: return "TABLE " + Name();
      default: return "SELECT " + Pick({"*", "a", "DISTINCT *", "r.*", "b, *"}) + " FROM " + Name();
    }
  }

  Random random_;
};

FUZZ_GRAMMAR(SqlViewsWhileTablesChange, 125, CatalogChanges(seed).Lines()) {
  Session session(SessionOptions{.connectors = &FuzzConnectors()});
  std::istringstream lines{std::string(input)};
  for (std::string script; std::getline(lines, script);) {
    auto statements = ParseScript(script);
    if (!statements.ok()) continue;
    for (const ParsedStatement& statement : *statements) {
      const Status status = session.Execute(statement, script).status();
      THALWEG_CHECK(status.ok() || status.category() == ErrorCategory::kUser, "{}\n{}", script, status.ToString());
    }
  }
}

}  // namespace
}  // namespace thalweg::sql
