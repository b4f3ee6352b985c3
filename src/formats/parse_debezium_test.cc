#include "formats/parse_debezium.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/builder.h"
#include "columns/format.h"

namespace thalweg::formats {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using types::DataType;
using types::TypeId;

types::SchemaPtr ProductSchema() {
  return std::make_shared<const types::Schema>(types::Schema({{"id", DataType(TypeId::kInt, false)},
                                                              {"name", DataType(TypeId::kString)},
                                                              {"weight", DataType(TypeId::kDouble)}}));
}

/// Rows of the records; the error of the first that does not parse as the last.
std::vector<std::string> Changes(std::vector<std::string> records, DebeziumOptions options = {}, int32_t capacity = 8) {
  auto decoder = MakeDebeziumDecoder(ProductSchema(), options);
  if (!decoder.ok()) return {decoder.status().message()};
  columns::BufferPool pool;
  columns::BatchBuilder out(*ProductSchema(), pool, capacity);
  std::vector<std::string> rows;
  std::string fault;
  for (std::string& record : records) {
    const size_t size = record.size();
    record.append(kDecodePadding, '\0');
    ParseError error;
    if (!(*decoder)->Decode(std::string_view(record).substr(0, size), out, &error)) fault = error.ToString();
    if (!fault.empty()) break;
  }
  columns::Batch batch = out.Take();
  for (int32_t row = 0; row < batch.rows(); ++row) rows.push_back(columns::RowText(batch, row));
  if (!fault.empty()) rows.push_back(fault);
  return rows;
}

constexpr char kCreate[] =
    R"({"before":null,"after":{"id":1,"name":"scooter","weight":3.14},"source":{"db":"shop"},"op":"c","ts_ms":17})";
constexpr char kUpdate[] =
    R"({"before":{"id":1,"name":"scooter","weight":3.14},"after":{"id":1,"name":"scooter","weight":5.1},"op":"u"})";
constexpr char kDelete[] = R"({"before":{"id":1,"name":"scooter","weight":5.1},"after":null,"op":"d"})";

TEST(DebeziumJson, EventsAreChanges) {
  EXPECT_THAT(Changes({kCreate, R"({"after":{"id":2,"name":null},"op":"r"})", kUpdate, "", kDelete}),
              ElementsAre("+I[1, scooter, 3.14]", "+I[2, null, null]", "-U[1, scooter, 3.14]", "+U[1, scooter, 5.1]",
                          "-D[1, scooter, 5.1]"));
}

TEST(DebeziumJson, AnEventMayStandBesideItsSchema) {
  EXPECT_THAT(
      Changes({fmt::format(R"({{"schema":{{"type":"struct"}},"payload":{}}})", kUpdate)}, {.schema_include = true}),
      ElementsAre("-U[1, scooter, 3.14]", "+U[1, scooter, 5.1]"));
  EXPECT_THAT(Changes({kUpdate}, {.schema_include = true}), ElementsAre(HasSubstr("it has no \"payload\"")));
}

TEST(DebeziumJson, WhatIsNoEventIsAnErrorThatLeavesNothing) {
  EXPECT_THAT(Changes({kCreate, R"({"before":{"id":1},"op":"x"})"}),
              ElementsAre("+I[1, scooter, 3.14]", HasSubstr("unknown \"op\": 'x'; it is one of c, r, u, d")));
  EXPECT_THAT(Changes({R"({"before":null,"after":{"id":1},"op":"u"})"}),
              ElementsAre(HasSubstr("REPLICA IDENTITY FULL")));
  EXPECT_THAT(Changes({R"({"after":{"id":1},"op":"d"})"}), ElementsAre(HasSubstr("needs \"before\"")));
  EXPECT_THAT(Changes({R"({"before":{"id":1},"op":"u"})"}), ElementsAre(HasSubstr("needs \"after\"")));
  EXPECT_THAT(Changes({R"({"after":{"id":"one"},"op":"c"})"}), ElementsAre(HasSubstr("column 'after.id'")));
  EXPECT_THAT(Changes({"{"}), ElementsAre(HasSubstr("record: {")));
  EXPECT_THAT(Changes({kCreate, kUpdate}, {}, 2), ElementsAre("+I[1, scooter, 3.14]", HasSubstr("the batch is full")));
}

TEST(DebeziumJson, IgnoredErrorsPassOverTheEvent) {
  DebeziumOptions options;
  options.json.ignore_parse_errors = true;
  EXPECT_THAT(Changes({R"({"before":{"id":1},"op":"x"})", "{", kCreate}, options), ElementsAre("+I[1, scooter, 3.14]"));
}

TEST(DebeziumJson, ChangesAreWrittenAsCreationsAndDeletions) {
  auto encoder = *MakeDebeziumEncoder(ProductSchema(), {});
  columns::BufferPool pool;
  columns::BatchBuilder builder(*ProductSchema(), pool);
  for (types::RowKind kind : {types::RowKind::kInsert, types::RowKind::kUpdateBefore, types::RowKind::kUpdateAfter,
                              types::RowKind::kDelete}) {
    builder.column(0).Append<int32_t>(1);
    builder.column(1).AppendString("x");
    builder.column(2).AppendNull();
    builder.FinishRow(columns::kNoTime, kind);
  }
  const columns::Batch batch = builder.Take();
  const std::string created = R"({"before":null,"after":{"id":1,"name":"x","weight":null},"op":"c"})";
  const std::string deleted = R"({"before":{"id":1,"name":"x","weight":null},"after":null,"op":"d"})";
  for (int32_t row = 0; row < batch.rows(); ++row) {
    std::string out;
    ASSERT_TRUE(encoder->Encode(batch, row, &out).ok());
    EXPECT_EQ(out, row % 2 == 0 ? created : deleted);
  }
  EXPECT_THAT(MakeDebeziumEncoder(ProductSchema(), {.schema_include = true}).status().message(),
              HasSubstr("not written"));
}

}  // namespace
}  // namespace thalweg::formats
