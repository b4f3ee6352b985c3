#include "base/version.h"

#include <string_view>

namespace thalweg {

static_assert(std::string_view(kHeaderVersion) == THALWEG_VERSION,
              "base/version.h and CMakeLists.txt name different versions");

const char* Version() { return THALWEG_VERSION; }

}  // namespace thalweg
