#pragma once
#include <string>

namespace thalweg {

/// Where this checkout stands, for tests that read golden files. Defined in a file that CMake writes, not by a macro: the test
/// sources then compile to the same objects in every checkout and come from one compiler cache.
std::string SourceFolder();

}  // namespace thalweg
