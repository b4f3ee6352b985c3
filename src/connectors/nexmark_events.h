// Nexmark's events as columns. Rule: what is drawn for an event does not depend on what is read of it: a field has the same value
// whether its neighbours are made or not.
#pragma once

#include <memory>
#include <vector>

#include "base/random.h"
#include "columns/null_columns.h"
#include "connectors/nexmark.h"
#include "graph/scan_spec.h"

namespace thalweg::connectors {

struct NexmarkColumns {
  types::SchemaPtr schema;
  std::vector<int> columns;              // which of NexmarkSchema's each is
  std::vector<graph::ColumnPath> reads;  // as ScanSpec::reads
};

class NexmarkTexts;

/// One thread.
class NexmarkEvents {
 public:
  NexmarkEvents(const NexmarkOptions& options, const NexmarkColumns& layout);
  /// Events `first`, `first` + `step`, ..., `rows` of them.
  columns::Batch Rows(int64_t first, int64_t step, int32_t rows, columns::BufferPool& pool);

 private:
  enum Kind : uint8_t { kPerson = 0, kAuction = 1, kBid = 2 };
  /// An event's number as the round of people, auctions and bids that it belongs to, and its place in that.
  struct Event {
    int64_t number, round, place;
    int32_t row;
  };
  /// Events `first`, `first` + `step`, ..., `rows` of them: those of a batch.
  struct Stretch {
    int64_t first, step;
    int32_t rows;
  };
  class Fields;

  template <typename Visit>
  void ForEach(const Stretch& events, Visit visit) const;
  columns::Column EventTypes(const Stretch& events, columns::BufferPool& pool) const;
  columns::Column RowsOf(Kind wanted, size_t column, const Stretch& events, columns::BufferPool& pool);
  void WritePerson(const Event& event, Fields& out) const;
  void WriteAuction(const Event& event, Fields& out, columns::BufferPool& pool) const;
  void WriteBid(const Event& event, Fields& out, columns::BufferPool& pool) const;

  int64_t TimeOf(int64_t event) const;
  int64_t LastPerson(const Event& event) const;
  int64_t LastAuction(const Event& event) const;
  int64_t SomePerson(const Event& event, Random& random) const;
  int64_t SomeAuction(const Event& event, Random& random) const;

  NexmarkOptions options_;
  NexmarkColumns layout_;
  int64_t total_;
  double micros_;  // of event time from one event to the next
  std::shared_ptr<NexmarkTexts> texts_;
  columns::NullColumns nulls_;
};

}  // namespace thalweg::connectors
