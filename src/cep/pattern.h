// A pattern of rows, as data: stages one behind the other, each of which takes some rows.
// Rule: the rows of a match follow each other in their partition, with no other between them.
#pragma once

#include <cstdint>
#include <vector>

namespace thalweg::cep {

constexpr int kUnbounded = -1;

/// A variable of a pattern with its quantifier.
struct Stage {
  int min = 1;
  int max = 1;  // kUnbounded: any number
  /// The stage behind it gets no row that this one would take.
  bool greedy = false;
};

/// Where matching goes on behind a match.
enum class Skip : uint8_t {
  kToNextRow = 0,    // behind the first row of the match
  kPastLastRow = 1,  // behind its last row
  kToFirst = 2,      // at the first row of a stage
  kToLast = 3,       // at the last row of a stage
};
struct AfterMatch {
  Skip skip = Skip::kToNextRow;
  int stage = -1;  // of kToFirst and kToLast
};

/// At least one stage, and not all of them optional.
struct Pattern {
  std::vector<Stage> stages;
  AfterMatch after;
  int64_t within_ms = 0;  // from the first row to the last of a match, less than this; 0: any time
};

}  // namespace thalweg::cep
