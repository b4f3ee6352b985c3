#include "graph/table_connector.h"

#include "base/edit_distance.h"

namespace thalweg::graph {

void TableConnectors::Add(std::string name, std::unique_ptr<TableConnector> connector) {
  const bool added = connectors_.emplace(name, std::move(connector)).second;
  THALWEG_CHECK(added, "Connector is there already: {}", name);
}

std::vector<std::string> TableConnectors::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, connector] : connectors_) names.push_back(name);
  return names;
}

Result<const TableConnector*> TableConnectors::Find(const std::string& name) const {
  auto found = connectors_.find(name);
  if (found != connectors_.end()) return found->second.get();
  NearestWord nearest(name);
  const std::vector<std::string> names = Names();
  for (const std::string& known : names) nearest.Consider(known);
  return UserError("Unknown connector '{}'{} There are: {}", name, nearest.word().empty() ? "." : nearest.Suggestion(),
                   fmt::join(names, ", "));
}

}  // namespace thalweg::graph
