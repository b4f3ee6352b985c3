// C++ types as the programmer spelled them.
#pragma once

#include <string>
#include <typeinfo>

namespace thalweg {

/// "std::range_error".
std::string TypeName(const std::type_info& type);

}  // namespace thalweg
