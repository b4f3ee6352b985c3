// The border to user code: what it throws becomes a value.
#pragma once

#include <exception>
#include <string>
#include <typeinfo>
#include <utility>

#include "base/status.h"
#include "base/status_exception.h"
#include "base/type_name.h"

namespace thalweg::runtime {

/// `work()`, which returns a Status or a Result; an exception from it becomes a UserError with its type and message.
template <typename Work>
auto CatchUserErrors(Work&& work) -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const StatusException& e) {
    return e.status();
  } catch (const std::exception& e) {
    return UserError("{} thrown by user code: {}", TypeName(typeid(e)), e.what());
  } catch (...) {
    return UserError("An exception of a type that is not a std::exception was thrown by user code");
  }
}

}  // namespace thalweg::runtime
