#include "exchange/edge_writer.h"

#include <algorithm>

#include "types/key_group.h"

namespace thalweg::exchange {

using columns::Batch;
using flow::Element;

EdgeWriter::EdgeWriter(Options options, std::vector<ChannelSender*> senders, columns::BufferPool& pool)
    : options_(std::move(options)),
      senders_(std::move(senders)),
      pool_(&pool),
      scatterer_(static_cast<int>(senders_.size()), pool),
      scatters_(senders_.size() > 1 && options_.route != Route::kOne && options_.route != Route::kBroadcast),
      next_(static_cast<uint64_t>(options_.subtask)) {
  THALWEG_CHECK(!senders_.empty());
}

void EdgeWriter::Emit(Batch batch) {
  if (batch.rows() == 0) return;
  rows_ += static_cast<uint64_t>(batch.rows());
  if (scatters_) return Scatter(std::move(batch));
  if (options_.route == Route::kBroadcast) {
    for (size_t i = 1; i < senders_.size(); ++i) senders_[i]->Send(batch.Share(*pool_));
  }
  senders_[0]->Send(std::move(batch));
}

void EdgeWriter::Scatter(Batch batch) {
  int channels = static_cast<int>(senders_.size());
  int32_t rows = batch.rows();
  targets_.resize(static_cast<size_t>(rows));
  switch (options_.route) {
    case Route::kKeyed: {
      HashKeys(batch);
      THALWEG_CHECK(static_cast<bool>(batch.key_hashes()), "A keyed edge needs rows with key hashes");
      const auto* hashes = batch.key_hashes().data<uint64_t>();
      for (int32_t row = 0; row < rows; ++row)
        targets_[static_cast<size_t>(row)] = types::SubtaskOf(types::KeyGroupOf(hashes[row], options_.max_parallelism),
                                                              options_.max_parallelism, channels);
      break;
    }
    case Route::kCustom: options_.custom(batch, channels, targets_.data()); break;
    default:
      for (int32_t& target : targets_) target = static_cast<int32_t>(next_++ % static_cast<uint64_t>(channels));
  }
  full_.clear();
  scatterer_.Add(std::move(batch), targets_.data(), full_);
  for (columns::Routed& routed : full_)
    senders_[static_cast<size_t>(routed.destination)]->Send(std::move(routed.batch));
  partial_ = true;
}

// Hashes that a batch brings are of the key of an edge before this one.
void EdgeWriter::HashKeys(Batch& batch) {
  if (options_.key_columns.empty()) return;
  if (!key_encoder_) {
    std::vector<types::DataType> types;
    for (int column : options_.key_columns) types.push_back(batch.column(column).type);
    key_encoder_.emplace(types, options_.key_columns);
  }
  key_encoder_->FillHashes(batch, *pool_);
}

void EdgeWriter::EmitControl(const Element& element) {
  Flush();
  for (ChannelSender* sender : senders_) {
    switch (element.kind) {
      case Element::Kind::kWatermark: sender->Send(element.watermark); break;
      case Element::Kind::kStatus: sender->Send(element.status); break;
      case Element::Kind::kBarrier: sender->Send(element.barrier); break;
      case Element::Kind::kLatency: sender->Send(element.latency); break;
      case Element::Kind::kEnd: sender->Send(element.end); break;
      case Element::Kind::kBatch: THALWEG_CHECK(false, "rows go through Emit");
    }
  }
}

void EdgeWriter::Flush() {
  if (!partial_) return;
  for (int32_t i = 0; i < scatterer_.destinations(); ++i)
    if (scatterer_.rows(i) > 0) senders_[static_cast<size_t>(i)]->Send(scatterer_.Take(i));
  partial_ = false;
}

bool EdgeWriter::has_credit() const {
  return std::all_of(senders_.begin(), senders_.end(),
                     [](const ChannelSender* sender) { return sender->has_credit(); });
}

}  // namespace thalweg::exchange
