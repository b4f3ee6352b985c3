// SIMILAR TO: SQL's regular expressions, rewritten to Java's as Calcite does. A text must match as a whole.
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/java_pattern.h"
#include "expr/regex.h"
#include "expr/rows.h"
#include "expr/signature.h"

namespace thalweg::expr {

using std::string_view;
using types::TypeId;

namespace {

constexpr string_view kJavaSpecials = "\\.[]{}()<>*+-=!?^$|", kSimilarSpecials = "[]()|^-+*_%?{}";

/// [:ALPHA:] and its kin inside brackets.
constexpr std::pair<string_view, string_view> kClasses[] = {
    {"[:ALPHA:]", "\\p{L}"},    {"[:alpha:]", "\\p{L}"},   {"[:UPPER:]", "\\p{Lu}"},  {"[:upper:]", "\\p{Lu}"},
    {"[:LOWER:]", "\\p{Ll}"},   {"[:lower:]", "\\p{Ll}"},  {"[:DIGIT:]", "\\d"},      {"[:digit:]", "\\d"},
    {"[:SPACE:]", " "},         {"[:space:]", " "},        {"[:WHITESPACE:]", "\\s"}, {"[:whitespace:]", "\\s"},
    {"[:ALNUM:]", "\\p{L}\\d"}, {"[:alnum:]", "\\p{L}\\d"}};

class SimilarRewrite {
 public:
  SimilarRewrite(string_view pattern, string_view escape) : pattern_(pattern), escape_(escape) {}

  Result<std::string> Run() {
    if (escape_.size() > 1) return UserError("SIMILAR TO: the escape is not one character: '{}'", escape_);
    out_ = "\\A(?:";
    for (; at_ < pattern_.size(); ++at_) {
      const char c = pattern_[at_];
      if (IsEscape(c))
        THALWEG_TRY(Escaped());
      else if (c == '[')
        THALWEG_TRY(Brackets());
      else
        THALWEG_TRY(Plain(c));
    }
    return out_ + ")\\z";
  }

 private:
  bool IsEscape(char c) const { return !escape_.empty() && c == escape_[0]; }

  Status Plain(char c) {
    switch (c) {
      case '_': out_ += '.'; break;
      case '%': out_ += "(?s:.*)"; break;
      case ']': return UserError("SIMILAR TO: ] without [ in '{}'", pattern_);
      case '\\': out_ += "\\\\"; break;
      case '$': out_ += "\\$"; break;
      default: out_ += c;
    }
    return {};
  }

  Status Escaped() {
    if (++at_ == pattern_.size()) return UserError("SIMILAR TO: the escape ends the pattern: '{}'", pattern_);
    const char next = pattern_[at_];
    if (kSimilarSpecials.find(next) == string_view::npos && !IsEscape(next))
      return UserError("SIMILAR TO: the escape stands before '{}' in '{}'", next, pattern_);
    if (kJavaSpecials.find(next) != string_view::npos) out_ += '\\';
    out_ += next;
    return {};
  }

  Status Brackets() {
    out_ += '[';
    for (++at_; at_ < pattern_.size() && pattern_[at_] != ']'; ++at_) {
      const string_view rest = pattern_.substr(at_);
      const auto* found = std::find_if(std::begin(kClasses), std::end(kClasses),
                                       [&](const auto& each) { return rest.starts_with(each.first); });
      if (found != std::end(kClasses)) {
        out_ += found->second;
        at_ += found->first.size() - 1;
      } else if (IsEscape(rest[0])) {
        THALWEG_TRY(Escaped());
      } else {
        if (rest[0] == '[' || rest[0] == '\\') out_ += '\\';
        out_ += rest[0];
      }
    }
    if (at_ == pattern_.size()) return UserError("SIMILAR TO: [ is not closed in '{}'", pattern_);
    out_ += ']';
    return {};
  }

  string_view pattern_, escape_;
  std::string out_;
  size_t at_ = 0;
};

Result<Regex> CompileSimilar(string_view pattern, string_view escape) {
  THALWEG_ASSIGN(std::string java, SimilarRewrite(pattern, escape).Run());
  auto regex = Regex::Compile(java);
  if (!regex.ok() && !IsUnsupportedPattern(regex.status()))
    return UserError("SIMILAR TO: malformed pattern '{}'", pattern);
  return regex;
}

/// The pattern of the rows so far.
class SimilarCache {
 public:
  Result<const Regex*> Get(string_view pattern, string_view escape) {
    if (!regex_ || pattern_ != pattern || escape_ != escape) {
      THALWEG_ASSIGN(regex_, CompileSimilar(pattern, escape));
      pattern_ = pattern;
      escape_ = escape;
    }
    return &*regex_;
  }

 private:
  std::string pattern_, escape_;
  std::optional<Regex> regex_;
};

Result<Kernel> BindSimilar(const Expression& call) {
  const auto& arguments = call.arguments();
  bool constant = true;
  for (size_t i = 1; i < arguments.size(); ++i)
    constant = constant && arguments[i].is_literal() && !arguments[i].is_null_literal();
  if (constant)
    THALWEG_TRY(
        CompileSimilar(arguments[1].value().string(), arguments.size() == 3 ? arguments[2].value().string() : "")
            .status());
  return Kernel([cache = SimilarCache()](Call& c) mutable -> Result<Vector> {
    columns::ColumnBuilder out(c.type().WithNullable(true), c.pool(), c.rows());
    auto text = [&](int argument, int32_t row) {
      const Vector& vector = c.argument(argument);
      return vector.column.String(vector.at(row));
    };
    for (int32_t row = 0; row < c.rows(); ++row) {
      bool null = false;
      for (int i = 0; i < c.arguments(); ++i) null = null || c.argument(i).IsNull(row);
      if (null) {
        out.AppendNull();
        continue;
      }
      THALWEG_ASSIGN(const Regex* regex, cache.Get(text(1, row), c.arguments() == 3 ? text(2, row) : string_view()));
      THALWEG_ASSIGN(auto match, regex->Find(text(0, row)));
      out.AppendBool(!match.empty());
    }
    return Vector{out.Take()};
  });
}

}  // namespace

void AddSimilar(Registry& registry) {
  Function similar = Define("SIMILAR TO", {{{Param::kString, Param::kString}, {Param::kString}}},
                            Returns(TypeId::kBoolean), Binder(BindSimilar));
  similar.fails = true;
  registry.Add(std::move(similar));
}

}  // namespace thalweg::expr
