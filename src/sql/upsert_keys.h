// By which columns the changes of a plan's rows can be followed.
#pragma once

#include <vector>

#include "sql/plan.h"

namespace thalweg::sql {

/// Of the plan's unique keys those whose changes come in their order: a key that an exchange below does not keep together is none.
/// Sorted columns; none: rows are told apart by all they hold.
std::vector<std::vector<int>> UpsertKeys(const Plan& plan);

}  // namespace thalweg::sql
