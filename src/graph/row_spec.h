// What the specs of several row operators have in common: order, aggregate calls, windows. A spec is a node's payload, in the fields
// of base/fields.h (docs/internals/row_specs.md). Columns are named by their index in the operator's input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fields.h"
#include "expr/expression.h"
#include "types/data_type.h"

namespace thalweg::graph {

/// One column of an order. Flink's default: NULLs are the least value.
struct SortKey {
  int column = 0;
  bool descending = false;
  bool nulls_last = false;
  bool operator==(const SortKey&) const = default;
};

/// One aggregate of a group: SUM(DISTINCT a) FILTER (WHERE f).
struct AggregateCall {
  std::string function;        // upper case: expr/aggregates.h
  std::vector<int> arguments;  // empty: COUNT(*)
  int filter = -1;             // a BOOLEAN column: only rows where it is TRUE count; -1: all
  bool distinct = false;
  bool ignore_nulls = false;
  std::vector<SortKey> order_by;
  types::DataType type;  // of the result
  std::string name;      // of the result's column
  bool operator==(const AggregateCall&) const = default;
};

/// A group window: how a row finds its windows. Milliseconds.
struct WindowShape {
  enum class Kind : uint8_t { kTumble = 0, kHop = 1, kCumulate = 2, kSession = 3 };
  Kind kind = Kind::kTumble;
  int64_t size_ms = 0;   // kSession: the gap
  int64_t slide_ms = 0;  // kHop: the slide; kCumulate: the step
  int64_t offset_ms = 0;
  bool processing_time = false;
  int time_column = -1;
  /// The rows carry their window in these columns already (it was assigned before); else -1.
  int start_column = -1;
  int end_column = -1;
  /// Of a TIMESTAMP_LTZ time: windows begin at the local time of this zone; empty: UTC.
  std::string zone;
  std::vector<int> partition;  // kSession of a table function: sessions are per these columns
  bool operator==(const WindowShape&) const = default;
};

std::string Encode(const SortKey& key);
Result<SortKey> DecodeSortKey(std::string_view bytes);
std::string Encode(const AggregateCall& call);
Result<AggregateCall> DecodeAggregateCall(std::string_view bytes);
std::string Encode(const WindowShape& shape);
Result<WindowShape> DecodeWindowShape(std::string_view bytes);

/// A list of columns as one field.
std::string EncodeColumns(const std::vector<int>& columns);
Result<std::vector<int>> DecodeColumns(std::string_view bytes);

/// The current field, a column + 1 (0: none); faults what is no column.
int ReadColumnPlusOne(FieldReader& in);

/// UserError unless every column is one of `schema`. `what`: for the message ("group key").
Status CheckColumns(const types::Schema& schema, const std::vector<int>& columns, std::string_view what);

/// UserError unless `column` of `schema` is a TIMESTAMP or TIMESTAMP_LTZ of milliseconds.
Status CheckTimeColumn(const types::Schema& schema, int column, std::string_view what);

/// UserError unless the condition, if there is one, is a BOOLEAN whose inputs are `columns` by number and type.
Status CheckCondition(const std::optional<expr::Expression>& condition, const std::vector<types::Field>& columns,
                      std::string_view what);

/// Faults a field that this build does not know: an operator must not run half of what it was told.
void RefuseField(FieldReader& in, std::string_view what);

}  // namespace thalweg::graph
