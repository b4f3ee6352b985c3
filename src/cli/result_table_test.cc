// Expectations are Flink's own texts: what TableResult.print() of 2.3.0 printed, and the scripts of its SQL client.
#include "cli/result_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/display_width.h"
#include "testing/row_harness.h"

namespace thalweg::cli {
namespace {

using ::testing::HasSubstr;

/// The result's text; `rows` one batch each.
std::string Printed(std::string_view columns, const std::vector<std::string>& rows, ResultOptions options = {}) {
  auto schema = std::make_shared<const types::Schema>(testing::ParseSchema(columns));
  auto writer = MakeResultWriter(schema, options);
  if (!writer.ok()) return writer.status().message();
  columns::BufferPool pool;
  std::string out;
  for (const std::string& row : rows) {
    columns::BatchBuilder builder(*schema, pool);
    testing::AppendRowText(row, *schema, builder);
    columns::Batch batch = builder.Take();
    if (Status status = (*writer)->Append(batch, &out); !status.ok()) return status.message();
  }
  (*writer)->Finish(&out);
  return "\n" + out;
}

TEST(ResultTable, AStreamHasAColumnOfKindsAndWidthsByType) {
  EXPECT_EQ(Printed("ws TIMESTAMP(3), `user` STRING, c BIGINT, s INT",
                    {"+I[2026-11-20 21:25:00, u0, 3, 9]", "-U[2026-11-20 21:25:00, u0, 3, 9]",
                     "+U[2026-11-20 21:25:00, null, -4, null]"},
                    {.changelog = true}),
            R"(
+----+-------------------------+--------------------------------+----------------------+-------------+
| op |                      ws |                           user |                    c |           s |
+----+-------------------------+--------------------------------+----------------------+-------------+
| +I | 2026-11-20 21:25:00.000 |                             u0 |                    3 |           9 |
| -U | 2026-11-20 21:25:00.000 |                             u0 |                    3 |           9 |
| +U | 2026-11-20 21:25:00.000 |                         <NULL> |                   -4 |      <NULL> |
+----+-------------------------+--------------------------------+----------------------+-------------+
3 rows in set
)");
}

TEST(ResultTable, EachTypeHasFlinksWidth) {
  EXPECT_EQ(Printed("a TINYINT, b SMALLINT, c DECIMAL(10, 2), d BOOLEAN, e DATE, f TIME, g TIMESTAMP(9)",
                    {"[1, 2, 3.40, true, 2024-02-29, 12:34:56, 2021-04-13 20:12:11.123456789]"}),
            R"(
+--------+--------+--------------+--------+------------+----------+-------------------------------+
|      a |      b |            c |      d |          e |        f |                             g |
+--------+--------+--------------+--------+------------+----------+-------------------------------+
|      1 |      2 |         3.40 |   TRUE | 2024-02-29 | 12:34:56 | 2021-04-13 20:12:11.123456789 |
+--------+--------+--------------+--------+------------+----------+-------------------------------+
1 row in set
)");
}

TEST(ResultTable, TextsAreCutAtThirtyColumnsAndLongNamesWiden) {
  EXPECT_EQ(Printed("a_column_with_quite_a_long_name_of_33 INT, name STRING",
                    {"[1, 30b5c1bb-0ac0-43d3-b812-fcb649fd2b07]", "[2, exactly-thirty-characters-here]"}),
            R"(
+---------------------------------------+--------------------------------+
| a_column_with_quite_a_long_name_of_33 |                           name |
+---------------------------------------+--------------------------------+
|                                     1 | 30b5c1bb-0ac0-43d3-b812-fcb... |
|                                     2 | exactly-thirty-characters-here |
+---------------------------------------+--------------------------------+
2 rows in set
)");
}

TEST(ResultTable, TheDisplayWidthIsAnOptionOfColumnsWithoutTheirOwn) {
  EXPECT_EQ(Printed("name STRING, dob TIMESTAMP(3), isHappy BOOLEAN",
                    {"[30b5c1bb-0ac0-43d3-b812-fcb649fd2b07, 2001-01-13 20:11:11.123, true]"},
                    {.changelog = true, .max_column_width = 10}),
            R"(
+----+------------+-------------------------+---------+
| op |       name |                     dob | isHappy |
+----+------------+-------------------------+---------+
| +I | 30b5c1b... | 2001-01-13 20:11:11.123 |    TRUE |
+----+------------+-------------------------+---------+
1 row in set
)");
}

TEST(ResultTable, EastAsianTextTakesTwoColumnsACharacter) {
  EXPECT_EQ(
      Printed("s STRING",
              {"[\u4e2d\u6587]",
               "[\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587]",
               "[\u00e9]"}),
      "\n+--------------------------------+\n"
      "|                              s |\n"
      "+--------------------------------+\n"
      "|                           \u4e2d\u6587 |\n"
      "|  \u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d... |\n"
      "|                              \u00e9 |\n"
      "+--------------------------------+\n"
      "3 rows in set\n");
  EXPECT_EQ(DisplayWidth("a\u4e2d\U0001f600\uff21\u00e4\xff"), 9u);
  EXPECT_EQ(BytesWithin("a\u4e2db", 2), 1u);
  EXPECT_EQ(BytesWithin("a\u4e2db", 3), 4u);
}

TEST(ResultTable, NestedValuesAndBytesPrintAsFlinks) {
  EXPECT_EQ(Printed("r ROW<a INT, b STRING>, l ARRAY<INT>, d DOUBLE", {"[[1, x], [1, null, 2], 1.0E10]"},
                    {.style = ResultOptions::Style::kByContent}),
            R"(
+--------+--------------+--------+
|      r |            l |      d |
+--------+--------------+--------+
| (1, x) | [1, NULL, 2] | 1.0E10 |
+--------+--------------+--------+
1 row in set
)");
  columns::BufferPool pool;
  types::Schema schema = testing::ParseSchema("b BYTES, m MAP<STRING, BYTES>");
  columns::BatchBuilder builder(schema, pool);
  builder.column(0).AppendString("\xca\xfe");
  builder.column(1).child(0).AppendString("k");
  builder.column(1).child(1).AppendString("\x01");
  builder.column(1).CloseRow();
  builder.FinishRow();
  auto writer = *MakeResultWriter(std::make_shared<const types::Schema>(schema), {.style = ResultOptions::Style::kRaw});
  std::string out;
  ASSERT_TRUE(writer->Append(builder.Take(), &out).ok());
  EXPECT_EQ(out, "x'cafe', {k=x'01'}\n");
}

TEST(ResultTable, AFittedTableIsAsWideAsItsContent) {
  const ResultOptions options{.style = ResultOptions::Style::kByContent, .null_text = ""};
  EXPECT_EQ(Printed("id INT, cnt BIGINT, uv STRING", {"[1, 1, null]", "[2, 2, x]"}, options), R"(
+----+-----+----+
| id | cnt | uv |
+----+-----+----+
|  1 |   1 |    |
|  2 |   2 |  x |
+----+-----+----+
2 rows in set
)");
  EXPECT_EQ(Printed("`EXPR$0` STRING", {"[;\n]"}, options), R"(
+--------+
| EXPR$0 |
+--------+
|     ;
 |
+--------+
1 row in set
)");
  EXPECT_EQ(Printed("name STRING, dob TIMESTAMP(3), isHappy BOOLEAN",
                    {"[30b5c1bb-0ac0-43d3-b812-fcb649fd2b07, 2001-01-13 20:11:11.123, true]"},
                    {.style = ResultOptions::Style::kByContent, .max_column_width = 10}),
            R"(
+------------+------------+---------+
|       name |        dob | isHappy |
+------------+------------+---------+
| 30b5c1b... | 2001-01... |    TRUE |
+------------+------------+---------+
1 row in set
)");
}

TEST(ResultTable, NoRowsAreAnEmptySetWithoutHeader) {
  EXPECT_EQ(Printed("a INT", {}), "\nEmpty set\n");
  EXPECT_EQ(Printed("a INT", {}, {.style = ResultOptions::Style::kByContent}), "\nEmpty set\n");
}

TEST(ResultTable, InstantsAreInTheSessionsZone) {
  EXPECT_THAT(Printed("t TIMESTAMP_LTZ(3)", {"[1000]"}, {.zone = *expr::Zone::Find("Asia/Shanghai")}),
              HasSubstr("| 1970-01-01 08:00:01.000 |"));
}

TEST(ResultCsv, HasALineOfNamesAndOneForEachRow) {
  const ResultOptions csv{.format = OutputFormat::kCsv};
  EXPECT_EQ(Printed("a INT, b STRING", {"[1, x]", "[null, ;]"}, csv), "\na,b\n1,x\n,;\n");
  EXPECT_EQ(Printed("a INT, b STRING", {"+U[1, x y]"}, {.format = OutputFormat::kCsv, .changelog = true}),
            "\nop,a,b\n+U,1,\"x y\"\n");
  EXPECT_EQ(Printed("a INT", {}, csv), "\na\n");
  EXPECT_EQ(Printed("m MAP<STRING, INT>", {}, csv), "CSV cannot hold column 'm' of type MAP<STRING, INT>; JSON can");
  EXPECT_EQ(Printed("m MAP<INT, INT>", {}, csv), "CSV cannot hold column 'm' of type MAP<INT, INT>");
}

TEST(ResultJson, IsAnObjectALine) {
  EXPECT_EQ(Printed("a INT, r ROW<b STRING>", {"[1, [x]]", "[null, null]"}, {.format = OutputFormat::kJsonl}),
            "\n{\"a\":1,\"r\":{\"b\":\"x\"}}\n{\"a\":null,\"r\":null}\n");
  EXPECT_EQ(Printed("a INT", {"-D[1]"}, {.format = OutputFormat::kJsonl, .changelog = true}),
            "\n{\"op\":\"-D\",\"a\":1}\n");
}

// A result has no options of formats, so its errors advise none.
TEST(ResultJson, WritesNullKeysAndNamesTheFormatThatShowsOtherMaps) {
  const ResultOptions jsonl{.format = OutputFormat::kJsonl};
  EXPECT_EQ(Printed("m MAP<STRING, INT>", {"[{null=1}]"}, jsonl), "\n{\"m\":{\"null\":1}}\n");
  EXPECT_EQ(Printed("m MAP<INT, INT>", {}, jsonl),
            "Column 'm': JSON maps have STRING keys; this is a MAP<INT, INT>; table shows it");
}

TEST(OutputFormats, AnUnknownOneIsAnError) {
  EXPECT_EQ(*ParseOutputFormat("jsonl"), OutputFormat::kJsonl);
  EXPECT_EQ(ParseOutputFormat("json").status().message(),
            "Not one of the formats of results: 'json'; write one of: table, csv, jsonl");
}

}  // namespace
}  // namespace thalweg::cli
