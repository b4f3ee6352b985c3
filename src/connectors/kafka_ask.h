// Asking brokers that may not answer yet: in slices, so that a stop is heard between two.
#pragma once

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <thread>

#include "base/status.h"
#include "connectors/kafka_connection.h"

namespace thalweg::connectors {

// While there is no connection, librdkafka waits for one all the time it is given; a request that is under way is given up and
// sent anew, so a broker that is slow to answer gets twice the time after each.
inline constexpr std::chrono::milliseconds kFirstSlice{250}, kLongestSlice{2'000};
inline constexpr std::chrono::milliseconds kRetryPause{100};

/// Asks until the answer is not transient, `bound` has passed, or a stop is asked for: then it is the last transient error.
/// `ask(timeout_ms)` returns an rdkafka error; `state()`, looked at after each, what no asking can mend: a refused login.
template <typename Ask, typename State>
Result<rd_kafka_resp_err_t> AskInSlices(std::chrono::milliseconds bound, const std::stop_token& stop, Ask ask,
                                        State state) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  const auto deadline = steady_clock::now() + bound;
  milliseconds slice = kFirstSlice;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__TIMED_OUT;
  while (!stop.stop_requested()) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) break;
    error = ask(static_cast<int>(std::min(left, slice).count()));
    THALWEG_TRY(state());
    if (!IsTransient(error)) break;
    if (error == RD_KAFKA_RESP_ERR__TIMED_OUT) slice = std::min(2 * slice, kLongestSlice);
    if (!stop.stop_requested()) std::this_thread::sleep_for(kRetryPause);
  }
  return error;
}

}  // namespace thalweg::connectors
