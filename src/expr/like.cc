#include "expr/like.h"

#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/utf8.h"

namespace thalweg::expr {

using std::string_view;
using types::TypeId;

Result<LikePattern> LikePattern::Compile(string_view pattern, string_view escape) {
  if (!escape.empty() && CodePoints(escape) != 1)
    return UserError("LIKE: the escape is not one character: '{}'", escape);
  LikePattern result;
  for (size_t at = 0; at < pattern.size();) {
    string_view c = pattern.substr(at, CodePointBytes(pattern, at));
    at += c.size();
    if (!escape.empty() && c == escape) {
      if (at == pattern.size()) return UserError("LIKE: the escape ends the pattern: '{}'", pattern);
      c = pattern.substr(at, CodePointBytes(pattern, at));
      at += c.size();
      if (c != "%" && c != "_" && c != escape)
        return UserError("LIKE: the escape stands before '{}' in '{}'", c, pattern);
      result.items_.push_back({Kind::kPlain, std::string(c)});
    } else if (c == "%") {
      if (result.items_.empty() || result.items_.back().kind != Kind::kAnyMany)
        result.items_.push_back({Kind::kAnyMany, ""});
    } else {
      result.items_.push_back({c == "_" ? Kind::kAnyOne : Kind::kPlain, std::string(c)});
    }
  }
  result.Classify();
  return result;
}

void LikePattern::Classify() {
  size_t from = 0, to = items_.size();
  const bool open_start = to > 0 && items_.front().kind == Kind::kAnyMany;
  const bool open_end = to > 0 && items_.back().kind == Kind::kAnyMany;
  if (open_start) ++from;
  if (open_end && to > from) --to;
  for (size_t i = from; i < to; ++i) {
    if (items_[i].kind != Kind::kPlain) return void(literal_.clear());
    literal_ += items_[i].text;
  }
  form_ = open_start && open_end ? Form::kContains
          : open_end             ? Form::kPrefix
          : open_start           ? Form::kSuffix
                                 : Form::kEqual;
}

// Greedy with one step back: the last '%' takes one code point more whenever the rest does not fit.
bool LikePattern::MatchesGeneral(string_view text) const {
  size_t item = 0, at = 0, last_many = SIZE_MAX, last_at = 0;
  while (at < text.size()) {
    const size_t n = CodePointBytes(text, at);
    const Item* current = item < items_.size() ? &items_[item] : nullptr;
    if (current && current->kind == Kind::kAnyMany) {
      last_many = item++;
      last_at = at;
    } else if (current && (current->kind == Kind::kAnyOne || current->text == text.substr(at, n))) {
      ++item;
      at += n;
    } else if (last_many != SIZE_MAX) {
      item = last_many + 1;
      last_at += CodePointBytes(text, last_at);
      at = last_at;
    } else {
      return false;
    }
  }
  while (item < items_.size() && items_[item].kind == Kind::kAnyMany) ++item;
  return item == items_.size();
}

namespace {

Kernel ConstantLike(LikePattern pattern) {
  return [pattern](Call& call) -> Result<Vector> {
    const Vector& text = call.argument(0);
    columns::BufferRef bits = internal::BitsOf(call.rows(), call.pool(), [&](int32_t row) {
      return !text.IsNull(row) && pattern.Matches(text.column.String(text.at(row)));
    });
    return internal::StrictResult(call, std::move(bits));
  };
}

Result<Kernel> BindLike(const Expression& call) {
  const auto& arguments = call.arguments();
  bool constant = true;
  for (size_t i = 1; i < arguments.size(); ++i)
    constant = constant && arguments[i].is_literal() && !arguments[i].is_null_literal();
  if (constant) {
    THALWEG_ASSIGN(LikePattern pattern,
                   LikePattern::Compile(arguments[1].value().string(),
                                        arguments.size() == 3 ? arguments[2].value().string() : ""));
    return ConstantLike(std::move(pattern));
  }
  auto match = [](string_view text, string_view pattern, string_view escape) -> Result<bool> {
    THALWEG_ASSIGN(LikePattern compiled, LikePattern::Compile(pattern, escape));
    return compiled.Matches(text);
  };
  if (arguments.size() == 2)
    return RowKernel<string_view, string_view>(
        [match](string_view text, string_view pattern) { return match(text, pattern, ""); });
  return RowKernel<string_view, string_view, string_view>(match);
}

}  // namespace

void AddLike(Registry& registry) {
  Function like = Define("LIKE", {{{Param::kString, Param::kString}, {Param::kString}}}, Returns(TypeId::kBoolean),
                         Binder(BindLike));
  like.fails = true;
  like.fails_for = [](const std::vector<Expression>& arguments, const types::DataType&) {
    for (size_t i = 1; i < arguments.size(); ++i)
      if (!arguments[i].is_literal()) return true;
    return false;
  };
  registry.Add(std::move(like));
}

}  // namespace thalweg::expr
