#include "connectors/file_partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/format.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using types::DataType;
using types::TypeId;

FilePartitions DayAndPlace() { return {{{"dt", DataType(TypeId::kString)}, {"n", DataType(TypeId::kInt)}}}; }

TEST(PartitionNames, AreEscapedAsHiveDoes) {
  EXPECT_EQ(EscapePartitionName("2024-01-31 08:00"), "2024-01-31 08%3A00");
  EXPECT_EQ(EscapePartitionName("a/b=c%d"), "a%2Fb%3Dc%25d");
  EXPECT_EQ(EscapePartitionName("\"#'*?\\{[]^\x7f\n"), "%22%23%27%2A%3F%5C%7B%5B%5D%5E%7F%0A");
  EXPECT_EQ(EscapePartitionName("größe 東京 }~.+"), "größe 東京 }~.+");
  EXPECT_EQ(EscapePartitionName(std::string("\0x", 2)), "%00x");
}

TEST(PartitionNames, ComeBackWhateverTheyHold) {
  std::string all;
  for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
  for (const std::string& name :
       {all, std::string("größe 東京"), std::string("%2F"), std::string("%"), std::string("a%zz=")})
    EXPECT_EQ(UnescapePartitionName(EscapePartitionName(name)), name);
  EXPECT_EQ(UnescapePartitionName(EscapePartitionName(all)).size(), 128u);
}

TEST(PartitionNames, WhatIsNoEscapeStandsForItself) {
  EXPECT_EQ(UnescapePartitionName("100%"), "100%");
  EXPECT_EQ(UnescapePartitionName("%4"), "%4");
  EXPECT_EQ(UnescapePartitionName("%zz%41"), "%zzA");
  EXPECT_EQ(UnescapePartitionName("%E9"), "é");
}

TEST(PartitionFolders, SayTheValuesAsFlinkPrintsThem) {
  const types::Schema schema({{"v", DataType(TypeId::kInt)},
                              {"d", DataType(TypeId::kDate)},
                              {"t", DataType::Timestamp(3)},
                              {"b", DataType(TypeId::kBoolean)},
                              {"s", DataType(TypeId::kString)}});
  columns::BufferPool pool;
  columns::BatchBuilder builder(schema, pool);
  builder.column(0).Append(int32_t{-7});
  builder.column(1).Append(int32_t{19'753});
  builder.column(2).Append(int64_t{1'706'688'000'000});
  builder.column(3).AppendBool(true);
  builder.column(4).AppendString("");
  builder.FinishRow();
  builder.column(0).AppendNull();
  builder.column(1).AppendNull();
  builder.column(2).Append(int64_t{1'706'688'001'500});
  builder.column(3).AppendBool(false);
  builder.column(4).AppendString("a/b");
  builder.FinishRow();
  const columns::Batch batch = builder.Take();
  const FilePartitions partitions{schema.fields()};
  std::string first, second;
  AppendPartitionFolder(partitions, batch, {0, 1, 2, 3, 4}, 0, first);
  AppendPartitionFolder(partitions, batch, {0, 1, 2, 3, 4}, 1, second);
  EXPECT_EQ(first, "v=-7/d=2024-01-31/t=2024-01-31T08%3A00/b=true/s=__DEFAULT_PARTITION__/");
  EXPECT_EQ(second, "v=__DEFAULT_PARTITION__/d=__DEFAULT_PARTITION__/t=2024-01-31T08%3A00%3A01.500/b=false/s=a%2Fb/");
  // And back.
  auto values = PartitionOfPath(partitions, first + "part-0");
  ASSERT_TRUE(values.ok()) << values.status().message();
  columns::BatchBuilder read(schema, pool);
  for (int i = 0; i < schema.size(); ++i)
    ASSERT_TRUE(AppendPartitionValue(schema.field(i), (*values)[static_cast<size_t>(i)], read.column(i)).ok());
  read.FinishRow();
  EXPECT_EQ(columns::RowText(read.Take(), 0), "+I[-7, 2024-01-31, 2024-01-31T08:00, true, null]");
}

TEST(PartitionOfPath, TakesTheKeysInAnyOrderAndWhatLiesDeeper) {
  auto values = PartitionOfPath(DayAndPlace(), "n=5/dt=a%2Fb/deeper/n=6/part-0.json");
  ASSERT_TRUE(values.ok()) << values.status().message();
  EXPECT_THAT(*values, ElementsAre("a/b", "5"));
  EXPECT_THAT(*PartitionOfPath(DayAndPlace(), "dt=__DEFAULT_PARTITION__/n=/p"), ElementsAre(std::nullopt, ""));
}

TEST(PartitionOfPath, ADamagedNameIsAnErrorThatSaysHowItShouldBe) {
  for (const char* path :
       {"part-0", "dt=x/part-0", "dt=x/5/part-0", "dt=x/m=5/part-0", "dt=x/dt=y/part-0", "x/dt=x/n=5/p"}) {
    const Status status = PartitionOfPath(DayAndPlace(), path).status();
    EXPECT_EQ(status.message(), fmt::format("File lies in no partition of its table: {}; its path must be "
                                            "dt=.../n=.../FILE",
                                            path));
    EXPECT_EQ(status.category(), ErrorCategory::kUser);
  }
}

TEST(PartitionValue, WhatIsNoneOfItsTypeIsAnError) {
  columns::BufferPool pool;
  const types::Field key{"n", DataType(TypeId::kInt)};
  columns::ColumnBuilder out(key.type, pool);
  EXPECT_EQ(AppendPartitionValue(key, "x", out).message(),
            "Partition column 'n' has a folder whose name is not a INT: 'x'");
  EXPECT_THAT(AppendPartitionValue(key, "99999999999", out).message(), HasSubstr("out of range for INT"));
}

TEST(PartitionColumns, MustMakeNamesThatAreRead) {
  EXPECT_TRUE(CheckPartitions(DayAndPlace()).ok());
  EXPECT_THAT(CheckPartitions({{{"a", DataType::Array(DataType(TypeId::kInt))}}}).message(),
              HasSubstr("Partition column 'a' is ARRAY<INT>"));
  EXPECT_THAT(CheckPartitions({{{"at", DataType::TimestampLtz(3)}}}).message(), HasSubstr("CAST it to STRING"));
  EXPECT_THAT(CheckPartitions({{{"_d", DataType(TypeId::kInt)}}}).message(),
              HasSubstr("Partition column '_d' begins with '_'"));
}

}  // namespace
}  // namespace thalweg::connectors
