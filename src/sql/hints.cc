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

void NoTableOfHint(const Position& at, const std::string& table, std::string_view hint, std::string tip) {
  throw SyntaxError{
      at,
      fmt::format("The options of following hints cannot match the name of input tables or views: `{}` in `{}`", table,
                  hint),
      std::move(tip)};
}

std::map<std::string, std::string> OptionsOfHints(const std::vector<Hint>& hints, bool allowed) {
  CheckHints(hints);
  std::map<std::string, std::string> options;
  for (const Hint& hint : hints) {
    if (AsciiUpper(hint.name.text) != "OPTIONS") continue;
    if (!allowed)
      throw SyntaxError{
          hint.name.span.begin,
          "The 'OPTIONS' hint is allowed only when the config option 'table.dynamic-table-options.enabled' is set "
          "to true.",
          ""};
    if (hint.options.empty())
      throw SyntaxError{hint.name.span.begin, "OPTIONS needs keys and values", "/*+ OPTIONS('key' = 'value') */"};
    for (const Option& option : hint.options) options[option.key] = option.value;
  }
  return options;
}

void CheckJoinHints(const std::vector<Hint>& hints, const std::function<bool(const std::string&)>& is_table) {
  for (const Hint& hint : hints) {
    const std::string name = AsciiUpper(hint.name.text);
    if (name == "OPTIONS" || name == "STATE_TTL") continue;
    const Position& at = hint.name.span.begin;
    if (name == "LOOKUP") {
      auto table = std::find_if(hint.options.begin(), hint.options.end(),
                                [](const Option& option) { return option.key == "table"; });
      if (table == hint.options.end())
        throw SyntaxError{at, "LOOKUP needs the table that is looked up", "/*+ LOOKUP('table' = 'name') */"};
      if (!is_table(table->value)) NoTableOfHint(table->span.begin, table->value, name);
      continue;
    }
    if (hint.arguments.empty())
      throw SyntaxError{at, fmt::format("{} needs a table of the query", name), fmt::format("/*+ {}(name) */", name)};
    for (const std::string& table : hint.arguments)
      if (!is_table(table)) NoTableOfHint(at, table, name);
  }
}

}  // namespace thalweg::sql
