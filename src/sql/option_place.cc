#include "sql/option_place.h"

namespace thalweg::sql {
namespace {

/// Calls `take` with each text between apostrophes until it returns true.
template <typename Take>
void ForEachQuoted(std::string_view message, Take take) {
  for (size_t open = message.find('\''); open != std::string_view::npos;) {
    const size_t close = message.find('\'', open + 1);
    if (close == std::string_view::npos || take(std::string(message.substr(open + 1, close - open - 1)))) return;
    open = message.find('\'', close + 1);
  }
}

}  // namespace

Status AtOption(const Table& table, const std::map<std::string, std::string>& hints, const Status& status) {
  if (status.ok() || status.category() != ErrorCategory::kUser || HasPlace(status)) return status;
  const QuotedPlace* place = nullptr;
  ForEachQuoted(status.message(), [&](const std::string& key) {
    if (hints.contains(key)) {
      place = nullptr;
      return true;
    }
    // An option that is missing; a table's own name is no option.
    if (!key.starts_with('`')) place = &table.place;
    auto found = table.option_places.find(key);
    if (found == table.option_places.end()) return false;
    place = &found->second;
    return true;
  });
  return place && !place->line.empty() ? RenderAt(*place, status.message()) : status;
}

}  // namespace thalweg::sql
