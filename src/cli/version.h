// Versions: of thalweg, and of the libraries it runs with.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace thalweg::cli {

/// Name and version of each library, as loaded where it can tell, else as compiled.
std::vector<std::pair<std::string, std::string>> LibraryVersions();

/// "thalweg 0.1.0", then a line per library. Ends with a line end.
std::string VersionText();

}  // namespace thalweg::cli
