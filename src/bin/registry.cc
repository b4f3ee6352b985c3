#include "bin/registry.h"

#include "connectors/print_sink.h"

namespace thalweg::bin {

void FillRegistry(flow::Registry& registry) {
  registry.AddOperator("blackhole", [](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
    return connectors::MakeBlackholeSink();
  });
}

}  // namespace thalweg::bin
