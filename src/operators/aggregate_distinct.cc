// DISTINCT: a function that sees each set of arguments once, and takes it back when its last row is retracted.
#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "columns/key_encoder.h"
#include "operators/aggregate_function.h"

namespace thalweg::operators {
namespace {

/// The inner function's arguments are columns 0, 1, ... of batches that have nothing else, so that values of another state can be
/// shown to it as rows.
class DistinctAggregate final : public AggregateFunction {
 public:
  DistinctAggregate(std::vector<int> arguments, std::vector<types::DataType> types, AggregatePtr inner)
      : arguments_(std::move(arguments)), types_(std::move(types)), inner_(std::move(inner)) {}

  size_t state_size() const override { return kValuesSize + inner_->state_size(); }
  bool plain() const override { return false; }
  void set_offset(size_t offset) override {
    offset_ = offset;
    inner_->set_offset(offset + kValuesSize);
  }
  void Construct(std::byte* group) const override {
    new (group + offset_) Values();
    inner_->Construct(group);
  }
  void Destroy(std::byte* group) const override {
    At(group).~Values();
    inner_->Destroy(group);
  }
  void Encode(const std::byte* group, ByteWriter& out) const override {
    types::Codec<Values>::Encode(At(group), out);
    inner_->Encode(group, out);
  }
  void Decode(ByteReader& in, std::byte* group) const override {
    types::Codec<Values>::Decode(in, At(group));
    inner_->Decode(in, group);
  }

  void Update(const AggregateRows& in) override {
    const columns::Batch batch = Arguments(*in.batch);
    inner_->Update(Narrowed(in, batch));
    status_ = inner_->status();
  }
  void UpdateEach(const AggregateRows& in, columns::ColumnBuilder& changes) override {
    const columns::Batch batch = Arguments(*in.batch);
    inner_->UpdateEach(Narrowed(in, batch), changes);
    status_ = inner_->status();
  }
  void AppendResult(const std::byte* group, columns::ColumnBuilder& out) const override {
    inner_->AppendResult(group, out);
  }

  // In the order of their bytes: that of the hash table must not show.
  void Merge(std::byte* into, const std::byte* from) override {
    std::vector<const Values::value_type*> others;
    for (const auto& entry : At(from)) others.push_back(&entry);
    std::sort(others.begin(), others.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    for (const auto* other : others) {
      const uint8_t op = Change(At(into), other->first, other->second);
      if (op != kSkipRow) Show(other->first, into, op);
    }
    status_ = inner_->status();
  }

 private:
  using Values = std::unordered_map<std::string, int64_t>;  // how often each set of arguments is there
  static constexpr size_t kValuesSize = (sizeof(Values) + 7) / 8 * 8;
  static_assert(alignof(Values) <= 8);

  Values& At(std::byte* group) const { return *std::launder(reinterpret_cast<Values*>(group + offset_)); }
  const Values& At(const std::byte* group) const {
    return *std::launder(reinterpret_cast<const Values*>(group + offset_));
  }

  /// What the change of a value's number means to the inner function.
  static uint8_t Change(Values& values, const std::string& value, int64_t by) {
    const auto at = values.try_emplace(value, 0).first;
    const int64_t before = at->second;
    at->second += by;
    const bool was = before > 0, is = at->second > 0;
    if (at->second == 0) values.erase(at);
    if (was == is) return kSkipRow;
    return is ? kAddRow : kRetractRow;
  }

  columns::BufferPool& pool() {
    if (!pool_) pool_.emplace();
    return *pool_;
  }
  columns::Batch Arguments(const columns::Batch& batch) {
    columns::Batch arguments(pool(), batch.rows());
    for (int argument : arguments_) arguments.AddColumn(batch.column(argument));
    return arguments;
  }
  AggregateRows Narrowed(const AggregateRows& in, const columns::Batch& batch) {
    ops_.resize(static_cast<size_t>(in.count));
    for (int32_t i = 0; i < in.count; ++i) {
      Values& values = At(in.groups[i]);
      uint8_t op = in.ops[i] & kOpMask;
      if (in.ops[i] & kFresh) values.clear();
      if (op != kSkipRow) {
        bytes_.clear();
        for (int column = 0; column < batch.num_columns(); ++column)
          columns::AppendCellKey(batch.column(column), in.rows[i], bytes_);
        op = Change(values, bytes_, op == kAddRow ? 1 : -1);
      }
      ops_[static_cast<size_t>(i)] = static_cast<uint8_t>(op | (in.ops[i] & kFresh));
    }
    AggregateRows narrowed = in;
    narrowed.batch = &batch;
    narrowed.ops = ops_.data();
    return narrowed;
  }
  /// Shows a set of arguments as a row.
  void Show(const std::string& value, std::byte* group, uint8_t op) {
    columns::Batch row(pool(), 1);
    types::KeyReader in(value);
    for (const types::DataType& type : types_) {
      columns::ColumnBuilder builder(type.WithNullable(true), pool(), 1);
      columns::ReadCellKey(in, builder);
      row.AddColumn(builder.Take());
    }
    const int32_t first = 0;
    inner_->Update({.batch = &row, .rows = &first, .count = 1, .groups = &group, .ops = &op});
  }

  std::vector<int> arguments_;
  std::vector<types::DataType> types_;
  AggregatePtr inner_;
  std::optional<columns::BufferPool> pool_;
  std::vector<uint8_t> ops_;
  std::string bytes_;
};

}  // namespace

AggregatePtr MakeDistinctAggregate(std::vector<int> arguments, std::vector<types::DataType> types, AggregatePtr inner) {
  return std::make_unique<DistinctAggregate>(std::move(arguments), std::move(types), std::move(inner));
}

}  // namespace thalweg::operators
