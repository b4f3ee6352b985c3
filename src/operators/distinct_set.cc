#include "operators/distinct_set.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <unordered_map>

#include "base/check.h"
#include "columns/key_encoder.h"

namespace thalweg::operators {
namespace {

/// The calls that a value of a shared set was shown to, a bit each.
struct SeenBits {
  static constexpr int kMaxCalls = 64;
  uint64_t bits = 0;

  bool none() const { return bits == 0; }
  /// The calls among `wanted` for which the value is new.
  uint64_t Add(uint64_t wanted, uint8_t op) {
    THALWEG_CHECK(op == kAddRow);
    const uint64_t news = wanted & ~bits;
    bits |= wanted;
    return news;
  }
  uint64_t Add(const SeenBits& other) { return Add(other.bits, kAddRow); }
  static uint8_t OpOf(uint64_t change, int call) { return (change >> call & 1) != 0 ? kAddRow : kSkipRow; }
};

/// The number of a value's rows for one call.
struct RowNumber {
  static constexpr int kMaxCalls = 1;
  int64_t rows = 0;

  bool none() const { return rows == 0; }
  uint64_t Add(uint64_t wanted, uint8_t op) {
    return wanted == 0 ? uint64_t{kSkipRow} : Add(RowNumber{op == kAddRow ? 1 : -1});
  }
  /// What it means to the function.
  uint64_t Add(const RowNumber& other) {
    const bool was = rows > 0;
    rows += other.rows;
    if ((rows > 0) == was) return kSkipRow;
    return rows > 0 ? kAddRow : kRetractRow;
  }
  static uint8_t OpOf(uint64_t change, int) { return static_cast<uint8_t>(change); }
};

/// Marks by integers: 16 bytes an entry, at most three quarters of a power of two in use, neighbours are probed. An entry without a mark is free.
template <typename T, typename Mark>
class IntegerMarks {
 public:
  IntegerMarks() = default;
  IntegerMarks(IntegerMarks&& other) noexcept { *this = std::move(other); }
  IntegerMarks& operator=(IntegerMarks&& other) noexcept {
    entries_ = std::move(other.entries_);
    mask_ = std::exchange(other.mask_, 0);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  size_t size() const { return size_; }
  void Prefetch(T value) const {
    if (entries_) __builtin_prefetch(&entries_[Home(value)], 1);
  }
  /// The result of `change`, called with the value's mark, which is none if it is new.
  template <typename Change>
  uint64_t Apply(T value, Change&& change) {
    if (4 * (size_ + 1) > 3 * capacity()) Grow();
    const size_t at = Find(value);
    const bool was = !entries_[at].mark.none();
    const uint64_t result = change(entries_[at].mark);
    const bool is = !entries_[at].mark.none();
    entries_[at].value = value;
    size_ += size_t{is} - size_t{was};
    if (was && !is) Close(at);
    return result;
  }
  template <typename Each>
  void ForEach(Each&& each) const {
    for (size_t i = 0; i < capacity(); ++i)
      if (!entries_[i].mark.none()) each(entries_[i].value, entries_[i].mark);
  }

 private:
  struct Entry {
    T value{};
    Mark mark;
  };

  size_t capacity() const { return entries_ ? mask_ + 1 : 0; }
  size_t Home(T value) const { return types::HashKeyInteger(value) & mask_; }
  /// Its entry, or the free one that is to be it.
  size_t Find(T value) const {
    size_t at = Home(value);
    while (!entries_[at].mark.none() && entries_[at].value != value) at = (at + 1) & mask_;
    return at;
  }
  void Grow() {
    const size_t before = capacity(), after = before == 0 ? 4 : 2 * before;
    const std::unique_ptr<Entry[]> old = std::exchange(entries_, std::make_unique<Entry[]>(after));
    mask_ = after - 1;
    for (size_t i = 0; i < before; ++i)
      if (!old[i].mark.none()) entries_[Find(old[i].value)] = old[i];
  }
  /// Moves up those that probed past the entry that became free.
  void Close(size_t hole) {
    for (size_t at = (hole + 1) & mask_; !entries_[at].mark.none(); at = (at + 1) & mask_) {
      if (((at - Home(entries_[at].value)) & mask_) < ((at - hole) & mask_)) continue;
      entries_[hole] = std::exchange(entries_[at], Entry());
      hole = at;
    }
  }

  std::unique_ptr<Entry[]> entries_;
  size_t mask_ = 0, size_ = 0;
};

/// Values of one INT or BIGINT.
template <typename T, typename MarkType>
class IntegerValues {
 public:
  using Mark = MarkType;
  using Key = std::optional<T>;

  static void Read(const columns::Batch& batch, int32_t row, Key& key) {
    const columns::Column& column = batch.column(0);
    key = column.IsNull(row) ? Key() : Key(column.data<T>()[row]);
  }
  static void AppendBytes(const Key& key, std::string& bytes) {
    key ? types::AppendKeyInteger(*key, bytes) : types::AppendKeyNull(bytes);
  }

