// Values: rows that stand in the plan. Node kind "values", a source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::graph {

struct ValuesSpec {
  std::vector<std::string> batches;  // of the columns of the node's output (columns/batch_codec.h)
  bool operator==(const ValuesSpec&) const = default;
};

std::string Encode(const ValuesSpec& spec);
/// External error if malformed, user error for a newer version's. The batches are not looked into.
Result<ValuesSpec> DecodeValues(std::string_view bytes);

}  // namespace thalweg::graph
