// The version of the headers; that of the library is base/version.cc's.
#pragma once

namespace thalweg {

inline constexpr char kHeaderVersion[] = "0.1.0";

/// Of the loaded library.
const char* Version();

}  // namespace thalweg
