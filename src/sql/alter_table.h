// ALTER TABLE ... ADD, MODIFY, DROP and RENAME of columns, watermark and primary key.
// Rule: the table is written as CREATE TABLE, changed there and bound anew, so that what ALTER makes is what CREATE would have made.
#pragma once

#include <string_view>

#include "sql/bind.h"

namespace thalweg::sql {

/// Whether `action` is one of these.
bool ChangesElements(const AlterAction& action);

/// The table with the change made. A user error tells what stands against it. No view.
Result<TablePtr> AlterElements(const Table& table, const AlterAction& action, const BindEnvironment& environment);

}  // namespace thalweg::sql
