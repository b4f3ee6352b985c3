// AggregateLayout: what the aggregates of an operator keep per group: one block of states, one beside the other, as an object of a table.
// Rule: a block is bound to its layout by the first call of Open; until then it is what the table made or read: zeros, or bytes.
//
// A block begins with the number of rows of its group (COUNT(*) is that number); states follow at multiples of 8. Where all states are
// plain the table's object is the block itself, zeros of a fixed size; else the object points to it. docs/internals/aggregates.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "operators/aggregate_function.h"
#include "operators/distinct_set.h"
#include "types/object_type.h"

namespace thalweg::operators {

struct LayoutOptions {
  bool retracts = false;  // rows may be retracted
  bool merges = false;    // blocks are merged
  bool over = false;      // functions of OVER are allowed
  int time_column = -1;   // whose equal values make peers; -1: there are none
};

/// Of one operator's subtask; the task's thread.
class AggregateLayout : public std::enable_shared_from_this<AggregateLayout> {
 public:
  /// User error if a call is none of expr/aggregates.h, or its result is not of the call's type.
  static Result<std::shared_ptr<AggregateLayout>> Make(const types::Schema& input,
                                                       const std::vector<graph::AggregateCall>& calls,
                                                       LayoutOptions options);

  int size() const { return static_cast<int>(calls_.size()); }
  const std::vector<types::DataType>& types() const { return types_; }
  /// Of a table that holds blocks. Its name tells the calls, so that a snapshot of others is refused.
  const types::ObjectType& object_type() const { return *object_type_; }
  /// The block of a table's object; holds as long as the object.
  std::byte* Open(void* object);

  /// Rows of the block's group.
  static int64_t& RowCount(std::byte* block) { return *reinterpret_cast<int64_t*>(block); }
  static int64_t RowCount(const std::byte* block) { return *reinterpret_cast<const int64_t*>(block); }

  /// Adds rows to their groups; RowCount is the caller's.
  void Update(const AggregateRows& in);
  /// As Update; appends to changes[call] the result before and after each row. `counts`: RowCount before and after each row.
  void UpdateEach(const AggregateRows& in, const int64_t* counts, std::vector<columns::ColumnBuilder>& changes);
  /// Rows of `from` came after those of `into`; adds RowCount too.
  void Merge(std::byte* into, const std::byte* from);
  /// The result of call `call`.
  void AppendResult(const std::byte* block, int call, columns::ColumnBuilder& out) const;

  /// The first row that a function could not take, or block that could not be read.
  Status status() const;

  // For the codec of blocks.
  size_t block_size() const { return block_size_; }
  void Construct(std::byte* block) const;
  void Destroy(std::byte* block) const;
  void Encode(const std::byte* block, ByteWriter& out) const;

 private:
  struct Call {
    AggregatePtr function;  // null: RowCount is the result
    int filter = -1;
    DistinctSet* distinct = nullptr;
    int place = 0;  // in the set
  };

  AggregateLayout() = default;
  Status AddCall(const types::Schema& input, const graph::AggregateCall& call, LayoutOptions options);
  void Finish(LayoutOptions options);
  int SetOf(const graph::AggregateCall& call, const std::vector<types::DataType>& types, LayoutOptions options);
  template <typename State>
  void Place(State& state);
  /// The rows as the call's function is to be shown them; until the next call.
  AggregateRows RowsOf(const Call& call, const AggregateRows& in);

  std::vector<Call> calls_;
  std::vector<std::unique_ptr<DistinctSet>> sets_;
  std::vector<types::DataType> types_;
  std::string signature_;
  bool plain_ = true;
  size_t block_size_ = sizeof(int64_t);
  const types::ObjectType* object_type_ = nullptr;
  std::vector<uint8_t> ops_;
  Status status_;
};

/// A block that no table holds: results being merged.
class AggregateObject {
 public:
  explicit AggregateObject(AggregateLayout& layout);
  AggregateObject(const AggregateObject&) = delete;
  AggregateObject& operator=(const AggregateObject&) = delete;
  ~AggregateObject();
  /// Of no row.
  void Clear();
  /// Takes over a table's object, which may only be destroyed then.
  void Take(void* object);
  std::byte* block() { return layout_.Open(memory_.get()); }
  void* object() { return memory_.get(); }

 private:
  AggregateLayout& layout_;
  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace thalweg::operators
