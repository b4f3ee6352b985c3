// LIKE patterns, compiled: the simple ones, without '_' and with at most two '%', to comparisons of strings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::expr {

/// `%` any text, `_` one code point, the escape character makes them plain. Immutable.
class LikePattern {
 public:
  /// `escape`: one code point, or empty for none. User error if the escape stands before anything but % _ and itself.
  static Result<LikePattern> Compile(std::string_view pattern, std::string_view escape);

  bool Matches(std::string_view text) const {
    switch (form_) {
      case Form::kEqual: return text == literal_;
      case Form::kPrefix: return text.starts_with(literal_);
      case Form::kSuffix: return text.ends_with(literal_);
      case Form::kContains: return text.find(literal_) != std::string_view::npos;
      default: return MatchesGeneral(text);
    }
  }

 private:
  enum class Form : uint8_t { kEqual, kPrefix, kSuffix, kContains, kGeneral };
  enum class Kind : uint8_t { kPlain, kAnyOne, kAnyMany };
  struct Item {
    Kind kind;
    std::string text;  // one code point
  };
  bool MatchesGeneral(std::string_view text) const;
  void Classify();

  Form form_ = Form::kGeneral;
  std::string literal_;
  std::vector<Item> items_;
};

}  // namespace thalweg::expr
