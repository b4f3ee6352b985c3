// Regular expressions with Java's meaning (java_pattern.h), by PCRE2.
// Rule: a match has a limit of steps, so that no pattern hangs a task; beyond it the match is an error.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace thalweg::expr {

/// Compiled; one thread. Copies share it.
class Regex {
 public:
  /// User error with the place if the pattern is malformed, or is one of the few of Java's that are not supported (IsUnsupportedPattern).
  static Result<Regex> Compile(std::string_view pattern);

  /// Bytes [begin, end) of a group in the subject; begin is npos if it took no part.
  struct Group {
    size_t begin = std::string_view::npos, end = 0;
    bool present() const { return begin != std::string_view::npos; }
  };
  /// The first match at or after byte `from`: the groups, 0 the whole; empty if there is none. User error at the limit of steps.
  Result<std::vector<Group>> Find(std::string_view text, size_t from = 0) const;
  /// Groups of the pattern, without the whole.
  int groups() const;

 private:
  struct Code;
  std::shared_ptr<const Code> code_;
};

/// The pattern of the rows so far, compiled once as long as it is the same.
class RegexCache {
 public:
  Result<const Regex*> Get(std::string_view pattern) {
    if (!regex_ || pattern_ != pattern) {
      regex_ = Regex::Compile(pattern);
      pattern_ = pattern;
    }
    if (!regex_->ok()) return regex_->status();
    return &**regex_;
  }

 private:
  std::string pattern_;
  std::optional<Result<Regex>> regex_;
};

}  // namespace thalweg::expr
