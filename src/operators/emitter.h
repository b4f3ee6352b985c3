// Emitter<T>: the way of an operator's rows to one output port. Rule: nothing is emitted without credit; what a single call of user
// code produces beyond it waits in a bounded spill queue, which is part of the operator's snapshot.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "columns/object_writer.h"
#include "flow/context.h"
#include "flow/output.h"
#include "types/codec.h"

namespace thalweg::operators {

/// Rows that may wait for credit in one port of one subtask: what one call of user code emits, e.g. a file's lines from its name.
constexpr size_t kMaxSpilledRows = 1 << 20;

/// A port without its type.
class EmitterBase {
 public:
  explicit EmitterBase(int port) : port_(port) {}
  virtual ~EmitterBase() = default;
  /// At the start of every call of the operator: sends waiting rows. False: credit ran out first.
  virtual bool Drain(flow::Output& out) = 0;
  /// At the end of every call: hands the partial batch on. False: rows wait (the call returns kMore).
  virtual bool Flush() = 0;
  virtual Status Open(flow::Context& context) = 0;
  virtual Status Snapshot() = 0;
  /// More rows waited than the limit allows.
  virtual Status status() const = 0;
  int port() const { return port_; }

 protected:
  int port_;
};

template <typename T>
class Emitter final : public EmitterBase {
 public:
  explicit Emitter(int port = 0) : EmitterBase(port) {}

  /// Hands a row on; on the task's thread, between Drain and Flush.
  void Collect(T value) { CollectAt(std::move(value), time_); }
  void CollectAt(T value, int64_t time, types::RowKind kind = types::RowKind::kInsert) {
    if (!spill_.empty() || !out_->has_credit()) {
      if (spill_.size() >= kMaxSpilledRows) [[unlikely]]
        overflow_ = true;
      else
        spill_.push_back({std::move(value), time, kind});
      return;
    }
    writer_->Append(std::move(value), time, kind);
    if (writer_->full()) out_->Emit(port_, writer_->Take());
  }
  /// Event time of the rows that follow.
  void set_time(int64_t time) { time_ = time; }

  bool Drain(flow::Output& out) override {
    out_ = &out;
    int32_t capacity = out.batch_rows();
    if (!writer_ || capacity_ != capacity || pool_ != &out.pool()) {
      pool_ = &out.pool();
      capacity_ = capacity;
      writer_ = std::make_unique<columns::ObjectWriter<T>>(*pool_, capacity);
    }
    while (!spill_.empty() && out.has_credit()) {
      Spilled row = std::move(spill_.front());
      spill_.pop_front();
      writer_->Append(std::move(row.value), row.time, row.kind);
      if (writer_->full()) out.Emit(port_, writer_->Take());
    }
    return spill_.empty() && out.has_credit();
  }
  bool Flush() override {
    if (writer_->rows() > 0) out_->Emit(port_, writer_->Take());
    return spill_.empty();
  }

  Status Open(flow::Context& context) override {
    name_ = context.task().operator_name;
    if constexpr (types::HasCodec<T>) {
      THALWEG_ASSIGN(saved_, context.operator_state().Open("spill/" + std::to_string(port_),
                                                           state::Redistribution::kSplit, types::CodecName<T>()));
      for (const std::string& item : *saved_) {
        ByteReader in(item);
        Spilled row{T{}, in.I64(), types::RowKind::kInsert};
        row.kind = static_cast<types::RowKind>(in.U8() & 3);
        types::Codec<T>::Decode(in, row.value);
        THALWEG_TRY(in.status());
        spill_.push_back(std::move(row));
      }
      saved_->clear();
    }
    return {};
  }
  Status Snapshot() override {
    if constexpr (types::HasCodec<T>) {
      saved_->clear();
      for (const Spilled& row : spill_) {
        ByteWriter out;
        out.I64(row.time);
        out.U8(static_cast<uint8_t>(row.kind));
        types::Codec<T>::Encode(row.value, out);
        saved_->push_back(out.Take());
      }
    } else if (!spill_.empty()) {
      return UserError("Rows wait for credit in a checkpoint, and their type has no codec: {}", types::CodecName<T>());
    }
    return {};
  }
  Status status() const override {
    if (!overflow_) return {};
    return UserError("One call emitted more than {} rows beyond the output's credit, in operator {}", kMaxSpilledRows,
                     name_);
  }

 private:
  struct Spilled {
    T value;
    int64_t time;
    types::RowKind kind;
  };
  std::unique_ptr<columns::ObjectWriter<T>> writer_;
  columns::BufferPool* pool_ = nullptr;
  int32_t capacity_ = 0;
  flow::Output* out_ = nullptr;
  int64_t time_ = columns::kNoTime;
  std::deque<Spilled> spill_;
  std::vector<std::string>* saved_ = nullptr;
  std::string name_;
  bool overflow_ = false;
};

/// What user functions emit to.
template <typename T>
using Collector = Emitter<T>;

}  // namespace thalweg::operators
