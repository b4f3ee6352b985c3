// DeadLetter: a record of a source that did not parse, as a value that a program can look at.
#pragma once

#include <string>

#include "flow/program.h"
#include "types/record.h"

namespace thalweg::operators {

struct DeadLetter {
  std::string raw;     // the record's bytes
  std::string place;   // "topic orders, partition 3, offset 1042", "orders.json:17"
  std::string column;  // empty: the whole record
  std::string reason;
};
THALWEG_RECORD(DeadLetter, raw, place, column, reason)

/// Columns (raw BYTES, place, column, reason STRING), as sources send them to their side output, to objects.
flow::OperatorFactory DeadLettersFromColumns();

}  // namespace thalweg::operators
