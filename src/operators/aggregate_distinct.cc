// DISTINCT: a function that sees each set of arguments once, and takes it back when its last row is retracted.
#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include <boost/unordered/unordered_flat_map.hpp>

#include "columns/key_encoder.h"
#include "operators/aggregate_function.h"

namespace thalweg::operators {
namespace {

/// What the change of a value's number means to the inner function.
uint8_t MeaningOf(int64_t before, int64_t after) {
  if ((before > 0) == (after > 0)) return kSkipRow;
  return after > 0 ? kAddRow : kRetractRow;
}

/// How often each set of arguments is there, by its canonical bytes.
class ByteValues {
 public:
  using Key = std::string;

  static void Read(const columns::Batch& batch, int32_t row, Key& key) {
    key.clear();
    for (int column = 0; column < batch.num_columns(); ++column) columns::AppendCellKey(batch.column(column), row, key);
  }
  static std::string BytesOf(const Key& key) { return key; }

  uint8_t Change(const Key& key, int64_t by) {
    const auto at = counts_.try_emplace(key, 0).first;
    const int64_t before = at->second, after = before + by;
    at->second = after;
    if (after == 0) counts_.erase(at);
    return MeaningOf(before, after);
  }
  /// In the order of their bytes: that of the hash table must not show.
  std::vector<std::pair<Key, int64_t>> Ordered() const {
    std::vector<std::pair<Key, int64_t>> entries(counts_.begin(), counts_.end());
    std::sort(entries.begin(), entries.end());
    return entries;
  }
  void Encode(ByteWriter& out) const { types::Codec<Counts>::Encode(counts_, out); }
  void Decode(ByteReader& in) { types::Codec<Counts>::Decode(in, counts_); }

 private:
  using Counts = std::unordered_map<std::string, int64_t>;
  Counts counts_;
};

/// The same of one integer, or NULL: a value takes 16 bytes, and no memory of its own. The bytes in snapshots are the same.
template <typename T>
class IntegerValues {
 public:
  using Key = std::optional<T>;

  static void Read(const columns::Batch& batch, int32_t row, Key& key) {
    const columns::Column& column = batch.column(0);
    key = column.IsNull(row) ? Key() : Key(column.data<T>()[row]);
  }
  static std::string BytesOf(const Key& key) {
    std::string bytes;
    key ? types::AppendKeyInteger(*key, bytes) : types::AppendKeyNull(bytes);
    return bytes;
  }

  uint8_t Change(const Key& key, int64_t by) {
    if (!key) {
      nulls_ += by;
      return MeaningOf(nulls_ - by, nulls_);
    }
    const auto at = counts_.try_emplace(*key, 0).first;
    const int64_t before = at->second, after = before + by;
    at->second = after;
    if (after == 0) counts_.erase(at);
    return MeaningOf(before, after);
  }
  std::vector<std::pair<Key, int64_t>> Ordered() const {
    std::vector<std::pair<Key, int64_t>> entries;
    if (nulls_ != 0) entries.emplace_back(Key(), nulls_);
    for (const auto& [value, count] : counts_) entries.emplace_back(value, count);
    std::sort(entries.begin(), entries.end());
    return entries;
  }
  void Encode(ByteWriter& out) const {
    const auto entries = Ordered();
    out.Varint(entries.size());
    for (const auto& [key, count] : entries) {
      out.String(BytesOf(key));
      out.I64(count);
    }
  }
  void Decode(ByteReader& in) {
    for (uint64_t left = in.Varint(); left > 0 && !in.failed(); --left) {
      types::KeyReader key(in.String());
      if (key.Present())
        counts_[key.Integer<T>()] = in.I64();
      else
        nulls_ = in.I64();
    }
  }

 private:
  boost::unordered_flat_map<T, int64_t> counts_;
  int64_t nulls_ = 0;
};

/// The inner function's arguments are columns 0, 1, ... of batches that have nothing else, so that values of another state can be
/// shown to it as rows.
template <typename Values>
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
    At(group).Encode(out);
    inner_->Encode(group, out);
  }
  void Decode(ByteReader& in, std::byte* group) const override {
    At(group).Decode(in);
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

  void Merge(std::byte* into, const std::byte* from) override {
    for (const auto& [key, count] : At(from).Ordered()) {
      const uint8_t op = At(into).Change(key, count);
      if (op != kSkipRow) Show(Values::BytesOf(key), into, op);
    }
    status_ = inner_->status();
  }

 private:
  static constexpr size_t kValuesSize = (sizeof(Values) + 7) / 8 * 8;
  static_assert(alignof(Values) <= 8);

  Values& At(std::byte* group) const { return *std::launder(reinterpret_cast<Values*>(group + offset_)); }
  const Values& At(const std::byte* group) const {
    return *std::launder(reinterpret_cast<const Values*>(group + offset_));
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
      if (in.ops[i] & kFresh) values = Values();
      if (op != kSkipRow) {
        Values::Read(batch, in.rows[i], key_);
        op = values.Change(key_, op == kAddRow ? 1 : -1);
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
  typename Values::Key key_;
};

}  // namespace

AggregatePtr MakeDistinctAggregate(std::vector<int> arguments, std::vector<types::DataType> types, AggregatePtr inner) {
  const types::TypeId id = arguments.size() == 1 ? types[0].id() : types::TypeId::kString;
  if (id == types::TypeId::kBigInt)
    return std::make_unique<DistinctAggregate<IntegerValues<int64_t>>>(std::move(arguments), std::move(types),
                                                                       std::move(inner));
  if (id == types::TypeId::kInt)
    return std::make_unique<DistinctAggregate<IntegerValues<int32_t>>>(std::move(arguments), std::move(types),
                                                                       std::move(inner));
  return std::make_unique<DistinctAggregate<ByteValues>>(std::move(arguments), std::move(types), std::move(inner));
}

}  // namespace thalweg::operators
