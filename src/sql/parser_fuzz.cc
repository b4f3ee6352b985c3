// The parser on three kinds of text: mutated bytes of statements, statements whose tokens were moved about, and statements made from
// a grammar. It must not crash or hang, and what parses must print to text that parses and prints the same.
#include <string>
#include <vector>

#include "sql/lexer.h"
#include "sql/parser.h"
#include "sql/print.h"
#include "sql/syntax_error.h"
#include "testing/fuzz.h"

namespace thalweg::sql {
namespace {

std::vector<std::string> Statements() {
  return {
      "SELECT a, b AS c, t.*, COUNT(DISTINCT d) FILTER (WHERE e > 1) FROM t WHERE a IN (1, 2) AND b LIKE 'x%' ESCAPE "
      "'!' GROUP BY a, b HAVING COUNT(*) > 1",
      "SELECT * FROM a, b LEFT JOIN c ON b.x = c.x, LATERAL TABLE(f(a.y)) AS u(z) CROSS JOIN UNNEST(a.l) WITH "
      "ORDINALITY AS v(w, o)",
      "WITH x(a) AS (SELECT 1), y AS (VALUES (1, 'a'), (2, 'b')) SELECT * FROM x UNION ALL (SELECT 2 ORDER BY 1) "
      "INTERSECT TABLE y ORDER BY 1 DESC NULLS LAST LIMIT 5 OFFSET 2",
      "SELECT SUM(a) OVER (PARTITION BY b ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), LAG(a) IGNORE NULLS "
      "OVER w FROM t WINDOW w AS (ORDER BY ts)",
      "SELECT CASE WHEN a IS NOT NULL THEN -1 ELSE +b END, CAST(a AS ROW<x INT NOT NULL, y ARRAY<MAP<STRING, "
      "DECIMAL(10, 2)>>>), a[1].b.c, (r).* FROM t",
      "SELECT EXTRACT(DAY FROM ts), TRIM(BOTH 'x' FROM a), POSITION('a' IN b), OVERLAY(a PLACING b FROM 1 FOR 2), "
      "CEIL(ts TO HOUR), TIMESTAMPADD(DAY, 1, ts), INTERVAL -'1 2' DAY(3) TO HOUR",
      "SELECT JSON_VALUE(a, '$.b' RETURNING INT NULL ON EMPTY DEFAULT 1 ON ERROR), JSON_OBJECT('k' VALUE 1, 'l': "
      "JSON_ARRAY(1, 2) ABSENT ON NULL), a IS JSON ARRAY FROM t",
      "SELECT window_start, COUNT(*) FROM TABLE(HOP(DATA => TABLE t PARTITION BY (a, b), TIMECOL => DESCRIPTOR(ts), "
      "SIZE => INTERVAL '1' HOUR)) GROUP BY GROUPING SETS ((window_start, a), ()), ROLLUP(b)",
      "SELECT /*+ STATE_TTL(a = '1d'), BROADCAST(t) */ * FROM t /*+ OPTIONS('k'='v') */ FOR SYSTEM_TIME AS OF o.ts AS "
      "x TABLESAMPLE BERNOULLI(10.5) REPEATABLE (3)",
      "SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES FINAL LAST(a.x) AS l ONE ROW PER MATCH "
      "AFTER MATCH SKIP TO LAST a PATTERN (^ a b+? (c | d){2,} {- e -} PERMUTE(f, g) $) WITHIN INTERVAL '1' HOUR "
      "SUBSET s = (a, b) DEFINE b AS x > 1) AS m",
      "CREATE TEMPORARY TABLE IF NOT EXISTS c.d.t (id BIGINT NOT NULL COMMENT 'k', p AS a + 1, o BIGINT METADATA FROM "
      "'offset' VIRTUAL, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, CONSTRAINT n PRIMARY KEY (id) NOT ENFORCED) "
      "COMMENT 'x' DISTRIBUTED BY HASH(id) INTO 4 BUCKETS PARTITIONED BY (id) WITH ('connector' = 'kafka') LIKE s "
      "(INCLUDING ALL)",
      "CREATE OR REPLACE TABLE t (b, a) WITH ('a' = 'b') AS SELECT 1, 2; CREATE VIEW v (x) COMMENT 'c' AS SELECT 1",
      "CREATE TEMPORARY SYSTEM FUNCTION IF NOT EXISTS f AS 'c' LANGUAGE JAVA USING JAR 'a', ARTIFACT 'b'; CREATE MODEL "
      "m INPUT (a INT) OUTPUT (b STRING) WITH ('p' = 'q')",
      "CREATE OR ALTER MATERIALIZED TABLE t (PRIMARY KEY (a) NOT ENFORCED) START_MODE = FROM_NOW(INTERVAL '1' DAY) "
      "FRESHNESS = INTERVAL '1' MINUTE REFRESH_MODE = FULL AS SELECT 1",
      "ALTER TABLE IF EXISTS t ADD (a.b ROW(INT, STRING) AFTER c, WATERMARK FOR ts AS ts); ALTER TABLE t DROP "
      "PARTITION (a = 1), PARTITION (b = 'x'); ALTER TABLE t RENAME a TO b; ALTER CATALOG c COMMENT 'x'",
      "INSERT INTO t PARTITION (d = '1', h) (a, b.c) SELECT 1, 2 ON CONFLICT DO NOTHING; EXECUTE STATEMENT SET BEGIN "
      "INSERT INTO a SELECT 1; INSERT OVERWRITE b VALUES (1); END",
      "EXPLAIN CHANGELOG_MODE, PLAN_ADVICE SELECT 1; COMPILE PLAN 'p' IF NOT EXISTS FOR INSERT INTO t SELECT 1; "
      "ANALYZE TABLE t PARTITION (a) COMPUTE STATISTICS FOR COLUMNS a, b",
      "SHOW TABLES FROM a.b NOT ILIKE 'x'; SHOW CREATE VIEW v; DESC EXTENDED t; USE MODULES a, b; SET 'k' = 'v'; RESET "
      "a.b-c; STOP JOB 'j' WITH SAVEPOINT WITH DRAIN; CALL p(a => DEFAULT); QUIT",
      "SELECT U&'\\00e4', E'a\\n', X'CAFE', DATE '2024-01-01', TIMESTAMP WITH LOCAL TIME ZONE '2024-01-01 00:00:00', "
      "1.5e-3, `a``b`, 'it''s' -- c\n /* d */ FROM 'f.parquet'",
      "SELECT a NOT BETWEEN SYMMETRIC 1 AND 2 OR NOT EXISTS (SELECT 1) AND a >= ALL (SELECT 2) OR (a, b) IS DISTINCT "
      "FROM ROW(1, 2) AND a SIMILAR TO b"};
}

void CheckFixedPoint(const Statement& statement) {
  std::string printed = Print(statement);
  Result<StatementPtr> again = ParseStatement(printed);
  // The printer's parentheses nest where the text had none: NOT NOT NOT a.
  if (!again.ok() && again.status().message().find("nested more than") != std::string::npos) return;
  THALWEG_CHECK(again.ok(), "what was printed does not parse: {}\n{}", printed, again.status().ToString());
  THALWEG_CHECK(Print(**again) == printed, "printed twice it differs: {}\n{}", printed, Print(**again));
}

void CheckScript(std::string_view text) {
  Result<std::vector<ParsedStatement>> script = ParseScript(text);
  if (!script.ok()) {
    THALWEG_CHECK(script.status().category() == ErrorCategory::kUser);
    THALWEG_CHECK(script.status().message().starts_with("line "));
    return;
  }
  for (const ParsedStatement& statement : *script) CheckFixedPoint(*statement.statement);
}

FUZZ_TARGET(SqlText, Statements()) { CheckScript(input); }

// The tokens of two statements, dropped, doubled, exchanged and joined.
std::string TokenSoup(uint64_t seed) {
  static const std::vector<std::string> statements = Statements();
  Random random(seed);
  std::vector<std::string> words;
  for (int i = 0; i < 2; ++i) {
    const std::string& text = statements[random.Below(statements.size())];
    for (const Token& token : Tokenize(text))
      words.emplace_back(text.substr(token.span.begin.offset, token.span.end - token.span.begin.offset));
    if (random.Below(2) == 0) break;
  }
  for (uint64_t edits = random.Below(6) + 1; edits > 0; --edits) {
    size_t at = random.Below(words.size()), other = random.Below(words.size());
    switch (random.Below(4)) {
      case 0: words[at].clear(); break;
      case 1: words[at] += " " + words[at]; break;
      case 2: std::swap(words[at], words[other]); break;
      default: words[at] = words[other]; break;
    }
  }
  std::string text;
  for (const std::string& word : words) text += word + (random.Below(50) == 0 ? "\n" : " ");
  return text;
}

FUZZ_GRAMMAR(SqlTokens, 6000, TokenSoup(seed)) { CheckScript(input); }

// Statements that are right by construction.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::string Query(int depth) {
    std::string text = Chance(8) && depth > 0 ? "WITH c AS (" + Query(depth - 1) + ") " : "";
    text += depth > 0 && Chance(4) ? "(" + Query(depth - 1) + ")" +
                                         Pick({" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT "}) + Select(depth - 1)
                                   : Select(depth);
    if (Chance(4)) text += " ORDER BY " + Expr(1) + Pick({"", " DESC", " ASC NULLS FIRST"});
    if (Chance(5)) text += " LIMIT 3";
    return text;
  }

