#include "operators/user_error.h"

#include <cstdlib>
#include <memory>
#include <typeinfo>

#include <cxxabi.h>

namespace thalweg::operators {

std::string Demangle(const char* name) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return status == 0 && text ? text.get() : name;
}

Status UserException(std::string_view what_ran, std::string_view row_text) {
  std::string at = row_text.empty() ? std::string() : fmt::format(", at the row {}", row_text);
  try {
    throw;
  } catch (const std::exception& e) {
    return UserError("User code of {} threw {}: {}{}", what_ran, Demangle(typeid(e).name()), e.what(), at);
  } catch (const std::string& text) {
    return UserError("User code of {} threw a string: {}{}", what_ran, text, at);
  } catch (const char* text) {
    return UserError("User code of {} threw a string: {}{}", what_ran, text, at);
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return UserError("User code of {} threw a value of type {}{}", what_ran, type ? Demangle(type->name()) : "unknown",
                     at);
  }
}

}  // namespace thalweg::operators
