// RowHarness: a test of one operator over columns as one sentence, run again under everything that the runtime may do to an operator
// (script.h); the columns' counterpart of harness.h.
//
//   RowHarness(MakeGroupAggregate, Encode(spec)).Input("k STRING, v BIGINT", {0}).Output("k STRING, s BIGINT")
//       .Rows({"+I[a, 1]", "+I[a, 2]"}).Expect({"+I[a, 1]", "-U[a, 1]", "+U[a, 3]"});
//
// Rows are written as Flink prints them: a kind (+I if left out), values between brackets, null. A value is what CAST from a string
// takes; timestamps may have a T, or be milliseconds. Include from tests only.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "columns/builder.h"
#include "flow/program.h"
#include "testing/script.h"
#include "types/row_kind.h"

namespace thalweg::testing {

/// "k STRING, v INT NOT NULL" as a schema; a malformed one is a fault of the test and stops it.
types::Schema ParseSchema(std::string_view columns);
/// Appends the row of `text` to `out`, whose columns are those of `schema`.
void AppendRowText(std::string_view text, const types::Schema& schema, columns::BatchBuilder& out);

class RowHarness {
 public:
  /// The operator that `factory` makes of a node with `payload`.
  RowHarness(flow::OperatorFactory factory, std::string payload);
  RowHarness(const RowHarness&) = delete;
  RowHarness& operator=(const RowHarness&) = delete;
  ~RowHarness() {
    if (done_) return;
    for (const std::string& fault : Faults()) ADD_FAILURE() << fault;
  }

  /// Columns of the next input, and which of them it is keyed by (keyed operators without key columns: `keyed`).
  RowHarness& Input(std::string_view columns, std::vector<int> key_columns = {});
  /// The operator has keyed state under the one empty key.
  RowHarness& Global() {
    script_.keyed = true;
    return *this;
  }
  /// Columns of the next output port.
  RowHarness& Output(std::string_view columns);
  RowHarness& StartAt(std::chrono::milliseconds now) {
    script_.start_ms = now.count();
    return *this;
  }

  /// One batch.
  RowHarness& Rows(std::vector<std::string> rows) { return RowsOn(0, std::move(rows)); }
  RowHarness& RowsOn(int input, std::vector<std::string> rows);
  RowHarness& Watermark(std::chrono::milliseconds time) {
    return Do({.kind = Step::Kind::kWatermark, .time = time.count()});
  }
  /// Of one input (flow/input_watermarks.h); it comes again after a restart.
  RowHarness& InputWatermark(int input, std::chrono::milliseconds time) {
    return Do({.kind = Step::Kind::kInputWatermark, .input = input, .time = time.count()});
  }
  /// The watermark that ends a bounded stream.
  RowHarness& MaxWatermark() { return Do({.kind = Step::Kind::kWatermark, .time = INT64_MAX}); }
  RowHarness& ProcessingTime(std::chrono::milliseconds time) {
    return Do({.kind = Step::Kind::kProcessingTime, .time = time.count()});
  }
  RowHarness& EndOfInput(int input = 0) { return Do({.kind = Step::Kind::kEndOfInput, .input = input}); }

  /// Exactly these rows have come since the last expectation of the port, in any order.
  RowHarness& Expect(std::vector<std::string> rows) { return ExpectOn(0, std::move(rows)); }
  /// ... in this order.
  RowHarness& ExpectInOrder(std::vector<std::string> rows) {
    ExpectOn(0, std::move(rows));
    script_.steps.back().in_order = true;
    return *this;
  }
  /// Exactly these watermarks were sent by the operator, which owns its watermarks, since the last such expectation.
  RowHarness& ExpectWatermarks(std::vector<int64_t> times);
  RowHarness& ExpectNothing() { return ExpectOn(0, {}); }
  RowHarness& ExpectOn(int port, std::vector<std::string> rows);
  /// Entries of keyed state, timers not counted; and timers of both time domains.
  RowHarness& ExpectEntries(int32_t count) { return Do({.kind = Step::Kind::kEntries, .count = count}); }
  RowHarness& ExpectTimers(int32_t count) { return Do({.kind = Step::Kind::kTimers, .count = count}); }
  /// The script ends with an error that contains `text`.
  RowHarness& ExpectError(std::string text) {
    script_.error = std::move(text);
    return *this;
  }
  /// Looks at the operator, in the undisturbed run only.
  RowHarness& Inspect(std::function<void(flow::Operator&)> inspect) {
    return Do({.kind = Step::Kind::kInspect, .inspect = std::move(inspect)});
  }

  /// Runs the script under all variations; what went wrong.
  std::vector<std::string> Faults();

 private:
  struct InputColumns {
    types::Schema schema;
    std::vector<int> key_columns;
  };
  RowHarness& Do(Step step) {
    script_.steps.push_back(std::move(step));
    return *this;
  }

  Script script_;
  std::vector<InputColumns> inputs_;
  int outputs_ = 0;
  bool done_ = false;
};

}  // namespace thalweg::testing
