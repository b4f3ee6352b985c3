// One aggregate call at work: it keeps a state per group and is called for many rows at once.
// Rule: a state depends on nothing but the rows of its own group, in their order, so one function may run over all rows before the next
// function does, even where a group has several rows among them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "columns/batch.h"
#include "columns/builder.h"
#include "graph/row_spec.h"
#include "types/codec.h"

namespace thalweg::operators {

/// What a row does to its group. kFresh beside the others: the group begins anew with this row.
enum AggregateOp : uint8_t { kSkipRow = 0, kAddRow = 1, kRetractRow = 2, kFresh = 4 };
constexpr uint8_t kOpMask = 3;

/// Rows for one call of a function. `groups[i]` is the block of row `rows[i]`; a group may come several times.
struct AggregateRows {
  const columns::Batch* batch = nullptr;
  const int32_t* rows = nullptr;
  int32_t count = 0;
  std::byte* const* groups = nullptr;
  const uint8_t* ops = nullptr;
};

/// One call of one subtask. States lie in blocks at the function's offset; `group` is the block's begin. The task's thread.
class AggregateFunction {
 public:
  virtual ~AggregateFunction() = default;

  /// Of a state, a multiple of 8.
  virtual size_t state_size() const = 0;
  /// A new state is all zero bytes, and bytes may be copied.
  virtual bool plain() const = 0;
  virtual void set_offset(size_t offset) { offset_ = offset; }

  virtual void Construct(std::byte* group) const = 0;
  virtual void Destroy(std::byte* group) const = 0;
  virtual void Encode(const std::byte* group, ByteWriter& out) const = 0;
  /// Into a constructed state.
  virtual void Decode(ByteReader& in, std::byte* group) const = 0;

  virtual void Update(const AggregateRows& in) = 0;
  /// As Update, and appends for each row the result of its group before it and after it.
  virtual void UpdateEach(const AggregateRows& in, columns::ColumnBuilder& changes) = 0;
  /// `from` holds rows that came after those of `into`.
  virtual void Merge(std::byte* into, const std::byte* from) = 0;
  virtual void AppendResult(const std::byte* group, columns::ColumnBuilder& out) const = 0;

  /// The first row that could not be taken.
  const Status& status() const { return status_; }

 protected:
  size_t offset_ = 0;
  Status status_;
};

/// A function made of `F`, which says what one row does. F has
///   State: a struct; default: of no row. Plain ones consist of 8-byte members that are zero.
///   void Bind(const columns::Batch&), before rows of a batch
///   void Add(State&, int32_t row), void Retract(State&, int32_t row), void Merge(State& into, const State& from)
///   void Append(const State&, columns::ColumnBuilder&) const
///   Status status: what went wrong
template <typename F>
class TypedAggregate final : public AggregateFunction {
 public:
  using State = typename F::State;
  static constexpr bool kPlain = std::is_trivially_copyable_v<State>;
  static_assert(alignof(State) <= 8);

  explicit TypedAggregate(F f) : f_(std::move(f)) {}

  size_t state_size() const override { return (sizeof(State) + 7) / 8 * 8; }
  bool plain() const override { return kPlain; }
  void Construct(std::byte* group) const override { new (group + offset_) State(); }
  void Destroy(std::byte* group) const override { At(group).~State(); }
  void Encode(const std::byte* group, ByteWriter& out) const override {
    if constexpr (kPlain)
      out.Fixed(At(group));
    else
      types::Codec<State>::Encode(At(group), out);
  }
  void Decode(ByteReader& in, std::byte* group) const override {
    if constexpr (kPlain)
      At(group) = in.Fixed<State>();
    else
      types::Codec<State>::Decode(in, At(group));
  }

  void Update(const AggregateRows& in) override {
    f_.Bind(*in.batch);
    for (int32_t i = 0; i < in.count; ++i) Apply(At(in.groups[i]), in.rows[i], in.ops[i]);
    Note();
  }
  void UpdateEach(const AggregateRows& in, columns::ColumnBuilder& changes) override {
    f_.Bind(*in.batch);
    for (int32_t i = 0; i < in.count; ++i) {
      State& state = At(in.groups[i]);
      f_.Append(state, changes);
      Apply(state, in.rows[i], in.ops[i]);
      f_.Append(state, changes);
    }
    Note();
  }
  void Merge(std::byte* into, const std::byte* from) override {
    f_.Merge(At(into), At(from));
    Note();
  }
  void AppendResult(const std::byte* group, columns::ColumnBuilder& out) const override { f_.Append(At(group), out); }

 private:
  State& At(std::byte* group) const { return *std::launder(reinterpret_cast<State*>(group + offset_)); }
  const State& At(const std::byte* group) const {
    return *std::launder(reinterpret_cast<const State*>(group + offset_));
  }
  void Apply(State& state, int32_t row, uint8_t op) {
    if (op & kFresh) state = State();
    switch (op & kOpMask) {
      case kAddRow: f_.Add(state, row); break;
      case kRetractRow: f_.Retract(state, row); break;
      default: break;
    }
  }
  void Note() {
    if (status_.ok() && !f_.status.ok()) status_ = f_.status;
  }

  F f_;
};

using AggregatePtr = std::unique_ptr<AggregateFunction>;
template <typename F>
AggregatePtr MakeTyped(F f) {
  return std::make_unique<TypedAggregate<F>>(std::move(f));
}

/// What a function is made for.
struct AggregateSetting {
  const graph::AggregateCall& call;
  std::vector<types::DataType> arguments;
  bool retracts = false;  // rows may be retracted
  bool merges = false;    // states are merged
};

// Families. Null if `call.function` is none of the family's.
AggregatePtr MakeNumericAggregate(const AggregateSetting& setting);
AggregatePtr MakeVarianceAggregate(const AggregateSetting& setting);
AggregatePtr MakeValueAggregate(const AggregateSetting& setting);
AggregatePtr MakeListAggregate(const AggregateSetting& setting);
AggregatePtr MakeJsonAggregate(const AggregateSetting& setting);
AggregatePtr MakePercentileAggregate(const AggregateSetting& setting);

/// Those that stand with OVER only. `time_column`: of the order; -1: no row has peers.
Result<AggregatePtr> MakeOverAggregateFunction(const AggregateSetting& setting, int time_column);

/// The function of a call, checked against expr/aggregates.h: user error if there is none that runs in a group.
Result<AggregatePtr> MakeAggregate(const AggregateSetting& setting);

}  // namespace thalweg::operators
