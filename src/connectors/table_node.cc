#include "connectors/table_node.h"

#include "base/edit_distance.h"
#include "connectors/node_options.h"
#include "types/type_codec.h"

namespace thalweg::connectors {
namespace {

using graph::MetadataKeys;
using graph::Node;
using graph::TableDescriptor;

Status CheckMetadata(const TableDescriptor& table, const TableDescriptor::MetadataColumn& column,
                     const MetadataKeys& keys, std::string_view use) {
  auto found = keys.find(column.key);
  if (found == keys.end()) {
    if (keys.empty())
      return UserError("Column '{}' of table {} cannot be {} metadata '{}': its connector has none", column.column,
                       table.name, use, column.key);
    NearestWord nearest(column.key);
    std::vector<std::string> names;
    for (const auto& [name, type] : keys) names.push_back(name);
    for (const std::string& name : names) nearest.Consider(name);
    return UserError("Column '{}' of table {} cannot be {} metadata '{}'{} There are: {}", column.column, table.name,
                     use, column.key, nearest.word().empty() ? "." : nearest.Suggestion(), fmt::join(names, ", "));
  }
  if (!HoldsAs(column.type, found->second))
    return UserError("Column '{}' of table {} cannot hold metadata '{}': it is {}, the metadata {}", column.column,
                     table.name, column.key, column.type.ToString(), found->second.ToString());
  return {};
}

/// Takes `key` out of the node's options as its parallelism.
Status TakeParallelism(Node& node, const std::string& key) {
  NodeOptions options(node);
  THALWEG_ASSIGN(std::optional<int64_t> given, options.Find<int64_t>(key));
  if (!given) return {};
  if (*given < 1 || *given > INT16_MAX)
    return options.Bad(key, UserError("Not between 1 and {}: {}", INT16_MAX, *given));
  node.parallelism = static_cast<int32_t>(*given);
  node.options.erase(key);
  return {};
}

Node NodeOf(const TableDescriptor& table, const std::string& kind, const std::set<std::string>& others) {
  Node node;
  node.name = table.name;
  node.kind = kind;
  for (const auto& [key, value] : table.options)
    if (!others.contains(key)) node.options.emplace(key, value);
  return node;
}

}  // namespace

Result<Node> SourceNodeOf(const TableDescriptor& table, const std::string& kind, const EndOptions& ends,
                          const MetadataKeys& readable) {
  Node node = NodeOf(table, kind, ends.sink);
  node.role = graph::NodeRole::kSource;
  node.options.erase("sink.parallelism");
  THALWEG_TRY(TakeParallelism(node, "scan.parallelism"));
  std::vector<types::Field> fields = table.physical->fields();
  for (const TableDescriptor::MetadataColumn& column : table.metadata) {
    THALWEG_TRY(CheckMetadata(table, column, readable, "read from"));
    fields.push_back({column.column, column.type});
    node.options["metadata." + column.column] = column.key;
  }
  node.outputs.push_back({"main", std::make_shared<const types::Schema>(std::move(fields)), {}, {}});
  return node;
}

Result<Node> SinkNodeOf(const TableDescriptor& table, const std::string& kind, const EndOptions& ends,
                        const MetadataKeys& writable) {
  Node node = NodeOf(table, kind, ends.source);
  node.role = graph::NodeRole::kSink;
  node.inputs = 1;
  node.options.erase("scan.parallelism");
  THALWEG_TRY(TakeParallelism(node, "sink.parallelism"));
  std::vector<types::Field> fields = table.physical->fields();
  for (const TableDescriptor::MetadataColumn& column : table.metadata) {
    if (column.is_virtual) continue;
    THALWEG_TRY(CheckMetadata(table, column, writable, "written to"));
    fields.push_back({column.column, column.type});
    node.options["metadata." + column.column] = column.key;
  }
  node.payload = types::EncodeSchema(types::Schema(std::move(fields)));
  return node;
}

Status RefusePrimaryKey(const TableDescriptor& table, const std::string& why) {
  if (table.primary_key.empty()) return {};
  return UserError("Table {} cannot have a PRIMARY KEY: {}", table.name, why);
}

Status RefusePartitions(const TableDescriptor& table) {
  if (table.partition_keys.empty()) return {};
  return UserError("Table {} cannot be PARTITIONED BY columns: its connector does not write partitions", table.name);
}

}  // namespace thalweg::connectors
