#include "formats/schema_inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/source_folder.h"

namespace thalweg::formats {
namespace {

using ::testing::HasSubstr;

std::string CsvText(std::string_view text, bool whole = true) {
  auto columns = InferCsvColumns(text, whole);
  if (!columns.ok()) return "error: " + std::string(columns.status().message());
  return (columns->header ? "header " : "") + columns->schema->ToString();
}
std::string JsonText(std::string_view text, bool whole = true) {
  auto schema = InferJsonColumns(text, whole);
  return schema.ok() ? (*schema)->ToString() : "error: " + std::string(schema.status().message());
}

TEST(InferCsv, AColumnHasTheTypeThatHoldsAllOfItsValues) {
  EXPECT_EQ(CsvText("id,price,ok,day,at,name\n1,2,true,2024-01-31,2024-01-31 "
                    "10:00:00,x\n-7,2.5,FALSE,2024-02-01,2024-01-31 10:00:00.123,\"a,\"\"b\"\n"),
            "header (id BIGINT, price DOUBLE, ok BOOLEAN, day DATE, at TIMESTAMP(3), name STRING)");
  EXPECT_EQ(CsvText("a\n1\nx\n"), "header (a STRING)");
  EXPECT_EQ(CsvText("a,b\n,\n,3\n"), "header (a STRING, b BIGINT)") << "empty fields say nothing";
  EXPECT_EQ(CsvText("a\n9223372036854775808\n"), "header (a DOUBLE)");
  EXPECT_EQ(CsvText("a\nnan\n"), "header (a STRING)");
}

TEST(InferCsv, AFirstRecordOfValuesIsNoHeader) {
  EXPECT_EQ(CsvText("1,x\n2,y\n"), "(f0 BIGINT, f1 STRING)");
  EXPECT_EQ(CsvText("x,x\n"), "(f0 STRING, f1 STRING)") << "the names of columns differ";
}

TEST(InferCsv, ARecordThatIsCutOffDoesNotCount) {
  EXPECT_EQ(CsvText("a\n1\n2x", false), "header (a BIGINT)");
  EXPECT_EQ(CsvText("a\n1\n2x", true), "header (a STRING)");
  EXPECT_THAT(CsvText(""), HasSubstr("error: No record of CSV"));
}

TEST(InferJson, FieldsComeInTheirOrderAndNest) {
  EXPECT_EQ(JsonText("{\"b\":1,\"a\":{\"x\":null,\"y\":[1,2.5]}}\n{\"c\":true,\"a\":{\"x\":\"t\"}}\n"),
            "(b BIGINT, a ROW<`x` STRING, `y` ARRAY<DOUBLE>>, c BOOLEAN)");
  EXPECT_EQ(JsonText("{\"a\":1}\n{\"a\":\"x\"}\n"), "(a STRING)");
  EXPECT_EQ(JsonText("{\"a\":[]}"), "(a ARRAY<STRING>)");
  EXPECT_EQ(JsonText("{\"a\":1}\n{\"b\":", false), "(a BIGINT)");
  EXPECT_THAT(JsonText("{\"a\":1}\n[1]\n"), HasSubstr("error: Record 2 is no JSON object"));
  EXPECT_THAT(JsonText("{\"a\""), HasSubstr("error: Record 1 is no JSON"));
  EXPECT_THAT(JsonText("{}"), HasSubstr("error: No object with a field"));
}

TEST(ParquetColumns, AreThoseOfTheFile) {
  auto storage = *io::OpenStorage(SourceFolder() + "/tests/golden");
  auto schema = ReadParquetColumns(storage, "arrow_types.parquet", "arrow_types.parquet");
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  EXPECT_EQ((*schema)->ToString(),
            "(page STRING, user STRING, code BIGINT, raw BYTES, tags ARRAY<STRING>, view STRING)");
  EXPECT_THAT(ReadParquetColumns(storage, "files.py", "files.py").status().message(),
              HasSubstr("Not a readable Parquet file: files.py"));
}

}  // namespace
}  // namespace thalweg::formats
