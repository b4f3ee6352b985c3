#include "operators/aggregate_layout.h"

#include <array>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>

#include "expr/aggregates.h"
#include "expr/type_rules.h"

namespace thalweg::operators {
namespace {

/// A block of plain states, as the table holds it.
template <size_t kSize>
struct alignas(8) PlainBlock {
  std::array<std::byte, kSize> bytes{};
};

/// A block elsewhere, made by the layout that stands before it; or the bytes of one that no layout has read yet.
class BoundBlock {
 public:
  BoundBlock() = default;
  BoundBlock(BoundBlock&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), encoded_(std::move(other.encoded_)) {}
  BoundBlock& operator=(BoundBlock&&) = delete;
  ~BoundBlock() {
    if (!memory_) return;
    Owner().Destroy(block());
    std::destroy_at(std::launder(reinterpret_cast<OwnerPtr*>(memory_)));
    delete[] memory_;
  }

  std::byte* block() const { return memory_ ? memory_ + sizeof(OwnerPtr) : nullptr; }
  const std::optional<std::string>& encoded() const { return encoded_; }
  void set_encoded(std::string bytes) { encoded_ = std::move(bytes); }
  std::byte* Bind(const std::shared_ptr<AggregateLayout>& layout) {
    memory_ = new std::byte[sizeof(OwnerPtr) + layout->block_size()];
    new (memory_) OwnerPtr(layout);
    layout->Construct(block());
    return block();
  }
  void ClearEncoded() { encoded_.reset(); }
  void Encode(ByteWriter& out) const {
    if (memory_)
      Owner().Encode(block(), out);
    else if (encoded_)
      out.Raw(*encoded_);
  }

 private:
  using OwnerPtr = std::shared_ptr<const AggregateLayout>;
  const AggregateLayout& Owner() const { return **std::launder(reinterpret_cast<OwnerPtr*>(memory_)); }
  std::byte* memory_ = nullptr;
  std::optional<std::string> encoded_;
};

}  // namespace
}  // namespace thalweg::operators

template <size_t kSize>
struct thalweg::types::Codec<thalweg::operators::PlainBlock<kSize>> {
  static std::string Name() { return "aggregates/2"; }
  static void Encode(const operators::PlainBlock<kSize>& value, ByteWriter& out) { out.Fixed(value); }
  static void Decode(ByteReader& in, operators::PlainBlock<kSize>& value) {
    value = in.Fixed<operators::PlainBlock<kSize>>();
  }
};

template <>
struct thalweg::types::Codec<thalweg::operators::BoundBlock> {
  static std::string Name() { return "aggregates/2"; }
  static void Encode(const operators::BoundBlock& value, ByteWriter& out) { value.Encode(out); }
  static void Decode(ByteReader& in, operators::BoundBlock& value) {
    value.set_encoded(std::string(in.Raw(in.remaining())));
  }
};

