#include "graph/match_spec.h"

#include <gtest/gtest.h>

#include "expr/functions.h"
#include "graph/aggregate_spec_samples_test.h"

namespace thalweg::graph {
namespace {

using expr::Expression;
using types::DataType;
using types::TypeId;

MatchSpec SampleMatch() {
  MatchSpec spec;
  spec.input =
      types::Schema({{"k", DataType(TypeId::kInt)}, {"ok", DataType(TypeId::kBoolean)}, {"t", DataType::Timestamp(3)}});
  spec.partition = {0};
  spec.time_column = 2;
  spec.order = {{.column = 0, .descending = true}};
  const MatchRead last{.variable = 0, .offset = 1, .column = 0};
  MatchVariable a{.name = "A", .min = 1, .max = -1, .greedy = true, .column = 1};
  MatchVariable b{.name = "B", .min = 0, .max = 2};
  b.reads = {last};
  const Expression k = Expression::Input(0, DataType(TypeId::kInt));
  b.condition = expr::Resolve(">", {k, Expression::Literal(expr::Value::Int(5))}).value();
  spec.pattern = {a, b};
  spec.after = MatchSpec::After::kToLast;
  spec.skip_to = 1;
  spec.within_ms = 1000;
  AggregateCall count;
  count.function = "COUNT";
  count.type = DataType(TypeId::kBigInt, false);
  count.name = "n";
  spec.output = {{.kind = MatchRead::Kind::kFirst, .column = 2},
                 {.kind = MatchRead::Kind::kAggregate, .variable = 1, .call = count},
                 {.kind = MatchRead::Kind::kTime}};
  spec.zone = "Europe/Berlin";
  spec.query_start_ms = 7;
  return spec;
}

TEST(MatchSpec, ComesBackAsItWas) { EXPECT_EQ(DecodeMatch(Encode(SampleMatch())).value(), SampleMatch()); }

TEST(MatchSpec, ReadsHaveTheirTypes) {
  const MatchSpec spec = SampleMatch();
  EXPECT_EQ(TypeOf(spec.output[0], spec.input), DataType::Timestamp(3));
  EXPECT_EQ(TypeOf(spec.output[1], spec.input), DataType(TypeId::kBigInt, false));
  EXPECT_EQ(TypeOf(spec.output[2], spec.input), DataType::Timestamp(3, false));
}

void ExpectRefused(void (*change)(MatchSpec&), std::string_view message) {
  MatchSpec spec = SampleMatch();
  change(spec);
  const Status status = DecodeMatch(Encode(spec)).status();
  EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
}

TEST(MatchSpec, WhatIsNotThereIsRefused) {
  ExpectRefused([](MatchSpec& s) { s.partition = {9}; }, "partition of MATCH_RECOGNIZE");
  ExpectRefused([](MatchSpec& s) { s.time_column = 0; }, "order of MATCH_RECOGNIZE");
  ExpectRefused([](MatchSpec& s) { s.order = {{.column = 9}}; }, "order of MATCH_RECOGNIZE");
  ExpectRefused([](MatchSpec& s) { s.pattern[0].column = 2; }, "The condition of A is TIMESTAMP(3)");
  ExpectRefused([](MatchSpec& s) { s.pattern[0].column = 9; }, "condition of A");
  ExpectRefused([](MatchSpec& s) { s.pattern[1].reads.clear(); }, "Wrong condition of a pattern");
  ExpectRefused([](MatchSpec& s) { s.pattern[1].reads[0].column = 9; }, "column of a match");
  ExpectRefused([](MatchSpec& s) { s.pattern[1].reads[0].variable = 2; }, "Wrong variable 2");
  ExpectRefused([](MatchSpec& s) { s.pattern[1].reads[0].offset = -1; }, "Wrong offset");
  ExpectRefused([](MatchSpec& s) { s.skip_to = 2; }, "Wrong variable 2 to skip to");
  ExpectRefused([](MatchSpec& s) { s.within_ms = -1; }, "Wrong time of a match");
  ExpectRefused([](MatchSpec& s) { s.output[1].call.arguments = {9}; }, "argument of COUNT");
}

TEST(MatchSpec, QuantifiersThatGiveNoAutomatonAreRefused) {
  ExpectRefused([](MatchSpec& s) { s.pattern[1].max = 0; }, "Wrong quantifier of B");
  ExpectRefused([](MatchSpec& s) { s.pattern[1].min = 3; }, "Wrong quantifier of B");
  ExpectRefused([](MatchSpec& s) { s.pattern[0].min = 0; }, "not optional");
  ExpectRefused([](MatchSpec& s) { s.pattern.clear(); }, "");
  ExpectRefused([](MatchSpec& s) { s.pattern[1].max = 20'000; }, "count 20001 rows");
}

}  // namespace
}  // namespace thalweg::graph
