// One run of a script under one variation: operator, context, clock and output, restarted as the variation says.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "columns/buffer.h"
#include "state/rocksdb_backend.h"
#include "testing/script.h"
#include "time/clock.h"

namespace thalweg::testing {

struct CollectedRow {
  std::string text;
  int64_t time = 0;
  bool operator<(const CollectedRow& other) const { return text != other.text ? text < other.text : time < other.time; }
};

/// What a kExpect or kEntries step met.
struct Met {
  size_t step = 0;
  std::vector<CollectedRow> rows;
  int32_t entries = 0;
};

/// What a run did. `status` is the error that ended it, if any.
struct Transcript {
  std::vector<Met> met;
  std::map<int, std::vector<CollectedRow>> left;  // rows that no expectation asked for, by port
  Status status;
  std::vector<std::string> violations;  // of the operator contract
};

/// `database` is for variations on RocksDB.
Transcript RunOnce(const Script& script, const Variation& variation,
                   const std::shared_ptr<state::RocksDbInstance>& database);

}  // namespace thalweg::testing
