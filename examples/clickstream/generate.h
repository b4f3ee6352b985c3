// A made-up stream of page views, out of order, as JSON lines.
#pragma once

#include <cstdint>
#include <string>

/// Writes `events` events over `files` files clicks-0.jsonl ... in `folder`: one every 100 ms of event time, each up to 5 seconds late.
/// The same arguments write the same bytes.
void GenerateClicks(const std::string& folder, int64_t events, int files);
