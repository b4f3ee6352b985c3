// Texts that a function makes of shorter ones, as REPEAT does, within a limit: a slip of the pen must not take the memory of the process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "expr/rows.h"

namespace thalweg::expr {

/// Of one text, and of those of one batch together. Java's limit is its memory.
inline constexpr size_t kMostMadeBytes = size_t{64} << 20, kMostMadeBytesOfBatch = size_t{256} << 20;

/// User error beyond the limit of one text.
inline Status CheckMade(std::string_view function, size_t bytes) {
  if (bytes <= kMostMadeBytes) return {};
  return UserError("{} makes a text of {} bytes: at most {} are supported", function, bytes, kMostMadeBytes);
}

/// `f(A...)` gives a Result of a text or of nothing (NULL), each within the limit; those of a batch are kept in theirs.
template <typename... A, typename F>
Kernel GrowingKernel(std::string name, F f) {
  return [name = std::move(name), f](Call& call) {
    size_t made = 0;
    auto counted = [&](A... a) -> Result<std::optional<std::string>> {
      THALWEG_ASSIGN(std::optional<std::string> text, f(a...));
      made += text ? text->size() : 0;
      if (made > kMostMadeBytesOfBatch)
        return UserError("{} makes more than {} bytes for {} rows: at most so many are supported", name,
                         kMostMadeBytesOfBatch, call.rows());
      return text;
    };
    return internal::RunRows<A...>(counted, call, std::index_sequence_for<A...>{});
  };
}

}  // namespace thalweg::expr
