// Errors about what WITH (...) says, told where it says it: they are found at a table's use, maybe long after its declaration.
#pragma once

#include <map>
#include <string>

#include "base/status.h"
#include "sql/catalog.h"

namespace thalweg::sql {

/// A connector's error at the option that it names first ('key'); where the table was declared, if it names none that was given. As it is,
/// if it names nothing or one of the statement's `hints`, or no place is known; so is what is no error of the user's, or tells its place.
Status AtOption(const Table& table, const std::map<std::string, std::string>& hints, const Status& status);

}  // namespace thalweg::sql
