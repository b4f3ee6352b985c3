// A Status on its way through code that cannot return one: a callback of the user API.
// Rule: thrown only below a border that catches user code's exceptions (runtime/user_code.h, operators/user_error.h).
#pragma once

#include <exception>
#include <utility>

#include "base/status.h"

namespace thalweg {

class StatusException : public std::exception {
 public:
  explicit StatusException(Status status) : status_(std::move(status)) {}
  const Status& status() const { return status_; }
  const char* what() const noexcept override { return status_.message().c_str(); }

 private:
  Status status_;
};

}  // namespace thalweg
