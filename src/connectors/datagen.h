// Generated rows, as Flink's datagen connector: the same seed gives the same rows, at any parallelism and after any restore.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flow/source.h"

namespace thalweg::connectors {

/// Flink's fields.#.* options. Which apply depends on the column's type (trial_node.cc asks only for those).
struct DatagenField {
  enum class Kind : uint8_t { kRandom, kSequence };
  Kind kind = Kind::kRandom;
  std::optional<double> min,
      max;  // random numbers, both included; none: the type's own limit, of FLOAT and DOUBLE 0 below
  std::optional<int32_t>
      length;            // characters of STRING and BYTES: as many as the type says, or 100; of ARRAY and the like: 3
  bool var_len = false;  // 1..length of them
  int64_t max_past_ms = 0;             // random timestamps lie up to this before `DatagenOptions::now_ms`
  int64_t start = 0, end = 0;          // sequence, both included; the source ends with the shortest one
  double null_rate = 0;                // 0..1
  std::vector<DatagenField> children;  // of the type's children, random all of them; empty: Flink's defaults
};

struct DatagenOptions {
  static constexpr int64_t kWithoutEnd = INT64_MAX;  // of number_of_rows
  types::SchemaPtr schema;
  std::vector<DatagenField> fields;  // one per column; empty: Flink's defaults
  double rows_per_second = 10'000;   // over all subtasks; 0: no limit
  int64_t number_of_rows = kWithoutEnd;
  uint64_t seed = 0;
  int64_t now_ms = 0;  // what random timestamps count back from; DATE and TIME are this one's
};

/// UserError for types without a generator and for options out of range, naming the column.
Result<std::shared_ptr<flow::Source>> MakeDatagenSource(DatagenOptions options);

}  // namespace thalweg::connectors
