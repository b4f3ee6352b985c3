#include "runtime/core.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "runtime/task.h"

namespace thalweg::runtime {

using exchange::Envelope;

/// A ring from one core to another. Its capacity covers every channel's credit, so it is never full.
class Core::RingLink final : public exchange::Link {
 public:
  RingLink(Core& from, Core& to, size_t capacity) : to_(&to), within_core_(&from == &to), ring_(capacity) {}
  void Send(Envelope envelope) override {
    THALWEG_CHECK(ring_.Push(std::move(envelope)), "a link is sized for all credit of its channels");
    if (!within_core_) to_->Wake();
  }
  exchange::SpscRing<Envelope>& ring() { return ring_; }

 private:
  Core* to_;
  bool within_core_;
  exchange::SpscRing<Envelope> ring_;
};

Core::Core(int id, const time::Clock& clock, std::shared_ptr<columns::MemoryAccount> account)
    : id_(id), clock_(&clock), pool_(std::move(account)) {}

Core::~Core() { Stop(); }

exchange::Link& Core::AddInbound(Core& from, size_t capacity) {
  inbound_.push_back(std::make_unique<RingLink>(from, *this, capacity));
  return *inbound_.back();
}

void Core::AddChannel(uint32_t id, Task* task, exchange::ChannelReceiver* receiver, exchange::ChannelSender* sender) {
  auto& places = receiver ? receivers_ : senders_;
  if (places.size() <= id) places.resize(id + 1);
  places[id] = {task, receiver, sender};
}

namespace {

// Of no consequence but for speed: where it is refused (a container's policy) the thread runs as others do.
void PinThisThread(int place) {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (sched_getaffinity(0, sizeof(usable), &usable) != 0 || CPU_COUNT(&usable) == 0) return;
  int left = place % CPU_COUNT(&usable);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &usable) || left-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
    return;
  }
}

}  // namespace

Status Core::Start(bool pin) {
  try {
    thread_ = std::thread([this, pin] {
      if (pin) PinThisThread(id_);
      pool_.BindToThread();
      Run();
    });
  } catch (const std::system_error& error) {
    return ExternalError(
        "Cannot start the thread of event loop {}: {}; the machine lets the process have no more threads ({})", id_ + 1,
        error.what(), "ulimit -u, the control group's pids.max");
  }
  return {};
}

void Core::Stop() {
  stop_.store(true);
  Wake();
  if (thread_.joinable()) {
    thread_.join();
    pool_.BindToThread();
  }
}

void Core::Post(std::function<void()> command) {
  {
    std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  has_commands_.store(true, std::memory_order_release);
  Wake();
}

void Core::Wake() {
  // Read-modify-writes of one variable are ordered: either this one sees parked_, or Park's sees (acquires) what we published.
  if (parked_.fetch_or(0, std::memory_order_acq_rel) == 0) return;
  std::lock_guard lock(mutex_);
  woken_.store(true, std::memory_order_relaxed);
  wake_.notify_one();
}

bool Core::DrainLinks() {
  bool any = false;
  Envelope envelope;
  for (auto& link : inbound_) {
    while (link->ring().Pop(envelope)) {
      any = true;
      bool element = envelope.kind == Envelope::Kind::kElement;
      Place& place = (element ? receivers_ : senders_)[envelope.channel];
      if (element)
        place.receiver->OnElement(envelope.sequence, std::move(envelope.element));
      else
        place.sender->OnCredit(envelope.credit);
      place.task->MakeReady();
    }
  }
  return any;
}

bool Core::DrainCommands() {
  if (!has_commands_.load(std::memory_order_acquire)) return false;
  std::vector<std::function<void()>> commands;
  {
    std::lock_guard lock(mutex_);
    commands.swap(commands_);
    has_commands_.store(false, std::memory_order_relaxed);
  }
  for (auto& command : commands) command();
  return !commands.empty();
}

bool Core::Turn() {
  const int64_t began_ns = clock_->MonotonicNs();
  // What was posted here before an element was sent elsewhere is obeyed before the element is seen (a cut before its barrier).
  bool worked = DrainLinks();
  worked |= DrainCommands();
  bool more = false;
  int64_t now_ms = clock_->NowMs();
  for (Task* task : tasks_) {
    if (!task->TakeReady() && task->next_timer_ms() > now_ms) continue;
    worked = true;
    if (task->Run(clock_->MonotonicNs() + kQuantumNs)) {
      task->MakeReady();
      more = true;
    }
  }
  int64_t now = clock_->MonotonicNs();
  if (!more || now - last_flush_ns_ >= kFlushNs) {
    last_flush_ns_ = now;
    for (Task* task : tasks_) worked |= task->Flush(!more);
  }
  // Rows that take long share the core all the same: else 100 us after each 10 ms of them would save a snapshot for ever.
  const int64_t save_ns = std::max(kSaveNs, (now - began_ns) / kSaveShare);
  for (Task* task : tasks_) worked |= task->SaveSnapshots(clock_->MonotonicNs() + save_ns);
  return worked || more;
}

void Core::Run() {
  // A few yields before parking: a hand-over arrives within microseconds when the peer is busy; longer spinning only steals time.
  constexpr int kYields = 16;
  int idle_turns = 0;
  while (!stop_.load(std::memory_order_relaxed)) {
    if (Turn()) {
      idle_turns = 0;
    } else if (++idle_turns <= kYields) {
      std::this_thread::yield();
    } else {
      Park();
      idle_turns = 0;
    }
  }
}

bool Core::HasOutsideWork() const {
  if (has_commands_.load(std::memory_order_acquire) || stop_.load(std::memory_order_relaxed)) return true;
  if (std::any_of(inbound_.begin(), inbound_.end(), [](const auto& link) { return !link->ring().empty(); }))
    return true;
  return std::any_of(tasks_.begin(), tasks_.end(), [](const Task* task) { return task->is_ready(); });
}

void Core::Park() {
  constexpr int64_t kLongestMs = 1000;
  int64_t wait_ms = kLongestMs;
  int64_t now = clock_->NowMs();
  for (const Task* task : tasks_) wait_ms = std::min(wait_ms, std::max<int64_t>(0, task->next_timer_ms() - now));
  std::unique_lock lock(mutex_);
  parked_.exchange(1, std::memory_order_acq_rel);
  woken_.store(false, std::memory_order_relaxed);
  lock.unlock();
  bool work = HasOutsideWork();
  lock.lock();
  if (!work)
    wake_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return woken_.load(std::memory_order_relaxed); });
  parked_.store(0, std::memory_order_relaxed);
}

}  // namespace thalweg::runtime