 private:
  bool Chance(uint64_t one_in) { return random_.Below(one_in) == 0; }
  std::string Pick(std::initializer_list<const char*> words) { return words.begin()[random_.Below(words.size())]; }

  std::string Select(int depth) {
    std::string text = "SELECT " + Pick({"", "DISTINCT ", "ALL "}) +
                       (Chance(6) ? "*" : Expr(depth) + Pick({"", " AS x", " y"})) + " FROM " + Table(depth);
    if (Chance(2)) text += " WHERE " + Expr(depth);
    if (Chance(3)) text += " GROUP BY " + Pick({"a, b", "ROLLUP(a, b)", "GROUPING SETS ((a), ())", "()"});
    if (Chance(6)) text += " HAVING " + Expr(depth);
    return text;
  }

  std::string Table(int depth) {
    if (depth <= 0) return Pick({"t", "c.d.t", "t AS u", "`order` o", "t /*+ OPTIONS('a'='b') */"});
    switch (random_.Below(6)) {
      case 0: return "(" + Query(depth - 1) + ") AS q";
      case 1:
        return Table(depth - 1) + Pick({" JOIN ", " LEFT JOIN ", " FULL OUTER JOIN "}) + Table(0) + " ON " +
               Expr(depth - 1);
      case 2: return Table(depth - 1) + ", " + Table(0);
      case 3: return "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))";
      case 4: return Table(0) + " CROSS JOIN UNNEST(l) AS e(x)";
      default: return Table(0);
    }
  }

