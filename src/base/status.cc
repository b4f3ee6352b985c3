#include "base/status.h"

namespace thalweg {

std::string_view ErrorCategoryName(ErrorCategory category) {
  switch (category) {
    case ErrorCategory::kUser: return "user error";
    case ErrorCategory::kExternal: return "external error";
    case ErrorCategory::kInternal: return "internal error";
  }
  return "unknown error";
}

Status::Status(ErrorCategory category, std::string message)
    : error_(std::make_unique<Error>(Error{category, std::move(message)})) {}

Status::Status(const Status& other) : error_(other.error_ ? std::make_unique<Error>(*other.error_) : nullptr) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) error_ = other.error_ ? std::make_unique<Error>(*other.error_) : nullptr;
  return *this;
}

ErrorCategory Status::category() const {
  THALWEG_CHECK(!ok());
  return error_->category;
}

const std::string& Status::message() const {
  static const std::string kEmpty;
  return error_ ? error_->message : kEmpty;
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  return fmt::format("{}: {}", ErrorCategoryName(error_->category), error_->message);
}

Status Status::WithContext(std::string_view prefix) const {
  if (ok()) return {};
  return {error_->category, fmt::format("{}: {}", prefix, error_->message)};
}

}  // namespace thalweg
