#include "expr/regex.h"

#include "expr/java_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace thalweg::expr {
namespace {

// Steps of one match. A million takes about ten milliseconds; ordinary patterns need a few per byte.
constexpr uint32_t kMatchLimit = 1'000'000;

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};

}  // namespace

struct Regex::Code {
  std::unique_ptr<pcre2_code, Freed<pcre2_code_free>> code;
  std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>> match;
  std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>> limits;
  int groups = 0;
};

Result<Regex> Regex::Compile(std::string_view pattern) {
  int error = 0;
  size_t at = 0;
  auto code = std::make_shared<Code>();
  THALWEG_ASSIGN(const std::string translated, TranslateJavaPattern(pattern));
  // A group that took no part fails a back reference, as in Java.
  code->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                 PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &at, nullptr));
  if (!code->code) {
    PCRE2_UCHAR text[128];
    pcre2_get_error_message(error, text, sizeof(text));
    return UnsupportedPattern(pattern, reinterpret_cast<const char*>(text));
  }
  pcre2_jit_compile(code->code.get(), PCRE2_JIT_COMPLETE);  // without it matching is slower, not different
  code->match.reset(pcre2_match_data_create_from_pattern(code->code.get(), nullptr));
  code->limits.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(code->limits.get(), kMatchLimit);
  uint32_t groups = 0;
  pcre2_pattern_info(code->code.get(), PCRE2_INFO_CAPTURECOUNT, &groups);
  code->groups = static_cast<int>(groups);
  Regex regex;
  regex.code_ = std::move(code);
  return regex;
}

int Regex::groups() const { return code_->groups; }

Result<std::vector<Regex::Group>> Regex::Find(std::string_view text, size_t from) const {
  const int count = pcre2_match(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from, 0,
                                code_->match.get(), code_->limits.get());
  if (count == PCRE2_ERROR_NOMATCH) return std::vector<Group>();
  if (count < 0)
    return UserError("Regular expression needs too many steps for a text of {} bytes (error {})", text.size(), count);
  const PCRE2_SIZE* places = pcre2_get_ovector_pointer(code_->match.get());
  std::vector<Group> groups(static_cast<size_t>(code_->groups) + 1);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i)
    if (places[2 * i] != PCRE2_UNSET) groups[i] = {places[2 * i], places[2 * i + 1]};
  return groups;
}

}  // namespace thalweg::expr