  size_t size() const { return marks_.size() + (null_.none() ? 0 : 1); }
  void Prefetch(const columns::Batch& batch, int32_t row) const { marks_.Prefetch(batch.column(0).data<T>()[row]); }
  template <typename Change>
  uint64_t Apply(const Key& key, Change&& change) {
    return key ? marks_.Apply(*key, change) : change(null_);
  }
  /// In the order of their bytes: that of the hash table must not show.
  std::vector<std::pair<Key, Mark>> Ordered() const {
    std::vector<std::pair<Key, Mark>> entries;
    if (!null_.none()) entries.emplace_back(Key(), null_);
    marks_.ForEach([&](T value, const Mark& mark) { entries.emplace_back(value, mark); });
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return entries;
  }
  /// False: they are no value.
  static bool Parse(std::string_view bytes, Key& key) {
    types::KeyReader in(bytes);
    key = in.Present() ? Key(in.Integer<T>()) : Key();
    return !in.failed() && in.AtEnd();
  }

 private:
  IntegerMarks<T, Mark> marks_;
  Mark null_;
};

/// Values of any arguments, by their canonical bytes.
template <typename MarkType>
class ByteValues {
 public:
  using Mark = MarkType;
  using Key = std::string;

  static void Read(const columns::Batch& batch, int32_t row, Key& key) {
    key.clear();
    for (int column = 0; column < batch.num_columns(); ++column) columns::AppendCellKey(batch.column(column), row, key);
  }
  static void AppendBytes(const Key& key, std::string& bytes) { bytes += key; }

  size_t size() const { return marks_.size(); }
  void Prefetch(const columns::Batch&, int32_t) const {}
  template <typename Change>
  uint64_t Apply(const Key& key, Change&& change) {
    const auto at = marks_.try_emplace(key).first;
    const uint64_t result = change(at->second);
    if (at->second.none()) marks_.erase(at);
    return result;
  }
  std::vector<std::pair<Key, Mark>> Ordered() const {
    std::vector<std::pair<Key, Mark>> entries(marks_.begin(), marks_.end());
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return entries;
  }
  static bool Parse(std::string_view bytes, Key& key) {
    key = bytes;
    return true;
  }

 private:
  std::unordered_map<std::string, Mark> marks_;
};

template <typename Values>
class SetOf final : public DistinctSet {
 public:
  using Mark = typename Values::Mark;

  SetOf(std::vector<int> arguments, std::vector<types::DataType> types)
      : DistinctSet(std::move(arguments), std::move(types)) {}

  bool HasRoom() const override { return calls() < Mark::kMaxCalls; }
  size_t state_size() const override { return (sizeof(Values) + 7) / 8 * 8; }
  void Construct(std::byte* group) const override { new (group + offset_) Values(); }
  void Destroy(std::byte* group) const override { At(group).~Values(); }
  void Encode(const std::byte* group, ByteWriter& out) const override {
    const auto entries = At(group).Ordered();
    out.Varint(entries.size());
    std::string bytes;
    for (const auto& [key, mark] : entries) {
      bytes.clear();
      Values::AppendBytes(key, bytes);
      out.String(bytes);
      out.Fixed(mark);
    }
  }
  void Decode(ByteReader& in, std::byte* group) const override {
    typename Values::Key key;
    for (uint64_t left = in.Varint(); left > 0 && !in.failed(); --left) {
      const bool read = Values::Parse(in.String(), key);
      const auto mark = in.Fixed<Mark>();
      if (!read || mark.none()) return in.Fail();
      At(group).Apply(key, [&](Mark& own) {
        own = mark;
        return uint64_t{0};
      });
    }
  }

 protected:
  void Note(const AggregateRows& in) override {
    constexpr int32_t kAhead = 8;  // rows between a value's prefetch and its use
    for (int32_t i = 0; i < in.count; ++i) {
      if (i + kAhead < in.count) At(in.groups[i + kAhead]).Prefetch(*in.batch, in.rows[i + kAhead]);
      const auto row = static_cast<size_t>(i);
      Values& values = At(in.groups[i]);
      if (in.ops[i] & kFresh) values = Values();
      const uint8_t op = in.ops[i] & kOpMask;
      changes_[row] = 0;
      if (op == kSkipRow || wanted_[row] == 0) continue;
      Values::Read(*in.batch, in.rows[i], key_);
      changes_[row] = values.Apply(key_, [&](Mark& mark) { return mark.Add(wanted_[row], op); });
    }
  }
  void NoteMerged(std::byte* into, const std::byte* from, std::vector<columns::ColumnBuilder>& builders) override {
    std::string bytes;
    for (const auto& [key, theirs] : At(from).Ordered()) {
      const uint64_t change = At(into).Apply(key, [&, &theirs = theirs](Mark& mark) { return mark.Add(theirs); });
      if (change == 0) continue;
      changes_.push_back(change);
      bytes.clear();
      Values::AppendBytes(key, bytes);
      types::KeyReader reader(bytes);
      for (columns::ColumnBuilder& builder : builders) columns::ReadCellKey(reader, builder);
    }
  }
  size_t Size(const std::byte* group) const override { return At(group).size(); }
  uint8_t OpOf(uint64_t change, int call) const override { return Mark::OpOf(change, call); }

