// What an operator may know and ask of the world. Time, chance, state and threads come in through it, so that the same operator
// runs under a cluster, the test harness and the simulator.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/random.h"
#include "base/status.h"
#include "columns/buffer.h"
#include "state/keyed_backend.h"
#include "state/operator_state.h"
#include "time/clock.h"

namespace thalweg::metrics {
class Group;
}

namespace thalweg::flow {

/// Who is running. `attempt` grows with each restart of the job.
struct TaskName {
  std::string job;
  std::string operator_name;
  std::string uid;
  int subtask = 0;
  int parallelism = 1;
  int max_parallelism = 1024;
  int attempt = 0;
};

/// Wakes a task that returned kBlocked. Any thread; cheap; may outlive the task (then it does nothing).
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void Wake() = 0;
};

/// One per operator and subtask; the task's thread but for what says otherwise.
class Context {
 public:
  virtual ~Context() = default;
  virtual const TaskName& task() const = 0;
  virtual time::Clock& clock() = 0;
  virtual Random& random() = 0;
  virtual metrics::Group& metrics() = 0;
  virtual columns::BufferPool& pool() = 0;
  /// Null unless the operator's input is keyed.
  virtual state::KeyedBackend* keyed_state() = 0;
  virtual state::OperatorState& operator_state() = 0;
  /// Greatest watermark delivered to this operator.
  virtual int64_t current_watermark() const = 0;
  virtual std::shared_ptr<Waker> waker() = 0;
  /// OnTimer is called once when the clock reaches `at_ms`; earlier requests are kept.
  virtual void RequestTimer(int64_t at_ms) = 0;
  /// Runs blocking work on an I/O thread. `work` must not touch the operator; it may call the Waker.
  virtual Status RunBlocking(std::function<void()> work) = 0;
  /// To this operator's coordinator, ordered against barriers.
  virtual void SendToCoordinator(std::string event) = 0;
  /// This subtask's part of the memory limit for what a connector holds outside batches (a client's queues, rows fetched ahead);
  /// 0: no limit is set, the connector takes its default.
  virtual int64_t connector_bytes() const { return 0; }
};

}  // namespace thalweg::flow
