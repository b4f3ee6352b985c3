// Rows that a session knows without a job: of SHOW, DESCRIBE, EXPLAIN, SET.
#pragma once

#include <string>
#include <vector>

#include "types/data_type.h"

namespace thalweg::sql {

struct Rows {
  types::Schema schema;
  std::vector<std::vector<std::string>> rows;  // texts; a NULL is "<NULL>"
};

/// Columns of texts.
types::Schema TextSchema(const std::vector<std::string>& names);
Rows OneColumn(const std::string& name, const std::vector<std::string>& values);

}  // namespace thalweg::sql
