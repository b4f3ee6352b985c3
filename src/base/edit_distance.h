// How far two words are apart, for "did you mean".
#pragma once

#include <cstddef>
#include <string_view>

namespace thalweg {

/// Levenshtein distance in bytes. Gives up above `limit`, with a number above it.
size_t EditDistance(std::string_view a, std::string_view b, size_t limit);

}  // namespace thalweg
