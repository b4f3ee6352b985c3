// How many columns of a terminal a text takes.
#pragma once

#include <cstddef>
#include <string_view>

namespace thalweg::cli {

/// Of UTF-8: two for each code point that East Asian scripts and pictures draw wide, one for any other.
size_t DisplayWidth(std::string_view text);

/// Bytes of the longest beginning of `text` that takes at most `width` columns.
size_t BytesWithin(std::string_view text, size_t width);

}  // namespace thalweg::cli
