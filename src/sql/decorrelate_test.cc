#include "sql/decorrelate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/bind.h"
#include "sql/parser.h"

namespace thalweg::sql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kRows =
    "WITH t AS (SELECT * FROM (VALUES (1, 'x')) AS t(a, k)), u AS (SELECT * FROM (VALUES (1, 'x')) AS u(b, k)) ";

Result<std::string> PlanText(const std::string& select) {
  const std::string text = kRows + select;
  THALWEG_ASSIGN(StatementPtr statement, ParseStatement(text));
  Catalog catalog;
  BindEnvironment environment{catalog};
  THALWEG_ASSIGN(PlanPtr plan, BindQuery(*statement->As<QueryStatement>()->query, text, environment));
  return ToText(*plan);
}

TEST(Decorrelate, AnEqualityBecomesAKeyOfTheJoin) {
  EXPECT_THAT(PlanText("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k)").value(),
              HasSubstr("Join(type=[semi], on=[k = k])"));
}

TEST(Decorrelate, AnEqualityBelowAnAggregateBecomesAGroupKey) {
  const std::string plan = PlanText("SELECT a, (SELECT MAX(b) FROM u WHERE u.k = t.k) FROM t").value();
  EXPECT_THAT(plan, HasSubstr("GroupAggregate(groupBy=[$key0], select=[MAX($f0)])"));
  EXPECT_THAT(plan, Not(HasSubstr("$domain")));
}

TEST(Decorrelate, AnInequalityBelowAnAggregateIsComputedForEachValue) {
  EXPECT_THAT(PlanText("SELECT a, (SELECT MAX(b) FROM u WHERE b < a) FROM t").value(), HasSubstr("groupBy=[$domain0]"));
}

TEST(Decorrelate, NoReferenceIsLeft) {
  for (const char* select :
       {"SELECT (SELECT COUNT(*) FROM u WHERE b <> a AND EXISTS (SELECT 1 FROM u AS w WHERE w.b = u.b AND w.k = t.k)) "
        "FROM t",
        "SELECT a FROM t WHERE a > (SELECT AVG(b) FROM u LEFT JOIN (SELECT b AS c FROM u WHERE k = t.k) AS v ON c = b)",
        "SELECT a, x FROM t, LATERAL (SELECT b + a AS x FROM u UNION ALL SELECT a FROM u WHERE u.k = t.k)"})
    EXPECT_THAT(PlanText(select).value(), Not(HasSubstr("$outer"))) << select;
}

TEST(Decorrelate, WhatCannotBeTakenOutIsRefusedAtItsPlace) {
  const Status status = PlanText(
                            "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM (SELECT * FROM u WHERE u.k = t.k) AS l FULL "
                            "JOIN u AS r ON l.b = r.b)")
                            .status();
  EXPECT_THAT(status.message(),
              HasSubstr("This subquery refers to the query around it in a way that is not supported"));
  EXPECT_THAT(status.message(), HasSubstr("line 1, column"));
}

}  // namespace
}  // namespace thalweg::sql
