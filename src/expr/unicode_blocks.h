// Blocks of Unicode by name: \p{InGreek} of Java's patterns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace thalweg::expr {

/// First and last code point. Case, blanks, hyphens and underscores in the name do not matter.
std::optional<std::pair<uint32_t, uint32_t>> UnicodeBlock(std::string_view name);

}  // namespace thalweg::expr
