// Hints of a SELECT. STATE_TTL is obeyed; those that choose how to join (BROADCAST, LOOKUP, ...) have nothing to choose from here.
#include <chrono>

#include "base/ascii.h"
#include "config/configuration.h"
#include "sql/binder.h"
#include "sql/hints.h"

namespace thalweg::sql {

std::map<std::string, Binder::TtlHint> Binder::TtlHints(const Select& select) const {
  CheckHints(select.hints);
  std::map<std::string, TtlHint> ttls;
  for (const Hint& hint : select.hints) {
    if (AsciiUpper(hint.name.text) != "STATE_TTL") continue;
    if (hint.options.empty())
      FailAt(hint.name.span.begin, "STATE_TTL needs a time for a table", "/*+ STATE_TTL('table' = '1 d') */");
    for (const Option& option : hint.options) {
      const auto ttl = OrFail(config::ParseValue<config::Duration>(option.value), option.span.begin);
      ttls[option.key] = {std::chrono::duration_cast<std::chrono::milliseconds>(ttl).count(), option.span.begin};
    }
  }
  return ttls;
}

std::optional<int64_t> Binder::StateTtlOf(const Scope& scope) {
  if (ttl_hints_.empty() || scope.sources.size() != 1) return std::nullopt;
  auto found = ttl_hints_.back().find(scope.sources[0].alias);
  if (found == ttl_hints_.back().end()) return std::nullopt;
  found->second.used = true;
  return found->second.ttl_ms;
}

void Binder::CheckTtlHints() const {
  for (const auto& [table, hint] : ttl_hints_.back())
    if (!hint.used)
      NoTableOfHint(hint.at, table, "STATE_TTL",
                    "it names a side of a join without windows, or the table of a GROUP BY");
}

}  // namespace thalweg::sql
