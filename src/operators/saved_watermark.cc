#include "operators/saved_watermark.h"

#include <algorithm>

#include "base/bytes.h"

namespace thalweg::operators {

Result<SavedWatermark::Value> SavedWatermark::Open(state::OperatorState& state, const std::string& name) {
  THALWEG_ASSIGN(saved_, state.Open(name, state::Redistribution::kUnion, "window-watermark/1"));
  Value least;
  bool first = true;
  for (const std::string& item : *saved_) {
    ByteReader in(item);
    const int64_t watermark = in.I64();
    least.flags |= in.U8();
    THALWEG_TRY(in.status().WithContext(name));
    least.watermark = first ? watermark : std::min(least.watermark, watermark);
    first = false;
  }
  return least;
}

void SavedWatermark::Save(const Value& value) {
  ByteWriter out;
  out.I64(value.watermark);
  out.U8(value.flags);
  *saved_ = {out.Take()};
}

}  // namespace thalweg::operators
