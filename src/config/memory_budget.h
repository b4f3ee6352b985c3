// One memory limit, shared out: what each part of the process may take.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "config/configuration.h"

namespace thalweg::config {

/// Bytes. The parts add up to `limit`.
struct MemoryBudget {
  int64_t limit = 0;       // 0: nobody watches it
  int64_t state = 0;       // keyed state: the tables of hashmap; cache, write buffers and live objects of rocksdb
  int64_t connectors = 0;  // queues of clients (librdkafka), rows fetched ahead
  int64_t batches = 0;     // pools of batches, among them what is under way between tasks
  int64_t reserve = 0;     // code, stacks, user functions, the allocator's slack

  /// `parts` subtasks share `connectors`: bytes for each, between the least with which a client works and the most that helps.
  /// UserError if the least does not fit.
  Result<int64_t> ConnectorShare(int parts) const;
  /// "state 1.2 GiB, connectors ..."
  std::string ToString() const;
};

/// The limit is taskmanager.memory.process.size; not set: what the machine (or control group) has, `machine_bytes`.
Result<MemoryBudget> DivideMemory(const Configuration& config, int64_t machine_bytes);

/// "1.5 GiB", "640 MiB": for people.
std::string MemoryText(int64_t bytes);

}  // namespace thalweg::config
