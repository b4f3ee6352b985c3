// Errors as values. An operating error carries whose it is (user, external, internal) and a message made for the person who
// must act on it: static words first, values last. Exceptions stop at the border to user code.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/check.h"

namespace thalweg {

/// Whose error it is. User: the job, its options or its data. External: a system we talk to. Internal: a defect of ours.
enum class ErrorCategory : uint8_t { kUser, kExternal, kInternal };

std::string_view ErrorCategoryName(ErrorCategory category);

/// Success, or a category and a message. One pointer wide; success allocates nothing.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(ErrorCategory category, std::string message);
  Status(const Status& other);
  Status(Status&& other) noexcept = default;
  Status& operator=(const Status& other);
  Status& operator=(Status&& other) noexcept = default;
  ~Status() = default;

  bool ok() const { return error_ == nullptr; }
  ErrorCategory category() const;
  const std::string& message() const;
  /// "user error: ..." or "ok".
  std::string ToString() const;
  /// The same error with `prefix` and ": " in front; ok stays ok.
  Status WithContext(std::string_view prefix) const;

 private:
  struct Error {
    ErrorCategory category;
    std::string message;
  };
  std::unique_ptr<Error> error_;
};

inline Status OkStatus() { return {}; }

template <typename... Args>
Status UserError(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCategory::kUser, fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
Status ExternalError(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCategory::kExternal, fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
Status InternalError(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCategory::kInternal, fmt::format(format, std::forward<Args>(args)...)};
}

/// A value or the Status that says why there is none. Never holds an ok Status.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(Status status) : value_(std::in_place_index<0>, std::move(status)) {  // NOLINT(google-explicit-constructor)
    THALWEG_CHECK(!std::get<0>(value_).ok());
  }
  Result(T value) : value_(std::in_place_index<1>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Status> && !std::is_same_v<std::remove_cvref_t<U>, Result<T>>)
  Result(U&& value) : value_(std::in_place_index<1>, std::forward<U>(value)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return value_.index() == 1; }
  Status status() const { return ok() ? Status() : std::get<0>(value_); }

  T& value() & {
    THALWEG_CHECK(ok(), "{}", status().ToString());
    return std::get<1>(value_);
  }
  const T& value() const& {
    THALWEG_CHECK(ok(), "{}", status().ToString());
    return std::get<1>(value_);
  }
  T&& value() && {
    THALWEG_CHECK(ok(), "{}", status().ToString());
    return std::get<1>(std::move(value_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<Status, T> value_;
};

}  // namespace thalweg

#define THALWEG_CONCAT_(a, b) a##b
#define THALWEG_CONCAT(a, b) THALWEG_CONCAT_(a, b)

/// Returns the error of `expr` (a Status) from the enclosing function.
#define THALWEG_TRY(expr)                                                              \
  do {                                                                                 \
    if (::thalweg::Status try_status_ = (expr); !try_status_.ok()) return try_status_; \
  } while (false)

/// `THALWEG_ASSIGN(auto x, F())`: x from a Result, or returns its error.
#define THALWEG_ASSIGN(lhs, expr) THALWEG_ASSIGN_(THALWEG_CONCAT(assign_result_, __COUNTER__), lhs, expr)
#define THALWEG_ASSIGN_(tmp, lhs, expr) \
  auto tmp = (expr);                    \
  if (!tmp.ok()) return tmp.status();   \
  lhs = std::move(tmp).value()
