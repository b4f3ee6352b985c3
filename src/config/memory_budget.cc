#include "config/memory_budget.h"

#include <algorithm>

#include "config/options.h"

namespace thalweg::config {
namespace {

// Shares of the limit in percent; batches get the rest. State is what grows with the job; the others are bounded by queues.
constexpr int64_t kStatePercent = 60;
constexpr int64_t kConnectorsPercent = 15;
constexpr int64_t kReservePercent = 10;
// Libraries, stacks and the allocator take this much however small the limit.
constexpr int64_t kLeastReserve = int64_t{32} << 20;
// A Kafka client below this cannot hold a fetch per broker; above the most (librdkafka's own default) it gains nothing.
constexpr int64_t kLeastConnectorShare = int64_t{2} << 20;
constexpr int64_t kMostConnectorShare = int64_t{64} << 20;

}  // namespace

Result<MemoryBudget> DivideMemory(const Configuration& config, int64_t machine_bytes) {
  THALWEG_ASSIGN(std::optional<MemorySize> configured, config.Find(kMemoryLimit));
  MemoryBudget budget;
  budget.limit = configured ? static_cast<int64_t>(configured->bytes) : machine_bytes;
  budget.reserve = std::max(kLeastReserve, budget.limit / 100 * kReservePercent);
  int64_t rest = std::max<int64_t>(0, budget.limit - budget.reserve);
  budget.state = std::min(rest, budget.limit / 100 * kStatePercent);
  budget.connectors = std::min(rest - budget.state, budget.limit / 100 * kConnectorsPercent);
  budget.batches = rest - budget.state - budget.connectors;
  return budget;
}

Result<int64_t> MemoryBudget::ConnectorShare(int parts) const {
  int64_t share = connectors / std::max(1, parts);
  if (share < kLeastConnectorShare)
    return UserError(
        "The memory limit of {} leaves {} to connectors, too little for {} subtasks of sources and sinks ({} each at "
        "least): raise taskmanager.memory.process.size or lower their parallelism",
        MemoryText(limit), MemoryText(connectors), parts, MemoryText(kLeastConnectorShare));
  return std::min(share, kMostConnectorShare);
}

std::string MemoryBudget::ToString() const {
  return fmt::format("state {}, connectors {}, batches {}, reserve {}", MemoryText(state), MemoryText(connectors),
                     MemoryText(batches), MemoryText(reserve));
}

std::string MemoryText(int64_t bytes) {
  constexpr int64_t kGiB = int64_t{1} << 30;
  constexpr int64_t kMiB = int64_t{1} << 20;
  if (bytes >= kGiB) return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / kGiB);
  if (bytes >= kMiB) return fmt::format("{} MiB", bytes / kMiB);
  return fmt::format("{} KiB", bytes / 1024);
}

}  // namespace thalweg::config
