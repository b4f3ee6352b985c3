// The options that the engine honours. A key that is not here is accepted (with a warning), and has no effect.
// To add one: an option here, a row in options.cc, for our own a row in own_keys.cc; then docs/book/configuration.md anew.
#pragma once

#include <span>

#include "config/configuration.h"

namespace thalweg::config {

enum class RuntimeMode : uint8_t { kStreaming, kBatch, kAutomatic };
template <>
struct EnumNames<RuntimeMode> {
  static constexpr std::array<std::pair<std::string_view, RuntimeMode>, 3> kNames{
      {{"STREAMING", RuntimeMode::kStreaming}, {"BATCH", RuntimeMode::kBatch}, {"AUTOMATIC", RuntimeMode::kAutomatic}}};
};

enum class CheckpointingMode : uint8_t { kExactlyOnce, kAtLeastOnce };
template <>
struct EnumNames<CheckpointingMode> {
  static constexpr std::array<std::pair<std::string_view, CheckpointingMode>, 2> kNames{
      {{"EXACTLY_ONCE", CheckpointingMode::kExactlyOnce}, {"AT_LEAST_ONCE", CheckpointingMode::kAtLeastOnce}}};
};

enum class ClaimMode : uint8_t { kNoClaim, kClaim };
template <>
struct EnumNames<ClaimMode> {
  static constexpr std::array<std::pair<std::string_view, ClaimMode>, 2> kNames{
      {{"NO_CLAIM", ClaimMode::kNoClaim}, {"CLAIM", ClaimMode::kClaim}}};
};

enum class StateBackendType : uint8_t { kHashMap, kRocksDb };
template <>
struct EnumNames<StateBackendType> {
  static constexpr std::array<std::pair<std::string_view, StateBackendType>, 2> kNames{
      {{"hashmap", StateBackendType::kHashMap}, {"rocksdb", StateBackendType::kRocksDb}}};
};

enum class RestartStrategyType : uint8_t { kNone, kFixedDelay, kExponentialDelay };
template <>
struct EnumNames<RestartStrategyType> {
  static constexpr std::array<std::pair<std::string_view, RestartStrategyType>, 7> kNames{
      {{"none", RestartStrategyType::kNone},
       {"off", RestartStrategyType::kNone},
       {"disable", RestartStrategyType::kNone},
       {"fixed-delay", RestartStrategyType::kFixedDelay},
       {"fixeddelay", RestartStrategyType::kFixedDelay},
       {"exponential-delay", RestartStrategyType::kExponentialDelay},
       {"exponentialdelay", RestartStrategyType::kExponentialDelay}}};
};

// Job.
inline constexpr ConfigOption<std::string> kPipelineName{"pipeline.name",
                                                         "Name of the job in logs, metrics and the terminal."};
inline constexpr ConfigOption<RuntimeMode> kRuntimeMode{
    "execution.runtime-mode", "How the job runs: STREAMING; BATCH in SQL, over bounded input; AUTOMATIC is refused."};
inline constexpr ConfigOption<int64_t> kParallelism{
    "parallelism.default", "Subtasks of an operator that does not set its own parallelism.", 1};
inline constexpr ConfigOption<int64_t> kMaxParallelism{
    "pipeline.max-parallelism",
    "Number of key groups, the limit of every later parallelism; -1: 1024. Fixed by the first checkpoint.", -1};
inline constexpr ConfigOption<Duration> kAutoWatermarkInterval{"pipeline.auto-watermark-interval",
                                                               "How often sources emit watermarks.", Duration(0)};

// SQL.
inline constexpr ConfigOption<std::string> kLocalTimeZone{
    "table.local-time-zone",
    "The time zone of a session: a name of the zone database or an offset; default: the machine's."};
inline constexpr ConfigOption<Duration> kStateTtl{
    "table.exec.state.ttl", "How long operators of a query keep state that nothing touches; 0: for ever.", Duration(0)};
inline constexpr ConfigOption<Duration> kSourceIdleTimeout{
    "table.exec.source.idle-timeout", "A split without rows for so long does not hold watermarks back; 0: it does.",
    Duration(0)};

// Checkpoints.
inline constexpr ConfigOption<Duration> kCheckpointInterval{
    "execution.checkpointing.interval", "Time from one checkpoint's start to the next; not set: no checkpoints.",
    std::chrono::milliseconds(10)};
inline constexpr ConfigOption<Duration> kCheckpointTimeout{
    "execution.checkpointing.timeout", "A checkpoint that takes longer is aborted.", std::chrono::milliseconds(10)};
inline constexpr ConfigOption<Duration> kCheckpointMinPause{
    "execution.checkpointing.min-pause", "Least time between the end of one checkpoint and the start of the next.",
    Duration(0)};
inline constexpr ConfigOption<CheckpointingMode> kCheckpointMode{
    "execution.checkpointing.mode",
    "Guarantee of checkpoints for state: EXACTLY_ONCE; AT_LEAST_ONCE is accepted and gets exactly-once, too."};
inline constexpr ConfigOption<std::string> kCheckpointDir{
    "execution.checkpointing.dir", "Folder (file:///...) below which each job keeps its checkpoints."};
inline constexpr ConfigOption<int64_t> kCheckpointsRetained{"execution.checkpointing.num-retained",
                                                            "Completed checkpoints of this run that are kept.", 1};
inline constexpr ConfigOption<int64_t> kTolerableFailedCheckpoints{
    "execution.checkpointing.tolerable-failed-checkpoints",
    "Checkpoints that may fail one after another before the job fails.", 0};

// Recovery.
inline constexpr ConfigOption<std::string> kRecoveryPath{
    "execution.state-recovery.path",
    "Checkpoint to start from, as --from-checkpoint, which goes before it: latest or a path."};
inline constexpr ConfigOption<ClaimMode> kClaimMode{"execution.state-recovery.claim-mode",
                                                    "Checkpoints of earlier runs are never deleted (NO_CLAIM); CLAIM: "
                                                    "the one restored from the job's own folder is, once newer ones "
                                                    "make it superfluous."};
inline constexpr ConfigOption<bool> kIgnoreUnclaimedState{
    "execution.state-recovery.ignore-unclaimed-state",
    "Leave out state of the checkpoint that no operator takes, as --allow-non-restored-state."};

// State.
inline constexpr ConfigOption<StateBackendType> kStateBackend{
    "state.backend.type", "Where keyed state lives: hashmap (memory) or rocksdb (local disk)."};
inline constexpr ConfigOption<std::string> kRocksDbLocalDir{"state.backend.rocksdb.localdir",
                                                            "Local folder for RocksDB's files."};

// Restarts.
inline constexpr ConfigOption<RestartStrategyType> kRestartStrategy{
    "restart-strategy.type",
    "What happens when a job fails: none, fixed-delay, exponential-delay; not set: exponential-delay with checkpoints, "
    "none without."};
inline constexpr ConfigOption<int64_t> kFixedDelayAttempts{"restart-strategy.fixed-delay.attempts",
                                                           "Restarts before the job fails for good.", 0};
inline constexpr ConfigOption<Duration> kFixedDelayDelay{"restart-strategy.fixed-delay.delay",
                                                         "Pause before each restart.", Duration(0)};
inline constexpr ConfigOption<Duration> kExponentialDelayInitialBackoff{
    "restart-strategy.exponential-delay.initial-backoff", "Pause before the first restart.", Duration(1)};
inline constexpr ConfigOption<Duration> kExponentialDelayMaxBackoff{"restart-strategy.exponential-delay.max-backoff",
                                                                    "Longest pause before a restart.", Duration(1)};
inline constexpr ConfigOption<double> kExponentialDelayMultiplier{
    "restart-strategy.exponential-delay.backoff-multiplier", "The pause grows by this factor with each restart.", 1.0};
inline constexpr ConfigOption<Duration> kExponentialDelayResetThreshold{
    "restart-strategy.exponential-delay.reset-backoff-threshold",
    "After running for so long the pause is the initial one again.", Duration(1)};
inline constexpr ConfigOption<double> kExponentialDelayJitter{
    "restart-strategy.exponential-delay.jitter-factor",
    "A random share of the pause, up to this factor, is added or taken away.", 0.0};
inline constexpr ConfigOption<int64_t> kExponentialDelayAttempts{
    "restart-strategy.exponential-delay.attempts-before-reset-backoff",
    "Restarts before the job fails for good; counted anew after the reset threshold.", 0};

// Process.
inline constexpr ConfigOption<MemorySize> kMemoryLimit{
    "taskmanager.memory.process.size",
    "The one memory limit of the process, shared out among state, connectors, batches and a reserve; near it sources "
    "stand "
    "still, at it the job fails with what takes the memory. Not set: what the machine or the control group has.",
    MemorySize{64ull << 20}};
// Of a kind: a slip of the hand must not take all threads of the machine.
inline constexpr int64_t kMostThreads = 1024;
inline constexpr ConfigOption<int64_t> kCores{
    "thalweg.cores", "Event loops, one per core; 0: as many as the process may use. At most 1024.", 0, kMostThreads};
inline constexpr ConfigOption<bool> kPinCores{"thalweg.pin-cores", "Bind each event loop to its core."};
inline constexpr ConfigOption<int64_t> kIoThreads{
    "thalweg.io.threads", "Threads for blocking work (files, fsync). At most 1024.", 1, kMostThreads};

struct HonouredOption {
  std::string_view key;
  std::string_view description;
  Status (*check)(std::string_view text);  // would the option accept this value?
};

/// In the order of this page.
std::span<const HonouredOption> HonouredOptions();
/// nullptr if the key is not honoured.
const HonouredOption* FindHonoured(std::string_view key);

}  // namespace thalweg::config