  std::string Expr(int depth) {
    if (depth <= 0)
      return Pick(
          {"a", "t.b", "`c d`", "1", "2.5", "1e3", "'s''t'", "NULL", "TRUE", "DATE '2024-01-01'", "INTERVAL '1' DAY"});
    std::string x = Expr(depth - 1);
    switch (random_.Below(14)) {
      case 0: return x + Pick({" + ", " - ", " * ", " / ", " % ", " || "}) + Expr(depth - 1);
      case 1: return x + Pick({" = ", " <> ", " < ", " >= "}) + Expr(depth - 1);
      case 2: return x + Pick({" AND ", " OR "}) + Expr(depth - 1);
      case 3: return "NOT " + x;
      case 4: return "- " + x;
      case 5: return "(" + x + ")" + Pick({" IS NULL", " IS NOT TRUE", " IS UNKNOWN", "[1]", ".f"});
      case 6: return "(" + x + ")" + Pick({" IN (1, 2)", " BETWEEN 1 AND 2", " LIKE 'x'", " NOT IN (SELECT 1)"});
      case 7: return "CASE WHEN " + x + " THEN 1 ELSE " + Expr(depth - 1) + " END";
      case 8: return "CAST(" + x + " AS " + Pick({"INT", "DECIMAL(10, 2)", "ROW<a INT>", "ARRAY<STRING>"}) + ")";
      case 9: return Pick({"f", "COUNT", "LEFT"}) + "(" + x + ", " + Expr(depth - 1) + ")";
      case 10: return "SUM(" + x + ")" + Pick({" OVER (PARTITION BY a ORDER BY b)", " FILTER (WHERE a)", ""});
      case 11: return "(" + Query(depth - 1) + ")";
      case 12: return "EXISTS (" + Query(depth - 1) + ")";
      default: return Chance(2) ? "ARRAY[" + x + "]" : "ROW(" + x + ", 1)";
    }
  }

  Random random_;
};

FUZZ_GRAMMAR(SqlGrammar, 6000, Generator(seed).Query(3)) {
  Result<StatementPtr> statement = ParseStatement(input);
  THALWEG_CHECK(statement.ok(), "{}\n{}", input, statement.status().ToString());
  CheckFixedPoint(**statement);
}

}  // namespace
}  // namespace thalweg::sql
