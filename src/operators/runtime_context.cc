#include "operators/runtime_context.h"

#include <stdexcept>

namespace thalweg::operators {

void RuntimeContext::RequireKeyed(std::string_view name) const {
  if (keyed_) return;
  throw std::logic_error(fmt::format("Keyed state '{}' needs a keyed stream: call KeyBy first", name));
}

std::vector<std::string>* RuntimeContext::OpenList(const std::string& name, state::Redistribution mode,
                                                   const std::string& codec) {
  auto list = context_->operator_state().Open(name, mode, codec);
  if (!list.ok()) throw std::logic_error(list.status().message());
  return *list;
}

}  // namespace thalweg::operators
