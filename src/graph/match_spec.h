// MATCH_RECOGNIZE: patterns in the rows of a partition, in the order of a time. Node kind "match-recognize"; as bytes:
// docs/internals/row_specs.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/expression.h"
#include "graph/row_spec.h"

namespace thalweg::graph {

/// What is read of the rows of a match, or of those so far with the row at hand.
struct MatchRead {
  enum class Kind : uint8_t {
    kLast = 0,       // `column` of the row `offset` before the last one of `variable`; NULL: there is none
    kFirst = 1,      // of the row `offset` behind the first one
    kAggregate = 2,  // `call` over the rows of `variable`
    kTime =
        3,  // the time that it is: of the row at hand, and when the match was complete; of the type of `column`, or TIMESTAMP(3)
  };
  Kind kind = Kind::kLast;
  int variable = -1;  // its number in the pattern; -1: the rows of all variables
  int64_t offset = 0;
  int column = -1;
  AggregateCall call;
  bool operator==(const MatchRead&) const = default;
};

/// Of all quantifiers of a pattern together: each row that is counted is a state of the automaton.
constexpr int kMostPatternRows = 10'000;

/// A variable of the pattern.
struct MatchVariable {
  std::string name;
  int min = 1;
  int max = 1;  // -1: any number
  bool greedy = false;
  int column = -1;                            // a BOOLEAN column of the input that says which rows it takes
  std::optional<expr::Expression> condition;  // or: over `reads`. Neither: it takes all rows
  std::vector<MatchRead> reads;
  bool operator==(const MatchVariable&) const = default;
};

/// Output, a row a match: partition columns, then what `output` reads.
struct MatchSpec {
  enum class After : uint8_t { kToNextRow = 0, kPastLastRow = 1, kToFirst = 2, kToLast = 3 };
  types::Schema input;
  std::vector<int> partition;
  int time_column = -1;        // -1: processing time
  std::vector<SortKey> order;  // of rows of one time
  std::vector<MatchVariable> pattern;
  After after = After::kToNextRow;
  int skip_to = -1;       // of kToFirst and kToLast: a variable
  int64_t within_ms = 0;  // from the first to the last row of a match, less than this; 0: any time
  std::vector<MatchRead> output;
  std::string zone;               // the session's time zone; empty: UTC
  int64_t query_start_ms = 0;     // stands for every clock, in batch mode; 0: clocks tell the time of the row
  bool null_times_first = false;  // in batch mode; else a row without a time is left out and counted
  bool operator==(const MatchSpec&) const = default;
};

/// Of a valid read of rows of `input`.
types::DataType TypeOf(const MatchRead& read, const types::Schema& input);

std::string Encode(const MatchSpec& spec);
/// External error if malformed, user error if a column or variable does not exist.
Result<MatchSpec> DecodeMatch(std::string_view bytes);

}  // namespace thalweg::graph
