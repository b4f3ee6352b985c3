// A test script for one operator, and the variations under which it must give the same results.
// Rule: whatever the runtime may do to an operator (cut batches anywhere, withhold credit, snapshot and restart it between any two
// calls, give it another backend, another parallelism), the rows between two expectations are the same.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flow/operator.h"

namespace thalweg::testing {

using MakeOperator = std::function<Result<std::unique_ptr<flow::Operator>>()>;

/// Scripts of more inputs are not restarted after each of them: that costs the square of their number.
constexpr int kMaxRestartedInputs = 50;

/// Expectations of this port are of watermarks that the operator sends itself, each greater than the one before. They are asked for
/// by an entry in Script::ports.
constexpr int kWatermarkPort = -1;

/// One thing done to the operator, or expected of it.
struct Step {
  enum class Kind : uint8_t {
    kRows,
    kWatermark,
    kInputWatermark,  // of a flow::WatchesInputs
    kProcessingTime,
    kEndOfInput,
    kExpect,
    kEntries,
    kTimers,
    kInspect
  };
  Kind kind = Kind::kRows;
  int input = 0;      // kRows, kInputWatermark, kEndOfInput
  int port = 0;       // kExpect
  int64_t time = 0;   // kWatermark, kInputWatermark, kProcessingTime
  int32_t count = 0;  // kRows; kEntries: state entries without timers; kTimers: timers
  /// kRows: a batch of rows [from, to).
  std::function<columns::Batch(columns::BufferPool& pool, int32_t from, int32_t to)> make;
  /// kExpect: text of each row and, if asked for, its event time.
  struct Row {
    std::string text;
    std::optional<int64_t> time;
  };
  std::vector<Row> rows;
  bool in_order = false;  // kExpect: the rows came in this order
  /// kInspect: in the undisturbed run only.
  std::function<void(flow::Operator&)> inspect;
};

struct Script {
  MakeOperator make;
  bool keyed = false;
  bool serialisable = true;  // the inputs' types have codecs
  std::vector<Step> steps;
  /// Text of row `row` of a batch, by port.
  std::map<int, std::function<std::string(const columns::Batch& batch, int32_t row)>> ports;
  std::optional<std::string> error;  // the script must end with an error that contains this
  int64_t start_ms = 0;              // of the clock
  uint64_t seed = 1;
};

/// How one run differs from the undisturbed one.
struct Variation {
  std::string name;
  bool one_row_batches = false;
  bool starving = false;  // credit of one row a call
  bool restart_after_input = false;
  bool restart_at_pause = false;  // between a kMore and its resumption
  bool serialise = false;         // each batch is encoded and decoded on its way in
  bool rocksdb = false;           // state in RocksDB instead of memory
  bool change_backend = false;    // each restart changes from memory to RocksDB or back
  bool rescale = false;           // each restart changes the parallelism between 1 and 2
};

/// The variations that fit the script; the first is the undisturbed run.
std::vector<Variation> VariationsOf(const Script& script);

/// Runs the script once under each variation. Empty, or one text per variation that failed: its name, the expectation, what it
/// asked for, what came, and what the undisturbed run gave.
std::vector<std::string> RunScript(const Script& script);

}  // namespace thalweg::testing
