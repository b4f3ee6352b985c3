#include "graph/table_connector.h"

#include <gtest/gtest.h>

namespace thalweg::graph {
namespace {

class NoConnector final : public TableConnector {
 public:
  Result<SourceTable> Source(const TableDescriptor&) const override { return UserError("no source"); }
  Result<SinkTable> Sink(const TableDescriptor&) const override { return UserError("no sink"); }
};

TEST(TableConnectors, AnUnknownNameIsAnErrorWithTheNearestAndAllThatExist) {
  TableConnectors connectors;
  for (const char* name : {"kafka", "print", "upsert-kafka"}) connectors.Add(name, std::make_unique<NoConnector>());
  EXPECT_TRUE(connectors.Find("kafka").ok());
  EXPECT_NE(*connectors.Find("kafka"), *connectors.Find("print"));
  EXPECT_EQ(connectors.Find("kafak").status().message(),
            "Unknown connector 'kafak'; did you mean 'kafka'? There are: kafka, print, upsert-kafka");
  EXPECT_EQ(connectors.Find("jdbc").status().message(),
            "Unknown connector 'jdbc'. There are: kafka, print, upsert-kafka");
}

TEST(TableConnectors, AConnectorThatSaysNothingHasNoMetadata) {
  EXPECT_TRUE(NoConnector().ReadableMetadata({})->empty());
  EXPECT_TRUE(NoConnector().WritableMetadata({})->empty());
}

}  // namespace
}  // namespace thalweg::graph
