#include "graph/mini_batch.h"

#include <charconv>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::graph {
namespace {

constexpr std::string_view kRowsOption = "mini-batch.size";
constexpr std::string_view kLatencyOption = "mini-batch.latency-ms";

Result<int64_t> NumberAboveZero(const Node& node, std::string_view name) {
  auto found = node.options.find(std::string(name));
  const std::string text = found == node.options.end() ? "" : found->second;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number <= 0)
    return UserError("Option {} of operator '{}' is no number above 0: '{}'", name, node.name, text);
  return number;
}

}  // namespace

void SetMiniBatch(Node& node, const MiniBatch& batch) {
  node.options[std::string(kRowsOption)] = std::to_string(batch.rows);
  node.options[std::string(kLatencyOption)] = std::to_string(batch.latency_ms);
}

Result<std::optional<MiniBatch>> MiniBatchOf(const Node& node) {
  if (!node.options.contains(std::string(kRowsOption)) && !node.options.contains(std::string(kLatencyOption)))
    return std::optional<MiniBatch>();
  MiniBatch batch;
  THALWEG_ASSIGN(batch.rows, NumberAboveZero(node, kRowsOption));
  THALWEG_ASSIGN(batch.latency_ms, NumberAboveZero(node, kLatencyOption));
  return std::optional<MiniBatch>(batch);
}

bool IsMiniBatchOption(std::string_view name) { return name == kRowsOption || name == kLatencyOption; }

types::Schema PartialSchema(const GroupAggregateSpec& spec) {
  std::vector<types::Field> fields;
  for (int key : spec.keys) fields.push_back(spec.input.field(key));
  fields.push_back({"$group", types::DataType(types::TypeId::kBinary, false)});
  return types::Schema(std::move(fields));
}

}  // namespace thalweg::graph
