// KeyBy: puts each row's key beside it, as ordinary columns behind the object column, and its hash.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "columns/key_codec.h"
#include "flow/operator.h"
#include "operators/keys.h"
#include "operators/row_function.h"
#include "operators/user_error.h"

namespace thalweg::operators {

/// K operator()(const T&). The key must depend on the row alone: it is computed again after a failure.
template <typename T, typename K, typename F>
class KeyByOperator final : public RowFunctionOperator<F> {
 public:
  using RowFunctionOperator<F>::RowFunctionOperator;

  Status Open(flow::Context& context) override {
    THALWEG_TRY(RowFunctionOperator<F>::Open(context));
    for (const types::Field& field : columns::KeyCodec<K>::Fields()) builders_.emplace_back(field.type, context.pool());
    std::vector<int> positions;
    for (size_t i = 0; i < builders_.size(); ++i) positions.push_back(static_cast<int>(i) + 1);
    encoder_.emplace(columns::KeyCodec<K>::Types(), std::move(positions));
    return {};
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    columns::Batch batch = rows.TakeAll();
    batch.DropColumns(1);  // an earlier key's
    const T* values = batch.objects<T>();
    int32_t row = 0;
    try {
      if constexpr (kPlainKey<K>) {
        AppendKeyColumns<K>(batch, out.pool(), [&](int32_t at) -> K { return this->function_(values[row = at]); });
        out.Emit(std::move(batch));
        return flow::Progress::kDone;
      }
      for (const int32_t count = batch.rows(); row < count; ++row)
        columns::KeyCodec<K>::AppendColumns(this->function_(values[row]), builders_);
    } catch (...) {
      return UserException("key selector", RowText(values[row]));
    }
    for (columns::ColumnBuilder& builder : builders_) batch.AddColumn(builder.Take());
    encoder_->FillHashes(batch, out.pool());
    out.Emit(std::move(batch));
    return flow::Progress::kDone;
  }

 private:
  std::vector<columns::ColumnBuilder> builders_;
  std::optional<columns::KeyEncoder> encoder_;
};

}  // namespace thalweg::operators
