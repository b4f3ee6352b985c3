#include "sql/hints.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "base/ascii.h"
#include "base/edit_distance.h"
#include "sql/syntax_error.h"

namespace thalweg::sql {
namespace {

// Those that Flink 2.3 has registered.
constexpr std::array<std::string_view, 8> kHints = {"OPTIONS",      "STATE_TTL",     "LOOKUP",    "BROADCAST",
                                                    "SHUFFLE_HASH", "SHUFFLE_MERGE", "NEST_LOOP", "MULTI_JOIN"};

}  // namespace

void CheckHints(const std::vector<Hint>& hints) {
  for (const Hint& hint : hints) {
    const std::string name = AsciiUpper(hint.name.text);
    if (std::find(kHints.begin(), kHints.end(), name) != kHints.end()) continue;
    NearestWord nearest(name);
    for (std::string_view each : kHints) nearest.Consider(each);
    throw SyntaxError{hint.name.span.begin, fmt::format("There is no hint {}", hint.name.text),
                      nearest.word().empty() ? fmt::format("there are {}", fmt::join(kHints, ", "))
                                             : fmt::format("did you mean {}?", nearest.word())};
  }
}

std::map<std::string, std::string> OptionsOfHints(const std::vector<Hint>& hints) {
  CheckHints(hints);
  std::map<std::string, std::string> options;
  for (const Hint& hint : hints) {
    if (AsciiUpper(hint.name.text) != "OPTIONS") continue;
    for (const Option& option : hint.options) options[option.key] = option.value;
  }
  return options;
}

}  // namespace thalweg::sql