 private:
  static_assert(alignof(Values) <= 8);
  Values& At(std::byte* group) const { return *std::launder(reinterpret_cast<Values*>(group + offset_)); }
  const Values& At(const std::byte* group) const {
    return *std::launder(reinterpret_cast<const Values*>(group + offset_));
  }

  typename Values::Key key_;
};

template <typename Mark>
std::unique_ptr<DistinctSet> MakeSetOf(std::vector<int> arguments, std::vector<types::DataType> types) {
  const types::TypeId id = arguments.size() == 1 ? types[0].id() : types::TypeId::kString;
  if (id == types::TypeId::kBigInt)
    return std::make_unique<SetOf<IntegerValues<int64_t, Mark>>>(std::move(arguments), std::move(types));
  if (id == types::TypeId::kInt)
    return std::make_unique<SetOf<IntegerValues<int32_t, Mark>>>(std::move(arguments), std::move(types));
  return std::make_unique<SetOf<ByteValues<Mark>>>(std::move(arguments), std::move(types));
}

}  // namespace

int DistinctSet::AddCall(AggregateFunction& function, int filter) {
  THALWEG_CHECK(HasRoom());
  functions_.push_back(&function);
  filters_.push_back(filter);
  return calls() - 1;
}

void DistinctSet::Take(const AggregateRows& in) {
  batch_.emplace(pool(), in.batch->rows());
  for (int argument : arguments_) batch_->AddColumn(in.batch->column(argument));
  Want(in);
  taken_ = in;
  taken_.batch = &*batch_;
  changes_.resize(static_cast<size_t>(in.count));
  Note(taken_);
}

/// wanted_[i]: the calls whose filters let row i in.
void DistinctSet::Want(const AggregateRows& in) {
  uint64_t unfiltered = 0;
  for (int call = 0; call < calls(); ++call)
    if (filters_[static_cast<size_t>(call)] < 0) unfiltered |= uint64_t{1} << call;
  wanted_.assign(static_cast<size_t>(in.count), unfiltered);
  for (int call = 0; call < calls(); ++call) {
    const int filter = filters_[static_cast<size_t>(call)];
    if (filter < 0) continue;
    const columns::Column& column = in.batch->column(filter);
    for (int32_t i = 0; i < in.count; ++i) {
      const bool taken = !column.IsNull(in.rows[i]) && column.Bool(in.rows[i]);
      wanted_[static_cast<size_t>(i)] |= uint64_t{taken} << call;
    }
  }
}

AggregateRows DistinctSet::RowsOf(int call) {
  AggregateRows rows = taken_;
  ops_.resize(changes_.size());
  for (size_t i = 0; i < ops_.size(); ++i)
    ops_[i] = static_cast<uint8_t>(OpOf(changes_[i], call) | (taken_.ops[i] & kFresh));
  rows.ops = ops_.data();
  return rows;
}

void DistinctSet::Merge(std::byte* into, const std::byte* from) {
  std::vector<columns::ColumnBuilder> builders;
  const auto most = static_cast<int32_t>(Size(from));
  for (const types::DataType& type : types_) builders.emplace_back(type.WithNullable(true), pool(), most);
  changes_.clear();
  NoteMerged(into, from, builders);
  if (changes_.empty()) return;
  const auto count = static_cast<int32_t>(changes_.size());
  columns::Batch values(pool(), count);
  for (columns::ColumnBuilder& builder : builders) values.AddColumn(builder.Take());
  std::vector<int32_t> rows(changes_.size());
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<std::byte*> groups(changes_.size(), into);
  ops_.resize(changes_.size());
  for (int call = 0; call < calls(); ++call) {
    for (size_t i = 0; i < ops_.size(); ++i) ops_[i] = OpOf(changes_[i], call);
    functions_[static_cast<size_t>(call)]->Update(
        {.batch = &values, .rows = rows.data(), .count = count, .groups = groups.data(), .ops = ops_.data()});
  }
}

std::unique_ptr<DistinctSet> MakeDistinctSet(std::vector<int> arguments, std::vector<types::DataType> types,
                                             bool retracts) {
  return retracts ? MakeSetOf<RowNumber>(std::move(arguments), std::move(types))
                  : MakeSetOf<SeenBits>(std::move(arguments), std::move(types));
}

}  // namespace thalweg::operators
