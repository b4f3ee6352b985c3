// Our keys, where Flink has none. Sorted bytewise. A key is added here together with its option in options.h.
#include "config/keys.h"

namespace thalweg::config {

namespace {

// clang-format off
constexpr KeyInfo kOwnKeys[] = {
    {"thalweg.cores", "0", "Integer", "", 'A', ""},
    {"thalweg.io.threads", "4", "Integer", "", 'A', ""},
    {"thalweg.pin-cores", "false", "Boolean", "", 'A', ""},
};
// clang-format on

}  // namespace

std::span<const KeyInfo> OwnKeys() { return kOwnKeys; }

}  // namespace thalweg::config
