// DistinctSet: which values the DISTINCT calls of a group have seen, so that each call's function is shown a value once, and takes it
// back when its last row is retracted. A value is a row's arguments.
// Rule: calls of the same arguments share a set where rows are only added (a value has a bit for each call whose filter let it in); where
// rows are retracted each call has a set of its own (a value has the number of its rows).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "operators/aggregate_function.h"

namespace thalweg::operators {

/// Of one layout; a set lies in each group's block at its offset. The task's thread.
class DistinctSet {
 public:
  virtual ~DistinctSet() = default;

  const std::vector<int>& arguments() const { return arguments_; }
  virtual bool HasRoom() const = 0;
  /// The number of the call in this set. `function` has the arguments as its columns 0, 1, ... and lives as long as the set;
  /// `filter`: a column of BOOLEAN, or -1.
  int AddCall(AggregateFunction& function, int filter);

  /// As of AggregateFunction.
  virtual size_t state_size() const = 0;
  void set_offset(size_t offset) { offset_ = offset; }
  virtual void Construct(std::byte* group) const = 0;
  virtual void Destroy(std::byte* group) const = 0;
  virtual void Encode(const std::byte* group, ByteWriter& out) const = 0;
  virtual void Decode(ByteReader& in, std::byte* group) const = 0;

  /// Notes the rows' values, once for all calls.
  void Take(const AggregateRows& in);
  /// The rows that Take was given, as the call's function is to be shown them; until the next call of the set.
  AggregateRows RowsOf(int call);
  /// Lets go of the rows.
  void Release() { batch_.reset(); }
  /// Notes the values of `from`, and shows those that are new to the functions.
  void Merge(std::byte* into, const std::byte* from);

 protected:
  /// `types`: of the arguments.
  DistinctSet(std::vector<int> arguments, std::vector<types::DataType> types)
      : arguments_(std::move(arguments)), types_(std::move(types)) {}

  /// Fills changes_ for the rows of `in`, whose batch is the arguments alone. Row i is of the calls in wanted_[i].
  virtual void Note(const AggregateRows& in) = 0;
  /// Notes the values of `from`; appends to changes_, and to `builders` the value, where a function is to be shown something.
  virtual void NoteMerged(std::byte* into, const std::byte* from, std::vector<columns::ColumnBuilder>& builders) = 0;
  virtual size_t Size(const std::byte* group) const = 0;
  /// What a change is to a call.
  virtual uint8_t OpOf(uint64_t change, int call) const = 0;

  int calls() const { return static_cast<int>(functions_.size()); }

  size_t offset_ = 0;
  std::vector<uint64_t> wanted_, changes_;

 private:
  void Want(const AggregateRows& in);
  columns::BufferPool& pool() {
    if (!pool_) pool_.emplace();
    return *pool_;
  }

  std::vector<int> arguments_;
  std::vector<types::DataType> types_;
  std::vector<AggregateFunction*> functions_;
  std::vector<int> filters_;
  std::optional<columns::BufferPool> pool_;
  std::optional<columns::Batch> batch_;  // the arguments of the rows taken
  AggregateRows taken_;
  std::vector<uint8_t> ops_;
};

std::unique_ptr<DistinctSet> MakeDistinctSet(std::vector<int> arguments, std::vector<types::DataType> types,
                                             bool retracts);

}  // namespace thalweg::operators
