#include "connectors/row_layout.h"

#include <algorithm>
#include <numeric>

namespace thalweg::connectors {

RowLayout RowLayout::Make(std::vector<types::Field> built, const std::vector<int>& order) {
  RowLayout layout;
  std::vector<int> now(order.size());
  std::iota(now.begin(), now.end(), 0);
  for (size_t i = 0; i < order.size(); ++i) {
    auto found = std::find(now.begin() + static_cast<ptrdiff_t>(i), now.end(), order[i]);
    THALWEG_CHECK(found != now.end(), "No permutation of {} columns", order.size());
    auto from = static_cast<size_t>(found - now.begin());
    if (from == i) continue;
    layout.swaps.emplace_back(static_cast<int>(i), static_cast<int>(from));
    std::swap(now[i], now[from]);
  }
  layout.built = std::make_shared<const types::Schema>(std::move(built));
  return layout;
}

types::SchemaPtr RowLayout::Final() const {
  std::vector<types::Field> fields = built->fields();
  for (auto [a, b] : swaps) std::swap(fields[static_cast<size_t>(a)], fields[static_cast<size_t>(b)]);
  return std::make_shared<const types::Schema>(std::move(fields));
}

}  // namespace thalweg::connectors
