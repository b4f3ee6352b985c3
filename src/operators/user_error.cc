#include "operators/user_error.h"

#include <typeinfo>

#include <cxxabi.h>

#include "base/status_exception.h"
#include "base/type_name.h"

namespace thalweg::operators {

Status UserException(std::string_view what_ran, std::string_view row_text) {
  std::string at = row_text.empty() ? std::string() : fmt::format(", at the row {}", row_text);
  try {
    throw;
  } catch (const StatusException& e) {
    return e.status();  // whoever threw it knew the row
  } catch (const std::exception& e) {
    return UserError("User code of {} threw {}: {}{}", what_ran, TypeName(typeid(e)), e.what(), at);
  } catch (const std::string& text) {
    return UserError("User code of {} threw a string: {}{}", what_ran, text, at);
  } catch (const char* text) {
    return UserError("User code of {} threw a string: {}{}", what_ran, text, at);
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return UserError("User code of {} threw a value of type {}{}", what_ran, type ? TypeName(*type) : "unknown", at);
  }
}

}  // namespace thalweg::operators
