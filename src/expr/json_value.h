// JSON_EXISTS and JSON_VALUE, registered with the other functions on JSON.
#pragma once

#include "types/data_type.h"

namespace thalweg::expr {

class Registry;

void AddJsonValue(Registry& registry);

/// What JSON_VALUE makes of a document itself, ON ERROR where it cannot: BOOLEAN and numbers. Others are cast from its text.
bool IsJsonValueType(const types::DataType& type);

}  // namespace thalweg::expr
