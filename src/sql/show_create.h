// SHOW CREATE TABLE and VIEW: what was declared, as SQL that declares it again.
#pragma once

#include <string>

#include "sql/catalog.h"

namespace thalweg::sql {

std::string CreateText(const Table& table);

}  // namespace thalweg::sql
