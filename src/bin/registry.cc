#include "bin/registry.h"

#include "connectors/file_node.h"
#include "connectors/kafka_node.h"
#include "connectors/nexmark.h"
#include "connectors/trial_node.h"
#include "connectors/values_source.h"
#include "operators/row_operators.h"
#include "time/clock.h"

namespace thalweg::bin {

void FillRegistry(flow::Registry& registry) {
  registry.AddSource("kafka-source", connectors::MakeKafkaSourceNode);
  registry.AddOperator("kafka-sink", connectors::MakeKafkaSinkNode);
  registry.AddSource(connectors::kUpsertKafkaSource, connectors::MakeKafkaSourceNode);
  registry.AddOperator(connectors::kUpsertKafkaSink, connectors::MakeKafkaSinkNode);
  registry.AddSource("nexmark", connectors::MakeNexmarkNode);
  registry.AddSource("values", connectors::MakeValuesSource);
  registry.AddSource("file-source", connectors::MakeFileSourceNode);
  registry.AddOperator("file-sink", connectors::MakeFileSinkNode);
  registry.AddSource("datagen", [](const graph::Node& node) {
    return connectors::MakeDatagenNode(node, time::SystemClock().NowMs());
  });
  const connectors::PrintStreams streams{std::make_shared<connectors::LineStream>(stdout),
                                         std::make_shared<connectors::LineStream>(stderr)};
  registry.AddOperator("print",
                       [streams](const graph::Node& node) { return connectors::MakePrintNode(node, streams); });
  registry.AddOperator("blackhole", connectors::MakeBlackholeNode);
  operators::AddRowOperators(registry);
}

}  // namespace thalweg::bin
