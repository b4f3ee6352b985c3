// JSON_QUERY, registered with the other functions on JSON.
#pragma once

namespace thalweg::expr {

class Registry;

void AddJsonQuery(Registry& registry);

}  // namespace thalweg::expr
