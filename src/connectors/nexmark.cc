#include "connectors/nexmark.h"

#include "connectors/nexmark_events.h"
#include "connectors/node_options.h"
#include "connectors/range_source.h"
#include "graph/scan_spec.h"

namespace thalweg::connectors {
namespace {

using types::DataType;
using types::TypeId;

/// Which of NexmarkSchema's columns each of the rows' is.
Result<std::vector<int>> ReadColumns(const graph::Node& node) {
  THALWEG_ASSIGN(types::SchemaPtr schema, SourceSchema(node));
  const types::Schema known = NexmarkSchema();
  std::vector<int> columns;
  for (const types::Field& field : schema->fields()) {
    const int column = known.Find(field.name);
    if (column < 0 || !(known.field(column).type == field.type))
      return UserError("Column '{}' {} of {} is none of Nexmark's: {}", field.name, field.type.ToString(),
                       NodeOptions(node).Label(), known.ToString());
    columns.push_back(column);
  }
  return columns;
}

Result<int64_t> ReadAtLeast(NodeOptions& options, const std::string& key, int64_t least, int64_t otherwise) {
  THALWEG_ASSIGN(int64_t value, options.Get<int64_t>(key, otherwise));
  if (value < least || value > INT32_MAX)
    return options.Bad(key, UserError("Not between {} and {}: {}", least, INT32_MAX, value));
  return value;
}

}  // namespace

types::Schema NexmarkSchema() {
  const DataType number(TypeId::kBigInt), text(TypeId::kString), time = DataType::Timestamp(3);
  const DataType person = DataType::Row({{"id", number},
                                         {"name", text},
                                         {"emailAddress", text},
                                         {"creditCard", text},
                                         {"city", text},
                                         {"state", text},
                                         {"dateTime", time},
                                         {"extra", text}});
  const DataType auction = DataType::Row({{"id", number},
                                          {"itemName", text},
                                          {"description", text},
                                          {"initialBid", number},
                                          {"reserve", number},
                                          {"dateTime", time},
                                          {"expires", time},
                                          {"seller", number},
                                          {"category", number},
                                          {"extra", text}});
  const DataType bid = DataType::Row({{"auction", number},
                                      {"bidder", number},
                                      {"price", number},
                                      {"channel", text},
                                      {"url", text},
                                      {"dateTime", time},
                                      {"extra", text}});
  return types::Schema(
      {{"event_type", DataType(TypeId::kInt)}, {"person", person}, {"auction", auction}, {"bid", bid}});
}

Result<NexmarkOptions> ReadNexmarkNode(const graph::Node& node) {
  NodeOptions options(node);
  NexmarkOptions nexmark;
  THALWEG_TRY(ReadColumns(node).status());
  THALWEG_ASSIGN(nexmark.events, options.Get<int64_t>("events.num", 0));
  if (nexmark.events < 0) return options.Bad("events.num", UserError("Number is negative: {}", nexmark.events));
  THALWEG_ASSIGN(nexmark.event_rate, ReadAtLeast(options, "next-event.rate", 1, nexmark.event_rate));
  THALWEG_ASSIGN(int64_t limit, ReadAtLeast(options, "rows-per-second", 0, 0));
  nexmark.rows_per_second = static_cast<double>(limit);
  THALWEG_ASSIGN(nexmark.base_time_ms, options.Get<int64_t>("base-time-millis", nexmark.base_time_ms));
  THALWEG_ASSIGN(int64_t seed, options.Get<int64_t>("seed", 0));
  nexmark.seed = static_cast<uint64_t>(seed);
  THALWEG_ASSIGN(nexmark.people, ReadAtLeast(options, "person.proportion", 1, nexmark.people));
  THALWEG_ASSIGN(nexmark.auctions, ReadAtLeast(options, "auction.proportion", 1, nexmark.auctions));
  THALWEG_ASSIGN(nexmark.bids, ReadAtLeast(options, "bid.proportion", 1, nexmark.bids));
  THALWEG_ASSIGN(nexmark.hot_auctions, ReadAtLeast(options, "bid.hot-ratio.auctions", 1, nexmark.hot_auctions));
  THALWEG_ASSIGN(nexmark.hot_bidders, ReadAtLeast(options, "bid.hot-ratio.bidders", 1, nexmark.hot_bidders));
  THALWEG_ASSIGN(nexmark.hot_sellers, ReadAtLeast(options, "auction.hot-ratio.sellers", 1, nexmark.hot_sellers));
  THALWEG_ASSIGN(nexmark.whole_events, options.Get<bool>("whole-events", false));
  THALWEG_TRY(options.Finish());
  return nexmark;
}

Result<std::shared_ptr<flow::Source>> MakeNexmarkNode(const graph::Node& node) {
  THALWEG_ASSIGN(NexmarkOptions options, ReadNexmarkNode(node));
  THALWEG_ASSIGN(std::vector<int> columns, ReadColumns(node));
  std::vector<graph::ColumnPath> reads;  // empty: all
  if (!options.whole_events) {
    THALWEG_ASSIGN(reads, graph::ReadsOf(node));
  }
  RangeSourceOptions range;
  range.bounded = options.events > 0;
  range.to = range.bounded ? options.events : INT64_MAX;
  range.interleaved = true;
  range.rows_per_second = options.rows_per_second;
  range.make_rows = [layout = NexmarkColumns{node.outputs[0].schema, std::move(columns), std::move(reads)}, options] {
    return RangeRows(
        [events = NexmarkEvents(options, layout)](int64_t first, int64_t step, int32_t rows,
                                                  columns::BufferPool& pool) mutable -> Result<columns::Batch> {
          return events.Rows(first, step, rows, pool);
        });
  };
  return MakeRangeSource(std::move(range));
}

}  // namespace thalweg::connectors
