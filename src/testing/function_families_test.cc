// The families of functions by examples: SQL text, and what CAST(.. AS STRING) of it gives. Values are those of Flink's own tests and
// documents; whole tables of them are in scalar_corpus_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/select_rows.h"

namespace thalweg::testing {
namespace {

/// The message of a failure.
std::string SqlText(std::string_view sql) {
  SelectRows engine("Europe/Berlin");
  auto rows = engine.Query(fmt::format("SELECT CAST({} AS STRING)", sql));
  if (!rows.ok()) return rows.status().message();
  const columns::Column& column = rows->at(0).column(0);
  return column.IsNull(0) ? "NULL" : std::string(column.String(0));
}

struct Example {
  std::string_view sql, text;
};
/// A failure quotes the SQL around what is looked for.
void Hold(std::initializer_list<Example> examples) {
  for (const Example& example : examples) {
    const std::string text = SqlText(example.sql);
    if (text.find('\n') == std::string::npos && text.find(": ") == std::string::npos)
      EXPECT_EQ(text, example.text) << example.sql;
    else
      EXPECT_THAT(text, ::testing::HasSubstr(std::string(example.text))) << example.sql;
  }
}

TEST(Arithmetic, WrapsFailsAndRoundsAsJava) {
  Hold({{"2147483647 + 1", "-2147483648"},
        {"CAST(127 AS TINYINT) + CAST(1 AS TINYINT)", "-128"},
        {"7 / 2", "3"},
        {"-7 / 2", "-3"},
        {"-7 % 3", "-1"},
        {"7 / 0", "Division by zero: 7 / 0"},
        {"CAST(7 AS DOUBLE) / 0", "Infinity"},
        {"1.0 / 3", "0.333333333333"},
        {"2.5 * 1.25", "3.125"},
        {"9.9 / 0", "Division by zero in /"},
        {"CAST(99999999999999999999999999999999999999 AS DECIMAL(38, 0)) + 1", "NULL"},
        {"CAST(99999999999999999999999999999999999999 AS DECIMAL(38, 0)) + 99999999999999999999999999999999999999",
         "NULL"},
        {"CAST(10000000000 AS DECIMAL(38, 10)) + CAST(0 AS DECIMAL(38, 28))", "10000000000.000000000"},
        {"CAST(10000000000.5 AS DECIMAL(38, 10)) - CAST(0.75 AS DECIMAL(38, 28))", "9999999999.750000000"},
        {"CAST(0.6 AS DECIMAL(38, 38)) + CAST(0.7 AS DECIMAL(38, 37))", "1.300000000000000000000000000000000000"},
        {"CAST(-0.6 AS DECIMAL(38, 38)) - CAST(0.7 AS DECIMAL(38, 37))", "-1.300000000000000000000000000000000000"},
        {"1.5 + NULL", "NULL"}});
}

TEST(Casts, PrintAndReadAsFlink) {
  Hold({{"1.0E7", "1.0E7"},
        {"CAST('1.9' AS INT)", "1"},
        {"CAST(' 42 ' AS BIGINT)", "42"},
        {"CAST('4x' AS INT)", "Cannot cast '4x' to INT"},
        {"TRY_CAST('4x' AS INT)", "NULL"},
        {"CAST('2.345' AS DECIMAL(3, 2))", "2.35"},
        {"CAST(1000 AS DECIMAL(3, 2))", "NULL"},
        {"CAST('abc' AS CHAR(5)) || '|'", "abc  |"},
        {"CAST('abcdef' AS VARCHAR(3))", "abc"},
        {"CAST(TRUE AS STRING)", "TRUE"},
        {"CAST('y' AS BOOLEAN)", "TRUE"},
        {"TIMESTAMP '2024-02-29 12:00:00.5'", "2024-02-29 12:00:00.5"},
        {"CAST('2024-2-9' AS TIMESTAMP(3))", "2024-02-09 00:00:00.000"},
        {"CAST('2023-02-29' AS DATE)", "Cannot cast '2023-02-29' to DATE"},
        {"CAST(TIMESTAMP '2024-07-01 12:00:00' AS TIMESTAMP_LTZ(0))", "2024-07-01 12:00:00"},
        {"ARRAY[1, NULL, 3]", "[1, NULL, 3]"},
        {"MAP['a', 1.5]", "{a=1.5}"},
        {"(1, 'x')", "(1, x)"},
        {"INTERVAL '1' DAY", "+1 00:00:00.000"},
        {"INTERVAL '14' MONTH", "+1-02"}});
}

TEST(Strings, CountCodePoints) {
  Hold({{"CHAR_LENGTH('h\u00e9llo')", "5"},
        {"UPPER('stra\u00dfe \u00e4')", "STRASSE \u00c4"},
        {"SUBSTRING('hello world', 2, 3)", "ell"},
        {"SUBSTRING('hello', -3)", "llo"},
        {"SUBSTRING('hello', 2, -1)", "NULL"},
        {"SUBSTR('hello world', 0, 3)", "hel"},
        {"POSITION('test' IN 'xxxtest')", "4"},
        {"trim(TRAILING from '  example  ')", "  example"},
        {"RTRIM('abcddcba', 'abd')", "abcddc"},
        {"lpad('\u00e4\u00e4', 4, '?')", "??\u00e4\u00e4"},
        {"rpad('abcd', 5, '')", "NULL"},
        {"OVERLAY('This is a old string' PLACING 'new' FROM 11 FOR 3)", "This is a new string"},
        {"REPLACE('aaa', 'a', 'bc')", "bcbcbc"},
        {"CONCAT_WS(',', 'a', NULL, 'b')", "a,b"},
        {"CONCAT('a', NULL)", "NULL"},
        {"SPLIT_INDEX('a,b,c', ',', 1)", "b"},
        {"INITCAP('a bC')", "A Bc"},
        {"TRANSLATE('abc', 'ac', 'x')", "xb"},
        {"FROM_BASE64(TO_BASE64('hi'))", "hi"},
        {"MD5('abc')", "900150983cd24fb0d6963f7d28e17f72"},
        {"SHA256('test')", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}});
}

TEST(Strings, SearchFromAPlaceAndBackwards) {
  Hold({{"INSTR('Corporate Floor', 'or', 3, 2)", "14"},
        {"INSTR('Corporate Floor', 'or', -3, 2)", "2"},
        {"INSTR('Corporate Floor', 'or', 3)", "5"},
        {"INSTR('abc', 'x', 1, 1)", "0"},
        {"INSTR('abc', 'b', 0)", "0"},
        {"INSTR('abc', 'b', 1, 0)", "must be positive, not 0"},
        {"SPLIT_INDEX('aXbXc', 88, 1)", "b"}});
}

TEST(Strings, TakeCharacterSets) {
  Hold({{"DECODE(ENCODE('\u4e2d\u00e4a', 'UTF-16LE'), 'utf-16le')", "\u4e2d\u00e4a"},
        {"CAST(ENCODE('a', 'UTF-16') = X'FEFF0061' AS STRING)", "TRUE"},
        {"DECODE(X'FFFE6100', 'UTF-16')", "a"},
        {"DECODE(ENCODE('\u00e4\u4e2d', 'ISO-8859-1'), 'ISO-8859-1')", "\u00e4?"},
        {"DECODE(X'E4', 'US-ASCII')", "\ufffd"},
        {"ENCODE('a', 'KLINGON')", "Unknown character set 'KLINGON'"}});
}

TEST(Strings, BecomeMapsAndPartsOfUrls) {
  Hold({{"STR_TO_MAP('k1=v1,k2=v2')", "{k1=v1, k2=v2}"},
        {"STR_TO_MAP('k1:v1;k2', ';', ':')", "{k1=v1, k2=NULL}"},
        {"STR_TO_MAP('a=1,a=2')", "{a=2}"},
        {"STR_TO_MAP('k1$$v1|k2$$ v2', '\\|', '\\$\\$')", "{k1=v1, k2= v2}"},
        {"PARSE_URL('http://me@facebook.com:80/path/p1.php?query=1&q=2#Ref1', 'HOST')", "facebook.com"},
        {"PARSE_URL('http://me@facebook.com:80/path/p1.php?query=1&q=2#Ref1', 'AUTHORITY')", "me@facebook.com:80"},
        {"PARSE_URL('http://facebook.com/path/p1.php?query=1#Ref1', 'FILE')", "/path/p1.php?query=1"},
        {"PARSE_URL('http://facebook.com/path/p1.php?query=1&q=2', 'QUERY', 'q')", "2"},
        {"PARSE_URL('no url', 'HOST')", "NULL"},
        {"HASH_CODE('abc')", "96354"},
        {"IS_ALPHA('a\u00e4')", "TRUE"},
        {"IS_ALPHA('a1')", "FALSE"}});
}

TEST(Similar, IsSqlsRegularExpression) {
  Hold({{"'abc' SIMILAR TO 'a(b|x)c'", "TRUE"},
        {"'abcd' SIMILAR TO 'abc'", "FALSE"},
        {"'a.c' SIMILAR TO 'a_c' AND 'abbbc' SIMILAR TO 'a%c'", "TRUE"},
        {"'a%' SIMILAR TO 'a&%' ESCAPE '&' AND 'ab' NOT SIMILAR TO 'a&%' ESCAPE '&'", "TRUE"},
        {"'x7' SIMILAR TO '[a-z][[:DIGIT:]]'", "TRUE"},
        {"'x' SIMILAR TO 'x]'", "] without ["}});
}

TEST(Temporal, TimesHaveThePrecisionOfTheirType) {
  Hold({{"TIME '19:01:02.123'", "19:01:02.123"},
        {"CAST('10:11:12.345' AS TIME(2))", "10:11:12.34"},
        {"CAST('10:11:12.345' AS TIME)", "10:11:12"},
        {"TYPEOF(CAST('10:11:12.345' AS TIME(3)))", "TIME(3) NOT NULL"},
        {"TIMESTAMPDIFF(SECOND, TIME '10:10:10', TIME '11:11:11')", "3661"},
        {"HOUR(INTERVAL '26' HOUR)", "2"},
        {"CEIL(TIMESTAMP '2018-03-01 21:00:01' TO MONTH)", "2018-03-01 00:00:00"},
        {"CEIL(TIMESTAMP '2018-03-02 00:00:00' TO MONTH)", "2018-04-01 00:00:00"}});
}

TEST(Comparison, AStringBesideATimeThatIsNoneIsNull) {
  Hold({{"DATE '2024-01-01' = UUID()", "NULL"},
        {"DATE '2024-01-01' = 'invalid'", "Cannot cast 'invalid' to DATE"},
        {"DATE_FORMAT('invalid', 'yyyy')", "NULL"}});
}

TEST(Like, KnowsItsEscapeOnly) {
  Hold({{"'abc' LIKE 'a%'", "TRUE"},
        {"'abc' LIKE 'a_'", "FALSE"},
        {"'a%c' LIKE 'a!%c' ESCAPE '!'", "TRUE"},
        {"'abc' LIKE 'a!%c' ESCAPE '!'", "FALSE"},
        {"'abcabd' LIKE '%b_d%' OR 'abcabd' LIKE '%ab_'", "TRUE"},
        {"'abc' NOT LIKE '%c'", "FALSE"}});
}

TEST(Regexps, GiveNullForAMalformedPattern) {
  Hold({{"REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "bar"},
        {"REGEXP_EXTRACT('abc', '(')", "NULL"},
        {"REGEXP('abc', '(')", "FALSE"},
        {"REGEXP_REPLACE('foobar', 'oo|ar', 'X$1')", "fX$1bX$1"},
        {"REGEXP_COUNT('aXbXc', 'X')", "2"},
        {"REGEXP_EXTRACT_ALL('1-2, 3-4', '([0-9])-([0-9])', 2)", "[2, 4]"}});
}

TEST(Regexps, EndAtTheLimitOfSteps) {
  EXPECT_TRUE(SqlText("REGEXP(REPEAT('a', 30) || 'b', '^(a+)+$')").find("Regular expression needs too many steps") !=
                  std::string::npos ||
              SqlText("REGEXP(REPEAT('a', 30) || 'b', '^(a+)+$')") == "FALSE");
}

TEST(Temporal, PartsSumsAndDifferences) {
  Hold({{"EXTRACT(WEEK FROM DATE '2021-01-03')", "53"},
        {"DAYOFWEEK(DATE '2024-02-25')", "1"},
        {"TIMESTAMPADD(MONTH, 1, DATE '2024-01-31')", "2024-02-29"},
        {"timestampadd(HOUR, -1, date '2016-06-15')", "2016-06-14 23:00:00.000000"},
        {"TIMESTAMPDIFF(MONTH, TIMESTAMP '2024-01-31 00:00:00', TIMESTAMP '2024-02-29 00:00:00')", "1"},
        {"TIMESTAMPDIFF(DAY, TIMESTAMP '2024-03-01 00:00:00', TIMESTAMP '2024-02-28 12:00:00')", "-1"},
        {"FLOOR(TIMESTAMP '2024-02-29 12:34:56' TO MONTH)", "2024-02-01 00:00:00"},
        {"CEIL(DATE '2021-03-01' TO WEEK)", "2021-03-07"},
        {"DATE '2024-01-31' + INTERVAL '1' MONTH", "2024-02-29"},
        {"TIME '23:59:59' + INTERVAL '1' SECOND", "00:00:00"},
        {"DATE_FORMAT(TIMESTAMP '2024-02-09 15:04:05', 'EEE dd MMM yy hh:mm a')", "Fri 09 Feb 24 03:04 PM"},
        {"TO_TIMESTAMP('09.02.2024 15', 'dd.MM.yyyy HH')", "2024-02-09 15:00:00.000"},
        {"TO_DATE('nonsense')", "NULL"},
        {"FROM_UNIXTIME(0)", "1970-01-01 01:00:00"},
        {"UNIX_TIMESTAMP('1970-01-01 01:00:00')", "0"},
        {"CURRENT_TIMESTAMP", "2023-11-14 23:13:20.123"},
        {"CURRENT_DATE", "2023-11-14"},
        {"CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'America/Los_Angeles')", "1969-12-31 16:00:00"}});
}

// In Berlin 02:30 on 2024-03-31 never was, and 02:30 on 2024-10-27 was twice.
TEST(Temporal, SkippedAndDoubledHoursAreJavas) {
  Hold({{"CAST(TIMESTAMP '2024-03-31 02:30:00' AS TIMESTAMP_LTZ(0))", "2024-03-31 03:30:00"},
        {"UNIX_TIMESTAMP('2024-10-27 02:30:00')", "1729992600"}});
}

TEST(Math, IsJavas) {
  Hold({{"ROUND(-125.315, 2)", "-125.32"},
        {"ROUND(CAST(1.2345 AS DOUBLE), 2)", "1.23"},
        {"TRUNCATE(42.345, 2)", "42.34"},
        {"TRUNCATE(42, -3)", "0"},
        {"CEIL(2.5)", "3"},
        {"FLOOR(-2.5)", "-3"},
        {"LOG(10, 100)", "2.0"},
        {"POWER(2, 10)", "1024.0"},
        {"ABS(CAST(-2147483648 AS INT))", "-2147483648"},
        {"SIGN(-2.5)", "-1.0"},
        {"BIN(10)", "1010"},
        {"CHAR_LENGTH(UUID())", "36"}});
}

TEST(Collections, AreTakenApart) {
  Hold({{"ARRAY[4, 5][2]", "5"},
        {"ARRAY[4, 5][3]", "NULL"},
        {"MAP['a', 1, 'b', 2]['b']", "2"},
        {"CARDINALITY(ARRAY[1, 2])", "2"},
        {"MAP_KEYS(MAP['a', 1])", "[a]"},
        {"ARRAY_SORT(ARRAY[3, NULL, 1])", "[NULL, 1, 3]"},
        {"ELEMENT(ARRAY[1, 2])", "ELEMENT takes an array of at most one element, not 2"}});
}

TEST(Json, FindsByPath) {
  Hold({{"JSON_VALUE('{\"a\": {\"b\": [1, 2.50]}}', '$.a.b[1]')", "2.50"},
        {"JSON_VALUE('{\"a\": {}}', '$.a')", "NULL"},
        {"JSON_VALUE('{\"a\": 1}', 'lax $.b' DEFAULT 'none' ON EMPTY)", "none"},
        {"JSON_VALUE('{\"a\": 1}', 'strict $.b' DEFAULT 'bad' ON ERROR)", "bad"},
        {"JSON_EXISTS('{\"a\": 1}', '$.a')", "TRUE"},
        {"JSON_EXISTS('{\"a\": 1}', 'strict $.b' TRUE ON ERROR)", "TRUE"},
        {"'{\"a\": 1}' IS JSON OBJECT", "TRUE"},
        {"'nonsense' IS NOT JSON", "TRUE"},
        {"JSON_OBJECT('k' VALUE JSON_ARRAY(1, NULL, 'x'))", "{\"k\":[1,\"x\"]}"}});
}

}  // namespace
}  // namespace thalweg::testing