namespace thalweg::operators {
namespace {

template <size_t... kSizes>
const types::ObjectType* PlainTypeOf(size_t size, std::index_sequence<kSizes...>) {
  const types::ObjectType* found = nullptr;
  ((!found && size <= kSizes ? void(found = &types::ObjectTypeOf<PlainBlock<kSizes>>()) : void()), ...);
  return found;
}

/// Null: too large to stand in a slot.
const types::ObjectType* PlainTypeOf(size_t size) {
  return PlainTypeOf(size, std::index_sequence<8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128>());
}

/// The type of blocks under a name of its own; as tables want it, it lives as long as the process.
const types::ObjectType* Named(const types::ObjectType& type, const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<types::ObjectType>> types;
  const std::scoped_lock lock(mutex);
  std::unique_ptr<types::ObjectType>& named = types[name];
  if (!named) {
    named = std::make_unique<types::ObjectType>(type);
    named->name = name;
  }
  return named.get();
}

bool IsRowCount(const graph::AggregateCall& call) {
  return call.function == "COUNT" && call.arguments.empty() && call.filter < 0;
}

std::vector<types::DataType> ArgumentTypes(const types::Schema& input, const graph::AggregateCall& call) {
  std::vector<types::DataType> types;
  for (int argument : call.arguments) types.push_back(input.field(argument).type);
  return types;
}

/// `set`: the number of the call's set of distinct values, -1 if it has none.
std::string SignatureOf(const graph::AggregateCall& call, const std::vector<types::DataType>& arguments, int set) {
  std::string text = call.function + (set < 0 ? "(" : fmt::format("(DISTINCT {} ", set));
  for (const types::DataType& type : arguments) text += type.WithNullable(true).ToString() + ";";
  return text + ")";
}

}  // namespace

Result<AggregatePtr> MakeAggregate(const AggregateSetting& setting) {
  const expr::Aggregate* known = expr::FindAggregate(setting.call.function);
  THALWEG_TRY(expr::AggregateResultType(setting.call.function, setting.arguments, true).status());
  if (known->over_only) return UserError("{} stands with OVER only", known->name);
  if (!setting.call.order_by.empty()) return UserError("{} WITHIN GROUP (ORDER BY ...) is not supported", known->name);
  for (auto* make : {MakeNumericAggregate, MakeVarianceAggregate, MakeValueAggregate, MakeListAggregate,
                     MakeJsonAggregate, MakePercentileAggregate})
    if (AggregatePtr function = make(setting)) return function;
  return UserError("Aggregate function {} is not supported", known->name);
}

Result<std::shared_ptr<AggregateLayout>> AggregateLayout::Make(const types::Schema& input,
                                                               const std::vector<graph::AggregateCall>& calls,
                                                               LayoutOptions options) {
  std::shared_ptr<AggregateLayout> layout(new AggregateLayout);
  for (const graph::AggregateCall& call : calls) THALWEG_TRY(layout->AddCall(input, call, options));
  layout->Finish(options);
  return layout;
}

Status AggregateLayout::AddCall(const types::Schema& input, const graph::AggregateCall& call, LayoutOptions options) {
  const std::vector<types::DataType> arguments = ArgumentTypes(input, call);
  THALWEG_ASSIGN(const types::DataType result, expr::AggregateResultType(call.function, arguments, false));
  if (!expr::SameType(result, call.type))
    return InternalError("{} gives {}, not {}", call.function, result.ToString(), call.type.ToString());
  types_.push_back(call.type);
  if (IsRowCount(call)) {
    calls_.emplace_back();
    return {};
  }
  const bool distinct = call.distinct && !expr::FindAggregate(call.function)->ignores_distinct;
  graph::AggregateCall inner = call;
  if (distinct) std::iota(inner.arguments.begin(), inner.arguments.end(), 0);
  const AggregateSetting setting{inner, arguments, options.retracts, options.merges};
  const bool over = options.over && expr::FindAggregate(call.function)->over_only;
  THALWEG_ASSIGN(AggregatePtr function,
                 over ? MakeOverAggregateFunction(setting, options.time_column) : MakeAggregate(setting));
  Call made{.function = std::move(function), .filter = call.filter};
  int set = -1;
  if (distinct) {
    set = SetOf(call, arguments, options);
    made.distinct = sets_[static_cast<size_t>(set)].get();
    made.place = made.distinct->AddCall(*made.function, call.filter);
  }
  Place(*made.function);
  plain_ = plain_ && !distinct && made.function->plain();
  signature_ += SignatureOf(call, arguments, set);
  calls_.push_back(std::move(made));
  return {};
}

/// The number of a DISTINCT call's set: that of calls before it with the same arguments, or a new one.
int AggregateLayout::SetOf(const graph::AggregateCall& call, const std::vector<types::DataType>& types,
                           LayoutOptions options) {
  for (size_t i = 0; i < sets_.size(); ++i)
    if (sets_[i]->arguments() == call.arguments && sets_[i]->HasRoom()) return static_cast<int>(i);
  sets_.push_back(MakeDistinctSet(call.arguments, types, options.retracts));
  Place(*sets_.back());
  return static_cast<int>(sets_.size()) - 1;
}

template <typename State>
void AggregateLayout::Place(State& state) {
  state.set_offset(block_size_);
  block_size_ += state.state_size();
}

void AggregateLayout::Finish(LayoutOptions options) {
  const types::ObjectType* plain = plain_ ? PlainTypeOf(block_size_) : nullptr;
  plain_ = plain != nullptr;
  const std::string name =
      fmt::format("aggregates/2 {}{}{}", plain_ ? plain->size : 0, options.retracts ? "-+" : "+", signature_);
  object_type_ = Named(plain_ ? *plain : types::ObjectTypeOf<BoundBlock>(), name);
}

std::byte* AggregateLayout::Open(void* object) {
  if (plain_) return static_cast<std::byte*>(object);
  auto& bound = *static_cast<BoundBlock*>(object);
  if (std::byte* block = bound.block()) return block;
  std::byte* block = bound.Bind(shared_from_this());
  if (!bound.encoded()) return block;
  ByteReader in(*bound.encoded());
  RowCount(block) = in.I64();
  for (const auto& set : sets_) set->Decode(in, block);
  for (const Call& call : calls_)
    if (call.function) call.function->Decode(in, block);
  if (status_.ok() && (in.failed() || !in.AtEnd())) status_ = ExternalError("Malformed aggregates of a group");
  bound.ClearEncoded();
  return block;
}

void AggregateLayout::Construct(std::byte* block) const {
  RowCount(block) = 0;
  for (const auto& set : sets_) set->Construct(block);
  for (const Call& call : calls_)
    if (call.function) call.function->Construct(block);
}

void AggregateLayout::Destroy(std::byte* block) const {
  for (const auto& set : sets_) set->Destroy(block);
  for (const Call& call : calls_)
    if (call.function) call.function->Destroy(block);
}

void AggregateLayout::Encode(const std::byte* block, ByteWriter& out) const {
  out.I64(RowCount(block));
  for (const auto& set : sets_) set->Encode(block, out);
  for (const Call& call : calls_)
    if (call.function) call.function->Encode(block, out);
}

AggregateRows AggregateLayout::RowsOf(const Call& call, const AggregateRows& in) {
  if (call.distinct) return call.distinct->RowsOf(call.place);
  if (call.filter < 0) return in;
  const columns::Column& column = in.batch->column(call.filter);
  ops_.resize(static_cast<size_t>(in.count));
  for (int32_t i = 0; i < in.count; ++i) {
    const bool taken = !column.IsNull(in.rows[i]) && column.Bool(in.rows[i]);
    ops_[static_cast<size_t>(i)] = static_cast<uint8_t>(taken ? in.ops[i] : in.ops[i] & kFresh);
  }
  AggregateRows filtered = in;
  filtered.ops = ops_.data();
  return filtered;
}

void AggregateLayout::Update(const AggregateRows& in) {
  for (const auto& set : sets_) set->Take(in);
  for (const Call& call : calls_)
    if (call.function) call.function->Update(RowsOf(call, in));
  for (const auto& set : sets_) set->Release();
}

void AggregateLayout::UpdateEach(const AggregateRows& in, const int64_t* counts,
                                 std::vector<columns::ColumnBuilder>& changes) {
  for (const auto& set : sets_) set->Take(in);
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (calls_[i].function) {
      calls_[i].function->UpdateEach(RowsOf(calls_[i], in), changes[i]);
      continue;
    }
    for (int32_t row = 0; row < 2 * in.count; ++row) changes[i].Append(counts[row]);
  }
  for (const auto& set : sets_) set->Release();
}

