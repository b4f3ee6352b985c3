#include "flow/program.h"

namespace thalweg::flow {

void ShowRows(const columns::Batch& batch, time::WatermarkGenerator& generator) {
  const auto* times = batch.times().data<int64_t>();
  if (batch.num_columns() == 1 && batch.column(0).type.id() == types::TypeId::kObject)
    generator.OnObjects(batch.column(0).data<std::byte>(), times, batch.rows());
  else
    generator.OnRows(times, batch.rows());
}

std::string PartitionerKey(const graph::JobGraph& graph, size_t edge) {
  const graph::Edge& wanted = graph.edges[edge];
  std::string key = graph.FindNode(wanted.from)->uid + "/" + graph.FindNode(wanted.to)->uid;
  int before = 0;
  for (size_t i = 0; i < edge; ++i)
    before += graph.edges[i].from == wanted.from && graph.edges[i].to == wanted.to ? 1 : 0;
  return before > 0 ? fmt::format("{}/{}", key, before) : key;
}
namespace {

template <typename Factory>
std::string Kinds(const std::map<std::string, Factory>& factories) {
  std::string text;
  for (const auto& [kind, factory] : factories) text += (text.empty() ? "" : ", ") + kind;
  return text.empty() ? "none" : text;
}

template <typename Factory>
auto Make(const std::map<std::string, Factory>& by_kind, const std::map<std::string, Factory>& by_uid,
          const graph::Node& node, std::string_view what) -> decltype(std::declval<Factory>()(node)) {
  if (auto own = by_uid.find(node.uid); own != by_uid.end()) return own->second(node);
  if (auto known = by_kind.find(node.kind); known != by_kind.end()) return known->second(node);
  return UserError("Unknown {} kind '{}' of node '{}'; known kinds: {}", what, node.kind, node.name, Kinds(by_kind));
}

}  // namespace

Result<std::unique_ptr<Operator>> Registry::MakeOperator(const graph::Node& node, const Functions& functions) const {
  return Make(operators_, functions.operators, node, "operator");
}

Result<std::shared_ptr<Source>> Registry::MakeSource(const graph::Node& node, const Functions& functions) const {
  return Make(sources_, functions.sources, node, "source");
}

Result<std::unique_ptr<OperatorCoordinator>> Registry::MakeCoordinator(const graph::Node& node,
                                                                       const Functions& functions) const {
  if (!functions.coordinators.contains(node.uid) && !coordinators_.contains(node.kind))
    return std::unique_ptr<OperatorCoordinator>();
  return Make(coordinators_, functions.coordinators, node, "coordinator");
}

}  // namespace thalweg::flow
