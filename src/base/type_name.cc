#include "base/type_name.h"

#include <cstdlib>
#include <memory>

#include <cxxabi.h>

namespace thalweg {

std::string TypeName(const std::type_info& type) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                   &std::free);
  return status == 0 && name ? name.get() : type.name();
}

}  // namespace thalweg
