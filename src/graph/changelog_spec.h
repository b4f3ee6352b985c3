// Changelogs made over into other changelogs. Node kinds "changelog-normalize", "upsert-materialize", "drop-update-before". Output: the
// input's columns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/expression.h"
#include "types/data_type.h"

namespace thalweg::graph {

/// An upsert stream as a whole changelog: a key's first row is +I, a deletion has all columns.
struct ChangelogNormalizeSpec {
  types::Schema input;
  std::vector<int> keys;
  bool generate_update_before = true;
  std::optional<expr::Expression> condition;  // rows where it is not TRUE count as not there
  int64_t ttl_ms = 0;
};

/// Changes of one key of a sink that came by different ways, in the order in which the sink must see them.
struct UpsertMaterializeSpec {
  types::Schema input;
  std::vector<int> keys;        // of the sink
  std::vector<int> upsert_key;  // of the input; empty: rows are told apart by all columns
  int64_t ttl_ms = 0;
  /// Of a second row of a key while the first stands. The numbers stand in payloads.
  enum class Conflict : uint8_t { kLast = 0, kFirst = 1, kError = 2 };
  Conflict conflict = Conflict::kLast;  // other than kLast: append-only input
};

/// Without -U.
struct DropUpdateBeforeSpec {
  types::Schema input;
};

std::string Encode(const ChangelogNormalizeSpec& spec);
std::string Encode(const UpsertMaterializeSpec& spec);
std::string Encode(const DropUpdateBeforeSpec& spec);
/// External error if malformed, user error if a column does not exist.
Result<ChangelogNormalizeSpec> DecodeChangelogNormalize(std::string_view bytes);
Result<UpsertMaterializeSpec> DecodeUpsertMaterialize(std::string_view bytes);
Result<DropUpdateBeforeSpec> DecodeDropUpdateBefore(std::string_view bytes);

}  // namespace thalweg::graph
