#include "operators/bundle_aggregate.h"

#include <deque>
#include <numeric>
#include <utility>
#include <vector>

#include "operators/bundle.h"
#include "operators/group_aggregate.h"

namespace thalweg::operators {
namespace {

std::vector<types::DataType> TypesOfKeys(const graph::GroupAggregateSpec& spec) {
  std::vector<types::DataType> types;
  for (int key : spec.keys) types.push_back(spec.input.field(key).type);
  return types;
}

std::vector<types::DataType> TypesOfPartials(const graph::GroupAggregateSpec& spec) {
  const types::Schema schema = graph::PartialSchema(spec);
  std::vector<types::DataType> types;
  for (const types::Field& field : schema.fields()) types.push_back(field.type);
  return types;
}

/// Where the keys stand in a global aggregate's input.
std::vector<int> FirstColumns(size_t count) {
  std::vector<int> columns(count);
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

/// Groups in state, which rows change as they come. A bundle knows the results of its groups before its first row, and after the last
/// one that has come: that the state may forget a group meanwhile (TTL) is no matter.
class StatefulBundle : public BundleOperator {
 protected:
  StatefulBundle(const graph::MiniBatch& limits, graph::GroupAggregateSpec spec, std::vector<int> keys,
                 std::shared_ptr<AggregateLayout> layout)
      : BundleOperator(limits, std::move(keys), TypesOfKeys(spec), GroupResultTypes(spec)),
        spec_(std::move(spec)),
        layout_(std::move(layout)) {}

  /// Rows from `from` on; blocks[i] is the group's of row from + i.
  virtual Status AddRows(const columns::Batch& batch, int32_t from, std::span<std::byte* const> blocks) = 0;

  AggregateLayout& layout() { return *layout_; }

 private:
  static constexpr int32_t kNoResult = -1;
  struct Group {
    int64_t rows_before = 0, rows_after = 0;
    int32_t before = kNoResult, after = kNoResult;  // places of results
    int32_t place = 0;                              // among those of the rows at hand
    uint32_t fold = 0;                              // the last that had rows of it
    bool begun = false;
  };

  Status OpenGroups(flow::Context& context) final {
    backend_ = context.keyed_state();
    if (!backend_) return InternalError("A group aggregate needs a keyed input: {}", context.task().operator_name);
    THALWEG_ASSIGN(table_, operators::OpenGroups(*backend_, *layout_, spec_.ttl_ms));
    finder_.Open(*table_, *layout_);
    return {};
  }

  void StartBundle(columns::BufferPool& pool) final {
    groups_.clear();
    fold_ = 0;
    results_ = 0;
    changes_.Start(layout_->types(), pool);
  }

  bool Fold(const columns::Batch& batch, int32_t from, std::span<const state::KeyView> views) final {
    ListGroups(batch, from, views);
    if (!finder_.Find(std::span(group_views_).first(at_hand_.size()), group_blocks_.data())) return false;
    NoteBefore();
    for (size_t i = 0; i < views.size(); ++i) blocks_[i] = group_blocks_[static_cast<size_t>(places_[i])];
    Status added = AddRows(batch, from, std::span(blocks_).first(views.size()));
    if (status_.ok()) status_ = std::move(added);
    NoteAfter();
    return true;
  }

  /// The groups of the rows at hand, each once: what is asked of the table does not grow with the rows of a group.
  void ListGroups(const columns::Batch& batch, int32_t from, std::span<const state::KeyView> views) {
    keys().Number(batch, from, views, places_.data());
    groups_.resize(static_cast<size_t>(keys().size()));
    at_hand_.clear();
    ++fold_;
    for (size_t i = 0; i < views.size(); ++i) {
      Group& group = groups_[static_cast<size_t>(places_[i])];
      if (group.fold != fold_) {
        group.fold = fold_;
        group.place = static_cast<int32_t>(at_hand_.size());
        group_views_[at_hand_.size()] = views[i];
        at_hand_.push_back(places_[i]);
      }
      places_[i] = group.place;
    }
  }
  Group& GroupAt(size_t place) { return groups_[static_cast<size_t>(at_hand_[place])]; }

  void NoteBefore() {
    for (size_t i = 0; i < at_hand_.size(); ++i) {
      Group& group = GroupAt(i);
      if (group.begun) continue;
      group.begun = true;
      group.rows_before = AggregateLayout::RowCount(group_blocks_[i]);
      if (group.rows_before > 0) group.before = PlaceOf(group_blocks_[i]);
    }
    AppendResults();
  }

  void NoteAfter() {
    size_t empty = 0;
    for (size_t i = 0; i < at_hand_.size(); ++i) {
      Group& group = GroupAt(i);
      group.rows_after = AggregateLayout::RowCount(group_blocks_[i]);
      if (group.rows_after > 0) group.after = PlaceOf(group_blocks_[i]);
      if (group.rows_after == 0) group_views_[empty++] = group_views_[i];
    }
    AppendResults();
    for (size_t i = 0; i < empty; ++i) table_->Erase(group_views_[i], {});
  }

  /// Where the results of the block will stand.
  int32_t PlaceOf(const std::byte* block) {
    told_.push_back(block);
    return results_++;
  }
  /// Column by column, of the blocks that have places.
  void AppendResults() {
    for (int call = 0; call < layout_->size(); ++call)
      for (const std::byte* block : told_)
        layout_->AppendResult(block, call, changes_.builders()[static_cast<size_t>(call)]);
    told_.clear();
  }

  void EndBundle() final { changes_.EndResults(); }

  void Emit(int32_t from, int32_t to) final {
    const auto count = static_cast<size_t>(to - from);
    for (size_t i = 0; i < count; ++i) {
      const Group& group = groups_[static_cast<size_t>(from) + i];
      rows_[i] = from + static_cast<int32_t>(i);
      kinds_[i] = KindOf(group);
      before_[i] = group.before;
      after_[i] = group.after;
    }
    changes_.EmitPlaced(keys().rows(), keys().places(), std::span(rows_).first(count), std::span(kinds_).first(count),
                        {before_, after_},
                        {.update_before = spec_.generate_update_before, .equal_too = spec_.ttl_ms > 0}, output());
  }
  static Change KindOf(const Group& group) {
    if (group.rows_before <= 0) return group.rows_after > 0 ? Change::kInsert : Change::kNone;
    return group.rows_after > 0 ? Change::kUpdate : Change::kDelete;
  }

  Status GroupStatus() const final {
    THALWEG_TRY(status_);
    THALWEG_TRY(layout_->status());
    return backend_->status();
  }

  graph::GroupAggregateSpec spec_;
  std::shared_ptr<AggregateLayout> layout_;
  state::KeyedBackend* backend_ = nullptr;
  state::ObjectTable* table_ = nullptr;
  GroupFinder finder_;
  RowChanges changes_;
  std::vector<Group> groups_;  // by the numbers of their keys
  int32_t results_ = 0;
  uint32_t fold_ = 0;
  Status status_;  // of the first row that could not be added
  // Of the rows at hand.
  std::vector<int32_t> at_hand_;        // groups
  std::vector<const std::byte*> told_;  // whose results are to be appended
  std::array<int32_t, kRowsTogether> places_;
  std::array<state::KeyView, kRowsTogether> group_views_;
  std::array<std::byte*, kRowsTogether> group_blocks_, blocks_;
  // Of the groups that are emitted together.
  std::array<int32_t, kRowsTogether> rows_, before_, after_;
  std::array<Change, kRowsTogether> kinds_;
};

class BundledAggregate final : public StatefulBundle {
 public:
  BundledAggregate(const graph::MiniBatch& limits, const graph::GroupAggregateSpec& spec,
                   std::shared_ptr<AggregateLayout> layout)
      : StatefulBundle(limits, spec, spec.keys, std::move(layout)) {}

 private:
  Status AddRows(const columns::Batch& batch, int32_t from, std::span<std::byte* const> blocks) override {
    deeds_.Count(batch, from, blocks.size(), blocks.data());
    layout().Update({.batch = &batch,
                     .rows = deeds_.rows.data(),
                     .count = static_cast<int32_t>(blocks.size()),
                     .groups = blocks.data(),
                     .ops = deeds_.ops.data()});
    return {};
  }

  RowDeeds deeds_;
};

class GlobalAggregate final : public StatefulBundle {
 public:
  GlobalAggregate(const graph::MiniBatch& limits, const graph::GroupAggregateSpec& spec,
                  const std::shared_ptr<AggregateLayout>& layout)
      : StatefulBundle(limits, spec, FirstColumns(spec.keys.size()), layout),
        column_(static_cast<int>(spec.keys.size())),
        partial_(*layout) {}

 private:
  // Rows that one local aggregate takes back may have come to another, whose block is yet to come: a number of rows below 0 is kept.
  Status AddRows(const columns::Batch& batch, int32_t from, std::span<std::byte* const> blocks) override {
    const columns::Column& partials = batch.column(column_);
    for (size_t i = 0; i < blocks.size(); ++i) {
      THALWEG_TRY(partial_.Read(partials.String(from + static_cast<int32_t>(i))));
      layout().Merge(blocks[i], partial_.block());
    }
    return {};
  }

  const int column_;
  AggregateObject partial_;
};

/// Groups of one bundle only.
class LocalAggregate final : public BundleOperator {
 public:
  LocalAggregate(const graph::MiniBatch& limits, const graph::GroupAggregateSpec& spec,
                 std::shared_ptr<AggregateLayout> layout)
      : BundleOperator(limits, spec.keys, TypesOfKeys(spec), TypesOfPartials(spec)), layout_(std::move(layout)) {}

 private:
  Status OpenGroups(flow::Context&) override { return {}; }
  void StartBundle(columns::BufferPool&) override { blocks_.clear(); }

  bool Fold(const columns::Batch& batch, int32_t from, std::span<const state::KeyView> views) override {
    keys().Number(batch, from, views, numbers_.data());
    while (blocks_.size() < static_cast<size_t>(keys().size())) AddGroup();
    for (size_t i = 0; i < views.size(); ++i) {
      rows_[i] = from + static_cast<int32_t>(i);
      const bool retraction = IsRetraction(batch.kind(rows_[i]));
      of_rows_[i] = blocks_[static_cast<size_t>(numbers_[i])];
      ops_[i] = retraction ? kRetractRow : kAddRow;
      AggregateLayout::RowCount(of_rows_[i]) += retraction ? -1 : 1;
    }
    layout_->Update({.batch = &batch,
                     .rows = rows_.data(),
                     .count = static_cast<int32_t>(views.size()),
                     .groups = of_rows_.data(),
                     .ops = ops_.data()});
    return true;
  }

  /// Objects of bundles before are used again.
  void AddGroup() {
    if (objects_.size() == blocks_.size())
      objects_.emplace_back(*layout_);
    else
      objects_[blocks_.size()].Clear();
    blocks_.push_back(objects_[blocks_.size()].block());
  }

  void EndBundle() override {}

  void Emit(int32_t from, int32_t to) override {
    while (from < to) {
      const int32_t count = std::min(to - from, output().row().room());
      std::iota(rows_.begin(), rows_.begin() + count, from);
      int column = 0;
      for (int key : keys().places())
        output().column(column++).AppendRows(keys().rows().column(key), rows_.data(), count);
      for (int32_t i = 0; i < count; ++i) {
        ByteWriter bytes;
        objects_[static_cast<size_t>(from + i)].AppendTo(bytes);
        output().column(column).AppendString(bytes.view());
      }
      for (int32_t i = 0; i < count; ++i) output().FinishRow(types::RowKind::kInsert);
      from += count;
    }
  }

  Status GroupStatus() const override { return layout_->status(); }

  std::shared_ptr<AggregateLayout> layout_;
  std::deque<AggregateObject> objects_;  // by the numbers of their keys
  std::vector<std::byte*> blocks_;
  // Of the rows at hand.
  std::array<int32_t, kRowsTogether> numbers_, rows_;
  std::array<std::byte*, kRowsTogether> of_rows_;
  std::array<uint8_t, kRowsTogether> ops_;
};

/// What a node of one of the two phases says.
struct PhaseSpec {
  graph::MiniBatch limits;
  graph::GroupAggregateSpec group;
  std::shared_ptr<AggregateLayout> layout;
};

Result<PhaseSpec> ReadPhase(const graph::Node& node) {
  PhaseSpec spec;
  THALWEG_ASSIGN(const std::optional<graph::MiniBatch> limits, graph::MiniBatchOf(node));
  if (!limits) return InternalError("Half of an aggregate has no mini-batch: {}", node.name);
  spec.limits = *limits;
  THALWEG_ASSIGN(spec.group, graph::DecodeGroupAggregate(node.payload));
  THALWEG_ASSIGN(spec.layout, AggregateLayout::Make(spec.group.input, spec.group.calls,
                                                    {.retracts = spec.group.input_changes, .merges = true}));
  return spec;
}

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeBundledAggregate(const graph::MiniBatch& limits,
                                                             graph::GroupAggregateSpec spec,
                                                             std::shared_ptr<AggregateLayout> layout) {
  return std::unique_ptr<flow::Operator>(std::make_unique<BundledAggregate>(limits, spec, std::move(layout)));
}

Result<std::unique_ptr<flow::Operator>> MakeLocalGroupAggregate(const graph::Node& node) {
  THALWEG_ASSIGN(PhaseSpec spec, ReadPhase(node));
  return std::unique_ptr<flow::Operator>(
      std::make_unique<LocalAggregate>(spec.limits, spec.group, std::move(spec.layout)));
}

Result<std::unique_ptr<flow::Operator>> MakeGlobalGroupAggregate(const graph::Node& node) {
  THALWEG_ASSIGN(PhaseSpec spec, ReadPhase(node));
  return std::unique_ptr<flow::Operator>(std::make_unique<GlobalAggregate>(spec.limits, spec.group, spec.layout));
}

}  // namespace thalweg::operators
