// DESCRIBE and SHOW COLUMNS, DESCRIBE CATALOG: what is known of one object, as Flink's client shows it.
#pragma once

#include <functional>
#include <string>

#include "sql/catalog.h"
#include "sql/known_rows.h"

namespace thalweg::sql {

/// name, type, null, key, extras, watermark; comment, if a column has one. Columns that `wanted` (may be empty) does not take are left out.
Rows DescribeColumns(const Table& table, const std::function<bool(const std::string& name)>& wanted = {});

/// info name, info value; the options too, if `extended`.
Rows DescribeCatalog(const std::string& name, const Properties& properties, bool extended);

}  // namespace thalweg::sql
