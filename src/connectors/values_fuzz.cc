#include "connectors/values_source.h"
#include "testing/fuzz.h"

namespace thalweg::connectors {
namespace {

types::SchemaPtr FuzzedValuesSchema() {
  return std::make_shared<const types::Schema>(
      types::Schema({{"a", types::DataType(types::TypeId::kInt)}, {"b", types::DataType(types::TypeId::kString)}}));
}

}  // namespace

// Any payload is an error or a source.
FUZZ_TARGET(ValuesPayload, MakeValuesNode(FuzzedValuesSchema(), {})->payload) {
  graph::Node node = *MakeValuesNode(FuzzedValuesSchema(), {});
  node.payload = input;
  auto source = MakeValuesSource(node);
  if (source.ok()) THALWEG_CHECK((*source)->bounded());
}

}  // namespace thalweg::connectors
