// The border to user code: what it throws becomes a UserError that names the exception's type, its message and the row at hand.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "base/status_exception.h"
#include "types/text.h"

namespace thalweg::operators {

/// Most characters of a row that a message shows.
constexpr size_t kMaxRowText = 200;

/// Of the exception being handled (call it in a catch block): "std::runtime_error: boom, at the row (a,1)".
Status UserException(std::string_view what_ran, std::string_view row_text);

template <typename T>
std::string RowText(const T& row) {
  std::string text = types::ToText(row);
  if (text.size() > kMaxRowText) text = text.substr(0, kMaxRowText) + "...";
  return text;
}

}  // namespace thalweg::operators
