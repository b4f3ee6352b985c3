// CREATE FUNCTION of C++: the library of examples/sql_functions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bin/sql_runner.h"

namespace thalweg::bin {
namespace {

using ::testing::HasSubstr;

struct FunctionsRun {
  std::string out;
  Status status;
};

std::string Created(std::string_view names) {
  std::string text;
  for (std::string_view name : {"add_tax", "initials", "words"})
    if (names.find(name) != std::string_view::npos)
      text +=
          fmt::format("CREATE FUNCTION {0} AS '{0}' LANGUAGE CPP USING ARTIFACT '{1}';\n", name, THALWEG_SQL_FUNCTIONS);
  return text;
}

FunctionsRun RunWithFunctions(std::string_view names, const std::string& text) {
  std::FILE* file = std::tmpfile();
  FunctionsRun ran;
  ran.status =
      RunSql({.text = Created(names) + text, .file = "f.sql", .output = cli::OutputFormat::kCsv}, {}, {}, file);
  std::rewind(file);
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof(buffer), file)) > 0;) ran.out.append(buffer, n);
  std::fclose(file);
  return ran;
}

TEST(SqlFunctions, AScalarFunctionTakesAndGivesValues) {
  FunctionsRun ran = RunWithFunctions("add_tax initials",
                                      "SELECT ADD_TAX(a, 0.5) AS x, initials('Ada', b) AS y FROM (VALUES (100, "
                                      "'Lovelace'), (CAST(NULL AS INT), CAST(NULL AS STRING))) AS t(a, b);");
  ASSERT_TRUE(ran.status.ok()) << ran.status.ToString();
  EXPECT_EQ(ran.out, "op,x,y\n+I,150,AL\n+I,,A\n");
}

TEST(SqlFunctions, ATableFunctionGivesRows) {
  FunctionsRun ran =
      RunWithFunctions("words",
                       "SELECT id, word, length FROM (VALUES (1, 'a bcd'), (2, ''), (3, CAST(NULL AS STRING))) AS "
                       "t(id, s) LEFT JOIN LATERAL TABLE(words(s)) ON TRUE;\n"
                       "SELECT w, n FROM (VALUES ('x yy')) AS t(s), LATERAL TABLE(words(s)) AS u(w, n) WHERE n > 1;\n"
                       "SELECT word FROM TABLE(words('p q'));");
  ASSERT_TRUE(ran.status.ok()) << ran.status.ToString();
  EXPECT_EQ(ran.out,
            "op,id,word,length\n+I,1,a,1\n+I,1,bcd,3\n+I,2,,\n+I,3,,\n"
            "op,w,n\n+I,yy,2\n"
            "op,word\n+I,p\n+I,q\n");
}

TEST(SqlFunctions, AnExceptionFailsTheQueryWithItsText) {
  FunctionsRun ran = RunWithFunctions("add_tax", "SELECT add_tax(a, -0.5) FROM (VALUES (100)) AS t(a);");
  EXPECT_THAT(ran.status.message(), HasSubstr("A function threw: a rate is not negative"));
}

TEST(SqlFunctions, ArgumentsOfOtherTypesAreRefused) {
  FunctionsRun ran = RunWithFunctions("add_tax", "SELECT add_tax('a', 1.0);");
  EXPECT_THAT(ran.status.message(), HasSubstr("add_tax(<BIGINT>, <DOUBLE>)"));
}

TEST(SqlFunctions, FunctionsAreDroppedAndShown) {
  FunctionsRun ran = RunWithFunctions("words initials",
                                      "SHOW USER FUNCTIONS;\nDROP FUNCTION words;\nSELECT * FROM TABLE(words('a'));");
  EXPECT_THAT(ran.out, HasSubstr("initials"));
  EXPECT_THAT(ran.status.message(), HasSubstr("words"));
  EXPECT_FALSE(ran.status.ok());
}

TEST(SqlFunctions, WhatCannotBeLoadedIsNamed) {
  EXPECT_THAT(
      RunWithFunctions("", "CREATE FUNCTION f AS 'f' LANGUAGE CPP USING ARTIFACT '/nowhere.so';").status.message(),
      HasSubstr("Library of functions does not exist: /nowhere.so"));
  EXPECT_THAT(RunWithFunctions("", fmt::format("CREATE FUNCTION f AS 'no_such' LANGUAGE CPP USING ARTIFACT '{}';",
                                               THALWEG_SQL_FUNCTIONS))
                  .status.message(),
              HasSubstr("has no function no_such"));
  EXPECT_THAT(RunWithFunctions("", "CREATE FUNCTION f AS 'com.acme.F';").status.message(), HasSubstr("not of JAVA"));
}

TEST(SqlFunctions, ATableFunctionIsToldByItsName) {
  EXPECT_THAT(RunWithFunctions("words", "SELECT * FROM TABLE(words('p q')) AS u(w);").status.message(),
              HasSubstr("words gives 2 columns, 1 are named"));
}

TEST(SqlFunctions, ATableFunctionJoinsByTheNamesItShares) {
  FunctionsRun ran = RunWithFunctions(
      "words",
      "SELECT * FROM (VALUES (1, 'p qq'), (2, 'r ss')) AS t(n, s) NATURAL JOIN LATERAL TABLE(words(s)) AS u(w, n);");
  ASSERT_TRUE(ran.status.ok()) << ran.status.ToString();
  EXPECT_EQ(ran.out, "op,n,s,w\n+I,1,\"p qq\",p\n+I,2,\"r ss\",ss\n");
}

TEST(SqlFunctions, AFunctionStandsWhereItsKindMay) {
  EXPECT_THAT(RunWithFunctions("words", "SELECT words('a');").status.message(), HasSubstr("words is a table function"));
  EXPECT_THAT(RunWithFunctions("initials", "SELECT * FROM TABLE(initials('a', 'b'));").status.message(),
              HasSubstr("initials gives a value, not rows"));
}

}  // namespace
}  // namespace thalweg::bin