void AggregateLayout::Merge(std::byte* into, const std::byte* from) {
  RowCount(into) += RowCount(from);
  for (const auto& set : sets_) set->Merge(into, from);
  for (const Call& call : calls_)
    if (call.function && !call.distinct) call.function->Merge(into, from);
}

void AggregateLayout::AppendResult(const std::byte* block, int call, columns::ColumnBuilder& out) const {
  const AggregatePtr& function = calls_[static_cast<size_t>(call)].function;
  function ? function->AppendResult(block, out) : out.Append(RowCount(block));
}

Status AggregateLayout::status() const {
  THALWEG_TRY(status_);
  for (const Call& call : calls_)
    if (call.function) THALWEG_TRY(call.function->status());
  return {};
}

AggregateObject::AggregateObject(AggregateLayout& layout)
    : layout_(layout), memory_(new std::byte[layout.object_type().size]) {
  layout_.object_type().construct(memory_.get());
}

AggregateObject::~AggregateObject() { layout_.object_type().destroy(memory_.get(), 1); }

void AggregateObject::Clear() {
  layout_.object_type().destroy(memory_.get(), 1);
  layout_.object_type().construct(memory_.get());
}

void AggregateObject::Take(void* object) {
  layout_.object_type().destroy(memory_.get(), 1);
  layout_.object_type().move(memory_.get(), object, 1);
}

}  // namespace thalweg::operators
