#include "operators/sort_key.h"

#include "columns/key_encoder.h"

namespace thalweg::operators {
namespace {

constexpr char kNullFirst = 0;  // below every value's first byte: 0x01, or 0xFE if it is inverted
constexpr char kNullLast = '\xff';

}  // namespace

// The canonical bytes ascend with the values and none is a prefix of another, so inverted bytes descend.
void AppendSortKey(const columns::Batch& batch, int32_t row, const std::vector<graph::SortKey>& order,
                   std::string& out) {
  for (const graph::SortKey& key : order) {
    const columns::Column& column = batch.column(key.column);
    if (column.IsNull(row) || column.type.id() == types::TypeId::kNull) {
      out.push_back(key.nulls_last ? kNullLast : kNullFirst);
      continue;
    }
    const size_t begin = out.size();
    columns::AppendCellKey(column, row, out);
    if (!key.descending) continue;
    for (size_t i = begin; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
  }
}

}  // namespace thalweg::operators
