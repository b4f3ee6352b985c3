#include "sql/parser.h"

#include <gtest/gtest.h>

#include "sql/print.h"

namespace thalweg::sql {
namespace {

std::string Expr(std::string_view text) {
  Result<ExprPtr> expr = ParseExpression(text);
  return expr.ok() ? Print(**expr) : expr.status().message();
}
std::string Sql(std::string_view text) {
  Result<StatementPtr> statement = ParseStatement(text);
  return statement.ok() ? Print(**statement) : statement.status().message();
}
std::string Type(std::string_view text) {
  Result<TypePtr> type = ParseType(text);
  return type.ok() ? Print(**type) : type.status().message();
}

TEST(Expressions, OperatorsBindAsInCalcite) {
  EXPECT_EQ(Expr("a + b * c - d"), "(`a` + (`b` * `c`) - `d`)");
  EXPECT_EQ(Expr("a OR b AND NOT c = d"), "(`a` OR (`b` AND (NOT (`c` = `d`))))");
  EXPECT_EQ(Expr("a || b + c"), "((`a` || `b`) + `c`)");
  EXPECT_EQ(Expr("-a * b"), "((- `a`) * `b`)");
  EXPECT_EQ(Expr("a = b IS NULL"), "((`a` = `b`) IS NULL)");
  EXPECT_EQ(Expr("a BETWEEN 1 AND 2 AND b"), "((`a` BETWEEN 1 AND 2) AND `b`)");
  EXPECT_EQ(Expr("a = b LIKE c"), "(`a` = (`b` LIKE `c`))");
  EXPECT_EQ(Expr("a IS NOT DISTINCT FROM b + 1"), "(`a` IS NOT DISTINCT FROM (`b` + 1))");
  EXPECT_EQ(Expr("NOT a IN (1, 2) OR b"), "((NOT (`a` IN (1, 2))) OR `b`)");
}

TEST(Expressions, ChainsOfAndAreFlat) { EXPECT_EQ(Expr("a AND b AND c AND d"), "(`a` AND `b` AND `c` AND `d`)"); }

TEST(Expressions, PredicatesTakeNot) {
  EXPECT_EQ(Expr("a NOT BETWEEN SYMMETRIC 1 AND 2"), "(`a` NOT BETWEEN SYMMETRIC 1 AND 2)");
  EXPECT_EQ(Expr("a NOT LIKE 'x!%' ESCAPE '!'"), "(`a` NOT LIKE 'x!%' ESCAPE '!')");
  EXPECT_EQ(Expr("a SIMILAR TO 'x'"), "(`a` SIMILAR TO 'x')");
  EXPECT_EQ(Expr("(a, b) NOT IN (SELECT 1, 2)"), "(ROW(`a`, `b`) NOT IN (SELECT 1, 2))");
  EXPECT_EQ(Expr("a > ALL (SELECT 1)"), "(`a` > ALL (SELECT 1))");
  EXPECT_EQ(Expr("a = ANY (1, 2)"), "(`a` = SOME (1, 2))");
  EXPECT_EQ(Expr("a IS NOT JSON OBJECT"), "(`a` IS NOT JSON OBJECT)");
}

TEST(Expressions, LiteralsKeepTheirText) {
  EXPECT_EQ(Expr("DATE '2024-01-31'"), "DATE '2024-01-31'");
  EXPECT_EQ(Expr("timestamp '2024-01-31 10:00:00'"), "TIMESTAMP '2024-01-31 10:00:00'");
  EXPECT_EQ(Expr("INTERVAL '1-2' YEAR TO MONTH"), "INTERVAL '1-2' YEAR TO MONTH");
  EXPECT_EQ(Expr("interval -'10' minutes"), "INTERVAL - '10' MINUTE");
  EXPECT_EQ(Expr("INTERVAL '1 2:3:4.5' DAY(3) TO SECOND(1)"), "INTERVAL '1 2:3:4.5' DAY(3) TO SECOND(1)");
  EXPECT_EQ(Expr("'a' 'b'"), "'ab'");
  EXPECT_EQ(Expr("x'0a' IS NULL"), "(X'0A' IS NULL)");
  EXPECT_EQ(Expr("1.50E+3 - .5"), "(1.50E+3 - .5)");
}

TEST(Expressions, NamesAndAccess) {
  EXPECT_EQ(Expr("a.b.c"), "`a`.`b`.`c`");
  EXPECT_EQ(Expr("a[1].b"), "((`a`)[1]).`b`");
  EXPECT_EQ(Expr("f(x).y.z"), "((`f`(`x`)).`y`).`z`");
  EXPECT_EQ(Expr("`select`"), "`select`");
  EXPECT_EQ(Expr("(r).*"), "(`r`).*");
}

TEST(Expressions, FunctionsWithWordsBetweenTheirArguments) {
  EXPECT_EQ(Expr("EXTRACT(day FROM ts)"), "EXTRACT(DAY FROM `ts`)");
  EXPECT_EQ(Expr("TRIM(LEADING 'x' FROM a)"), "TRIM(LEADING 'x' FROM `a`)");
  EXPECT_EQ(Expr("TRIM(a)"), "`TRIM`(`a`)");
  EXPECT_EQ(Expr("SUBSTRING(a FROM 2 FOR 3)"), "`SUBSTRING`(`a`, 2, 3)");
  EXPECT_EQ(Expr("POSITION('a' IN b)"), "POSITION('a' IN `b`)");
  EXPECT_EQ(Expr("OVERLAY(a PLACING b FROM 1 FOR 2)"), "OVERLAY(`a` PLACING `b` FROM 1 FOR 2)");
  EXPECT_EQ(Expr("CEIL(ts TO hour)"), "CEIL(`ts` TO HOUR)");
  EXPECT_EQ(Expr("TIMESTAMPADD(month, 1, ts)"), "TIMESTAMPADD(MONTH, 1, `ts`)");
  EXPECT_EQ(Expr("current_timestamp"), "CURRENT_TIMESTAMP");
  EXPECT_EQ(Expr("TRY_CAST(a AS INT)"), "TRY_CAST(`a` AS INT)");
}

TEST(Expressions, AggregatesAndWindows) {
  EXPECT_EQ(Expr("COUNT(*)"), "`COUNT`(*)");
  EXPECT_EQ(Expr("sum(DISTINCT a) FILTER (WHERE b > 1)"), "`sum`(DISTINCT `a`) FILTER (WHERE (`b` > 1))");
  EXPECT_EQ(Expr("LISTAGG(a) WITHIN GROUP (ORDER BY b DESC NULLS LAST)"),
            "`LISTAGG`(`a`) WITHIN GROUP (ORDER BY `b` DESC NULLS LAST)");
  EXPECT_EQ(Expr("LAG(a, 1) IGNORE NULLS OVER (PARTITION BY b ORDER BY c)"),
            "`LAG`(`a`, 1) IGNORE NULLS OVER (PARTITION BY `b` ORDER BY `c`)");
  EXPECT_EQ(Expr("SUM(a) OVER (ORDER BY t RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW)"),
            "`SUM`(`a`) OVER (ORDER BY `t` RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW)");
  EXPECT_EQ(Expr("SUM(a) OVER w"), "`SUM`(`a`) OVER `w`");
}

TEST(Expressions, JsonFunctionsAndTheirClauses) {
  EXPECT_EQ(Expr("JSON_VALUE(a, '$.b' RETURNING INT NULL ON EMPTY DEFAULT 1 ON ERROR)"),
            "JSON_VALUE(`a`, '$.b' RETURNING INT NULL ON EMPTY DEFAULT 1 ON ERROR)");
  EXPECT_EQ(Expr("JSON_QUERY(a, '$' WITH ARRAY WRAPPER EMPTY OBJECT ON EMPTY)"),
            "JSON_QUERY(`a`, '$' WITH UNCONDITIONAL WRAPPER EMPTY OBJECT ON EMPTY)");
  EXPECT_EQ(Expr("JSON_EXISTS(a, '$' TRUE ON ERROR)"), "JSON_EXISTS(`a`, '$' TRUE ON ERROR)");
  EXPECT_EQ(Expr("JSON_OBJECT('a' VALUE 1, KEY 'b': 2 ABSENT ON NULL)"),
            "JSON_OBJECT(KEY 'a' VALUE 1, KEY 'b' VALUE 2 ABSENT ON NULL)");
  EXPECT_EQ(Expr("JSON_ARRAY()"), "JSON_ARRAY()");
  EXPECT_EQ(Expr("JSON_ARRAYAGG(a ORDER BY b NULL ON NULL)"), "JSON_ARRAYAGG(`a` ORDER BY `b` NULL ON NULL)");
}

TEST(Expressions, ArgumentsOfTableFunctions) {
  EXPECT_EQ(Expr("f(a => 1, b => DEFAULT)"), "`f`(`a` => 1, `b` => DEFAULT)");
  EXPECT_EQ(Expr("f(TABLE t PARTITION BY k ORDER BY ts, DESCRIPTOR(a, b), MODEL m)"),
            "`f`(TABLE `t` PARTITION BY (`k`) ORDER BY (`ts`), DESCRIPTOR(`a`, `b`), MODEL `m`)");
  EXPECT_EQ(Expr("CASE a WHEN 1 THEN 'x' ELSE 'y' END"), "CASE `a` WHEN 1 THEN 'x' ELSE 'y' END");
  EXPECT_EQ(Expr("MAP['a', ARRAY[1, 2]]"), "MAP['a', ARRAY[1, 2]]");
}

TEST(Types, EverySpellingOfFlink) {
  EXPECT_EQ(Type("decimal(10, 2) NOT NULL"), "DECIMAL(10, 2) NOT NULL");
  EXPECT_EQ(Type("DOUBLE PRECISION"), "DOUBLE");
  EXPECT_EQ(Type("TIMESTAMP(3) WITH LOCAL TIME ZONE"), "TIMESTAMP_LTZ(3)");
  EXPECT_EQ(Type("TIME WITHOUT TIME ZONE"), "TIME");
  EXPECT_EQ(Type("ROW<a INT NOT NULL 'first', `b c` ARRAY<MAP<STRING, INT>>>"),
            "ROW<`a` INT NOT NULL 'first', `b c` ARRAY<MAP<STRING, INT>>>");
  EXPECT_EQ(Type("ROW(INT, STRING)"), "ROW(INT, STRING)");
  EXPECT_EQ(Type("INT NOT NULL ARRAY MULTISET NOT NULL"), "MULTISET<ARRAY<INT NOT NULL>> NOT NULL");
  EXPECT_EQ(Type("INTERVAL DAY(3) TO SECOND(6)"), "INTERVAL DAY(3) TO SECOND(6)");
  EXPECT_EQ(Type("RAW('c', 's')"), "RAW('c', 's')");
  EXPECT_EQ(Type("STRUCTURED<'c', a INT>"), "STRUCTURED<'c', `a` INT>");
  EXPECT_EQ(Type("cat.db.my_type"), "`cat`.`db`.`my_type`");
}

TEST(Queries, SetOperationsBindIntersectFirst) {
  EXPECT_EQ(Sql("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 ORDER BY 1 LIMIT 5 OFFSET 2"),
            "(SELECT 1) UNION ALL ((SELECT 2) INTERSECT (SELECT 3)) ORDER BY 1 OFFSET 2 ROWS FETCH NEXT 5 ROWS ONLY");
  EXPECT_EQ(Sql("(SELECT 1 ORDER BY 1) ORDER BY 2"), "(SELECT 1 ORDER BY 1) ORDER BY 2");
}

TEST(Queries, ClausesOfSelect) {
  EXPECT_EQ(
      Sql("WITH x(a) AS (SELECT 1) SELECT DISTINCT t.*, a AS b FROM x t WHERE a > 0 GROUP BY GROUPING SETS ((a), ()), "
          "ROLLUP(a, b) HAVING COUNT(*) > 1 WINDOW w AS (ORDER BY a) QUALIFY a = 1"),
      "WITH `x` (`a`) AS (SELECT 1) SELECT DISTINCT `t`.*, `a` AS `b` FROM `x` AS `t` WHERE (`a` > 0) GROUP BY "
      "GROUPING SETS "
      "(`a`, ()), ROLLUP (`a`, `b`) HAVING (`COUNT`(*) > 1) WINDOW `w` AS (ORDER BY `a`) QUALIFY (`a` = 1)");
}

TEST(Queries, JoinsBindTighterThanTheComma) {
  EXPECT_EQ(Sql("SELECT * FROM a, b LEFT JOIN c ON b.x = c.x NATURAL JOIN d"),
            "SELECT * FROM (`a` , (`b` LEFT JOIN `c` ON (`b`.`x` = `c`.`x`) NATURAL INNER JOIN `d`))");
  EXPECT_EQ(Sql("SELECT * FROM a JOIN b USING (x, y)"), "SELECT * FROM (`a` INNER JOIN `b` USING (`x`, `y`))");
}

TEST(Queries, WhatStandsInFrom) {
  EXPECT_EQ(Sql("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))"),
            "SELECT * FROM TABLE(`TUMBLE`(TABLE `t`, DESCRIPTOR(`ts`), INTERVAL '1' MINUTE))");
  EXPECT_EQ(Sql("SELECT * FROM t, LATERAL TABLE(f(t.a)) AS u(x)"),
            "SELECT * FROM (`t` , LATERAL TABLE(`f`(`t`.`a`)) AS `u` (`x`))");
  EXPECT_EQ(Sql("SELECT * FROM t CROSS JOIN UNNEST(a) WITH ORDINALITY AS u(x, o)"),
            "SELECT * FROM (`t` CROSS JOIN UNNEST(`a`) WITH ORDINALITY AS `u` (`x`, `o`))");
  EXPECT_EQ(Sql("SELECT * FROM o JOIN r FOR SYSTEM_TIME AS OF o.ts AS x ON o.k = x.k"),
            "SELECT * FROM (`o` INNER JOIN `r` FOR SYSTEM_TIME AS OF `o`.`ts` AS `x` ON (`o`.`k` = `x`.`k`))");
  EXPECT_EQ(Sql("SELECT /*+ STATE_TTL(a='1d') */ * FROM t /*+ OPTIONS('k'='v') */"),
            "SELECT /*+ `STATE_TTL` ('a' = '1d') */ * FROM `t` /*+ `OPTIONS` ('k' = 'v') */");
  EXPECT_EQ(Sql("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y)"),
            "SELECT * FROM (VALUES ROW(1, 'a'), ROW(2, 'b')) AS `t` (`x`, `y`)");
  EXPECT_EQ(Sql("SELECT * FROM 'file.parquet'"), "SELECT * FROM 'file.parquet'");
}

TEST(Queries, MatchRecognize) {
  EXPECT_EQ(Sql("SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES LAST(a.x) AS l ONE ROW PER MATCH "
                "AFTER MATCH SKIP "
                "TO LAST a PATTERN (a b+? (c | d){2,}) WITHIN INTERVAL '1' HOUR DEFINE b AS x > 1) AS m"),
            "SELECT * FROM `t` MATCH_RECOGNIZE (PARTITION BY `k` ORDER BY `ts` MEASURES `LAST`(`a`.`x`) AS `l` ONE ROW "
            "PER MATCH AFTER "
            "MATCH SKIP TO LAST `a` PATTERN ((`a` `b`{1,}? (`c` | `d`){2,})) WITHIN INTERVAL '1' HOUR DEFINE `b` AS "
            "(`x` > 1)) AS `m`");
}

TEST(Statements, CreateTable) {
  EXPECT_EQ(Sql("CREATE TEMPORARY TABLE IF NOT EXISTS c.d.t (id BIGINT NOT NULL COMMENT 'k', p AS a + 1, o BIGINT "
                "METADATA FROM 'offset' "
                "VIRTUAL, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (id) NOT ENFORCED) COMMENT 'x' "
                "DISTRIBUTED BY "
                "HASH(id) INTO 4 BUCKETS PARTITIONED BY (id) WITH ('connector' = 'kafka')"),
            "CREATE TEMPORARY TABLE IF NOT EXISTS `c`.`d`.`t` (`id` BIGINT NOT NULL COMMENT 'k', `p` AS (`a` + 1), `o` "
            "BIGINT METADATA "
            "FROM 'offset' VIRTUAL, WATERMARK FOR `ts` AS (`ts` - INTERVAL '5' SECOND), PRIMARY KEY (`id`) NOT "
            "ENFORCED) COMMENT 'x' "
            "DISTRIBUTED BY HASH (`id`) INTO 4 BUCKETS PARTITIONED BY (`id`) WITH ('connector' = 'kafka')");
  EXPECT_EQ(Sql("CREATE TABLE t LIKE s (EXCLUDING OPTIONS INCLUDING ALL)"),
            "CREATE TABLE `t` LIKE `s` (EXCLUDING OPTIONS INCLUDING ALL)");
  EXPECT_EQ(Sql("CREATE OR REPLACE TABLE t (b, a) AS SELECT a, b FROM s"),
            "CREATE OR REPLACE TABLE `t` (`b`, `a`) AS SELECT `a`, `b` FROM `s`");
}

TEST(Statements, DataAndPlans) {
  EXPECT_EQ(Sql("INSERT INTO t PARTITION (d = '1', h) (a, b) SELECT 1, 2 ON CONFLICT DO NOTHING"),
            "INSERT INTO `t` PARTITION (`d` = '1', `h`) (`a`, `b`) SELECT 1, 2 ON CONFLICT DO NOTHING");
  EXPECT_EQ(Sql("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT OVERWRITE b SELECT 2; END"),
            "EXECUTE STATEMENT SET BEGIN INSERT INTO `a` SELECT 1; INSERT OVERWRITE `b` SELECT 2; END");
  EXPECT_EQ(Sql("EXPLAIN CHANGELOG_MODE, PLAN_ADVICE SELECT 1"), "EXPLAIN CHANGELOG_MODE, PLAN_ADVICE SELECT 1");
  EXPECT_EQ(Sql("UPDATE t SET a = 1, b = 2 WHERE c"), "UPDATE `t` SET `a` = 1, `b` = 2 WHERE `c`");
  EXPECT_EQ(Sql("CALL c.d.p(a => 1)"), "CALL `c`.`d`.`p`(`a` => 1)");
}

TEST(Statements, TheSession) {
  EXPECT_EQ(Sql("set execution.runtime-mode=batch"), "SET 'execution.runtime-mode' = 'batch'");
  EXPECT_EQ(Sql("RESET 'a'"), "RESET 'a'");
  EXPECT_EQ(Sql("show tables from c.d not like 'x%'"), "SHOW TABLES FROM `c`.`d` NOT LIKE 'x%'");
  EXPECT_EQ(Sql("SHOW CREATE MATERIALIZED TABLE t"), "SHOW CREATE MATERIALIZED TABLE `t`");
  EXPECT_EQ(Sql("desc catalog extended c"), "DESCRIBE CATALOG EXTENDED `c`");
  EXPECT_EQ(Sql("exit"), "QUIT");
  EXPECT_EQ(Sql("USE MODULES a, b"), "USE MODULES `a`, `b`");
}

TEST(Scripts, SemicolonsInStringsCommentsAndStatementSetsPartNothing) {
  Result<std::vector<ParsedStatement>> script =
      ParseScript("SELECT ';'; -- a;\n;; EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1; END;\n  SELECT /* ; */ 2");
  ASSERT_TRUE(script.ok()) << script.status().message();
  ASSERT_EQ(script->size(), 3u);
  EXPECT_EQ((*script)[0].text, "SELECT ';'");
  EXPECT_EQ((*script)[1].text, "EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1; END");
  EXPECT_EQ((*script)[2].begin.line, 3u);
  EXPECT_EQ((*script)[2].begin.column, 3u);
}

TEST(Limits, DeepNestingIsAnErrorAndNotAStackOverflow) {
  for (const auto& [open, close] : {std::pair<std::string, std::string>{"(", ")"},
                                    {"ARRAY[", "]"},
                                    {"(SELECT ", ")"},
                                    {"NOT ", ""},
                                    {"- ", ""},
                                    {"f(", ")"},
                                    {"CASE WHEN ", " THEN 1 END"}}) {
    std::string text;
    for (int i = 0; i < 20000; ++i) text += open;
    text += "1";
    for (int i = 0; i < 20000; ++i) text += close;
    std::string message = ParseExpression(text).status().message();
    EXPECT_NE(message.find("nested more than 128 levels deep"), std::string::npos) << open << message.substr(0, 200);
  }
}

TEST(Limits, ChainsWithinTheLimitPrintBack) {
  std::string sum = "1", joins = "SELECT * FROM t", unions = "SELECT 1";
  for (int i = 0; i < 500; ++i) {
    sum += i % 2 == 0 ? " + 1" : " - 1";
    joins += " JOIN t ON a";
    unions += " UNION ALL SELECT 1";
  }
  EXPECT_EQ(Expr(Expr(sum)), Expr(sum));
  EXPECT_EQ(Sql(Sql(joins)), Sql(joins));
  EXPECT_EQ(Sql(Sql(unions)), Sql(unions));
  EXPECT_EQ(Sql(unions).find("line"), std::string::npos);
}

TEST(Limits, LongChainsAreAnErrorOrFlat) {
  std::string sum = "1", either = "a";
  for (int i = 0; i < 20000; ++i) {
    sum += " + 1";
    either += " OR a";
  }
  EXPECT_NE(ParseExpression(sum).status().message().find("more than 1000 operations"), std::string::npos);
  EXPECT_TRUE(ParseExpression(either).ok());
}

}  // namespace
}  // namespace thalweg::sql
