#include "expr/expression_text.h"

#include <algorithm>
#include <cctype>

#include "expr/functions.h"

namespace thalweg::expr {
namespace {

constexpr size_t kMostText = 120;  // as much as a line of a terminal takes behind the error

bool IsInfix(const Expression& call) {
  const std::string& name = call.function().name;
  if (call.arguments().size() < 2) return false;
  const bool symbol = std::none_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c); });
  return symbol || name == "AND" || name == "OR";
}

class TextOfExpression {
 public:
  explicit TextOfExpression(const std::vector<std::string>& columns) : columns_(columns) {}

  std::string Run(const Expression& e) {
    Append(e, false);
    return text_.size() > kMostText ? Shortened() : std::move(text_);
  }

 private:
  void Append(const Expression& e, bool inner) {
    if (text_.size() > kMostText) return;
    switch (e.kind()) {
      case Expression::Kind::kLiteral: text_ += e.value().ToString(); return;
      case Expression::Kind::kInput: text_ += columns_[static_cast<size_t>(e.input())]; return;
      case Expression::Kind::kCall: break;
    }
    if (IsInfix(e)) {
      if (inner) text_ += "(";
      Separated(e, " " + e.function().name + " ", true);
      if (inner) text_ += ")";
      return;
    }
    text_ += std::string(ShownName(e.function())) + "(";
    Separated(e, ", ", false);
    if (e.function().typed) text_ += " AS " + e.type().WithNullable(true).ToString();
    text_ += ")";
  }
  void Separated(const Expression& e, const std::string& separator, bool inner) {
    for (size_t i = 0; i < e.arguments().size(); ++i) {
      if (i > 0) text_ += separator;
      Append(e.arguments()[i], inner);
    }
  }
  /// Cut at the border of a character.
  std::string Shortened() {
    size_t end = kMostText;
    while (end > 0 && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) --end;
    return text_.substr(0, end) + "...";
  }

  const std::vector<std::string>& columns_;
  std::string text_;
};

}  // namespace

std::string ExpressionText(const Expression& expression, const std::vector<std::string>& columns) {
  return TextOfExpression(columns).Run(expression);
}

}  // namespace thalweg::expr
