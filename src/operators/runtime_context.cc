#include "operators/runtime_context.h"

#include <stdexcept>

namespace thalweg::operators {

void RuntimeContext::RequireKeyed(std::string_view name) const {
  if (keyed_) return;
  throw std::logic_error(fmt::format("Keyed state '{}' needs a keyed stream: call KeyBy first", name));
}

}  // namespace thalweg::operators
