// The events of the Nexmark benchmark: people, auctions and bids of an online auction, in one stream. Kind "nexmark".
// Rule: an event is a function of seed and number, so every parallelism and every restore gives the same events.
#pragma once

#include <cstdint>
#include <memory>

#include "flow/source.h"
#include "graph/job_graph.h"

namespace thalweg::connectors {

/// Nexmark's own defaults.
struct NexmarkOptions {
  int64_t events = 0;                        // 0: without end
  int64_t event_rate = 10'000;               // events a second of event time
  double rows_per_second = 0;                // events a second of the clock, over all subtasks; 0: no limit
  int64_t base_time_ms = 1'436'918'400'000;  // of event 0: 2015-07-15 00:00:00
  uint64_t seed = 0;
  int64_t people = 1, auctions = 3, bids = 46;                 // of each people + auctions + bids events
  int64_t hot_auctions = 2, hot_bidders = 4, hot_sellers = 4;  // all but one of so many are hot
  bool whole_events = false;                                   // fields that nobody reads are made, too
};

/// The columns that a nexmark table may have: event_type INT (0 person, 1 auction, 2 bid), person, auction and bid, of which one is not NULL.
types::Schema NexmarkSchema();

/// The rows are the node's first output: columns of NexmarkSchema, any of them in any order. Options: `events.num`, `next-event.rate`,
/// `rows-per-second`, `base-time-millis`, `seed`, `person.proportion`, `auction.proportion`, `bid.proportion`, `bid.hot-ratio.auctions`,
/// `bid.hot-ratio.bidders`, `auction.hot-ratio.sellers`, `whole-events`. UserErrors name option and node.
Result<NexmarkOptions> ReadNexmarkNode(const graph::Node& node);
Result<std::shared_ptr<flow::Source>> MakeNexmarkNode(const graph::Node& node);

}  // namespace thalweg::connectors
