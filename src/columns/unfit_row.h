// A row of a batch that cannot become what the program asked for: a NULL where its type takes none, a number out of its range.
#pragma once

#include <cstdint>
#include <string>

namespace thalweg::columns {

struct UnfitRow {
  int32_t row = 0;     // of the batch
  std::string reason;  // names the field
};

}  // namespace thalweg::columns
