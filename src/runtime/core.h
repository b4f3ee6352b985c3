// Core: one event loop on one thread, running any number of tasks in turns.
// Rule: everything of a task happens on its core's thread. From outside come only link envelopes, commands and wakes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/status.h"
#include "columns/buffer.h"
#include "exchange/channel.h"
#include "exchange/ring.h"
#include "time/clock.h"

namespace thalweg::runtime {

class Task;

/// A task's turn: long enough to amortise the switch, short enough that ten neighbours wait 2.5 ms at most.
constexpr int64_t kQuantumNs = 250'000;
/// A partial batch is flushed at the latest after this long, however busy the core.
constexpr int64_t kFlushNs = 1'000'000;

class Core {
 public:
  Core(int id, const time::Clock& clock, std::shared_ptr<columns::MemoryAccount> account);
  ~Core();

  int id() const { return id_; }
  columns::BufferPool& pool() { return pool_; }

  /// Before Start.
  void AddTask(Task* task) { tasks_.push_back(task); }
  /// The ring from `from` to this core with room for `capacity` envelopes. Before Start. The link is for the sending core's thread.
  exchange::Link& AddInbound(Core& from, size_t capacity);
  /// Receiver or sender (for credit) of channel `id` that lives on this core. Before Start.
  void AddChannel(uint32_t id, Task* task, exchange::ChannelReceiver* receiver, exchange::ChannelSender* sender);

  /// `pin`: the thread stays on the processor whose place among those that the process may use is id() (modulo their number).
  Status Start(bool pin = false);
  /// Ends the loop after the current turn and joins the thread.
  void Stop();
  /// Runs `command` on the core's thread, in the order of the calls. Any thread.
  void Post(std::function<void()> command);
  /// The loop has something to look at. Any thread; cheap when the core is awake.
  void Wake();
  /// Runs the loop's body once on the calling thread (tests, simulation). True if anything was done.
  bool Turn();

 private:
  class RingLink;
  struct Place {
    Task* task = nullptr;
    exchange::ChannelReceiver* receiver = nullptr;
    exchange::ChannelSender* sender = nullptr;
  };
  void Run();
  bool DrainLinks();
  bool DrainCommands();
  bool HasOutsideWork() const;
  void Park();

  int id_;
  const time::Clock* clock_;
  columns::BufferPool pool_;
  std::vector<Task*> tasks_;
  std::vector<std::unique_ptr<RingLink>> inbound_;
  std::vector<Place> receivers_;  // by channel id
  std::vector<Place> senders_;
  int64_t last_flush_ns_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::function<void()>> commands_;  // guarded by mutex_
  std::atomic<bool> has_commands_{false};
  std::atomic<uint32_t> parked_{0};
  std::atomic<bool> woken_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace thalweg::runtime
