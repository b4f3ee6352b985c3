// Sinks for people and for tests: print, and nothing.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "flow/operator.h"

namespace thalweg::connectors {

/// Appends the text of one row, without line end.
using RowText = std::function<void(const columns::Batch& batch, int32_t row, std::string* out)>;

/// Where lines go: shared by all subtasks, so that no line is cut by another. Any thread.
class LineStream {
 public:
  /// `file` outlives it and is not closed.
  explicit LineStream(std::FILE* file) : file_(file) {}
  /// Writes whole lines at once and flushes. External error naming the cause (a closed pipe, a full disk).
  Status Write(std::string_view lines);

 private:
  std::mutex mutex_;
  std::FILE* file_;
};

struct PrintOptions {
  std::string identifier;              // Flink's print-identifier: in front of each line
  std::shared_ptr<LineStream> stream;  // null: stdout
  RowText row_text;                    // null: columns as Flink's print connector, "+I[alice, 1]"
};

/// One line per row: "row" at parallelism 1, "N> row" above (N counts from 1), "identifier:N> row" with an identifier. A line
/// stands in the stream when Process has returned.
std::unique_ptr<flow::Operator> MakePrintSink(PrintOptions options);

/// Takes rows and forgets them.
std::unique_ptr<flow::Operator> MakeBlackholeSink();

}  // namespace thalweg::connectors
