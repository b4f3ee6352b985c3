// SHOW CREATE TABLE, VIEW and CATALOG: what was declared, as SQL that declares it again.
#pragma once

#include <string>

#include "sql/catalog.h"

namespace thalweg::sql {

std::string CreateText(const Table& table);
/// Of a catalog.
std::string CreateText(const std::string& catalog, const Properties& properties);

}  // namespace thalweg::sql
