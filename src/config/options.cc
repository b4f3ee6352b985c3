#include "config/options.h"

#include "config/client_options.h"
#include "config/metric_options.h"
#include "config/sql_options.h"

namespace thalweg::config {

namespace {

template <const auto& kOption>
constexpr HonouredOption Honoured() {
  return {kOption.key, kOption.description, [](std::string_view text) { return ParseOption(kOption, text).status(); }};
}

constexpr HonouredOption kHonoured[] = {
    Honoured<kPipelineName>(),
    Honoured<kRuntimeMode>(),
    Honoured<kParallelism>(),
    Honoured<kMaxParallelism>(),
    Honoured<kAutoWatermarkInterval>(),
    Honoured<kLocalTimeZone>(),
    Honoured<kStateTtl>(),
    Honoured<kSourceIdleTimeout>(),
    Honoured<kMaxColumnWidth>(),
    Honoured<kDmlSync>(),
    Honoured<kSqlDialect>(),
    Honoured<kSqlParallelism>(),
    Honoured<kOptionHints>(),
    Honoured<kSinkUpsertMaterialize>(),
    Honoured<kSinkRequireOnConflict>(),
    Honoured<kSinkNotNull>(),
    Honoured<kSinkLength>(),
    Honoured<kSinkNested>(),
    Honoured<kSourceCdcDuplicate>(),
    Honoured<kMiniBatchEnabled>(),
    Honoured<kMiniBatchLatency>(),
    Honoured<kMiniBatchSize>(),
    Honoured<kAggregatePhases>(),
    Honoured<kCheckpointInterval>(),
    Honoured<kCheckpointTimeout>(),
    Honoured<kCheckpointMinPause>(),
    Honoured<kCheckpointMode>(),
    Honoured<kCheckpointDir>(),
    Honoured<kCheckpointsRetained>(),
    Honoured<kTolerableFailedCheckpoints>(),
    Honoured<kRecoveryPath>(),
    Honoured<kClaimMode>(),
    Honoured<kIgnoreUnclaimedState>(),
    Honoured<kStateBackend>(),
    Honoured<kRocksDbLocalDir>(),
    Honoured<kRestartStrategy>(),
    Honoured<kFixedDelayAttempts>(),
    Honoured<kFixedDelayDelay>(),
    Honoured<kExponentialDelayInitialBackoff>(),
    Honoured<kExponentialDelayMaxBackoff>(),
    Honoured<kExponentialDelayMultiplier>(),
    Honoured<kExponentialDelayResetThreshold>(),
    Honoured<kExponentialDelayJitter>(),
    Honoured<kExponentialDelayAttempts>(),
    Honoured<kMetricReporters>(),
    Honoured<kReporterFactory>(),
    Honoured<kReporterInterval>(),
    Honoured<kMemoryLimit>(),
    Honoured<kCores>(),
    Honoured<kPinCores>(),
    Honoured<kIoThreads>(),
};

}  // namespace

std::span<const HonouredOption> HonouredOptions() { return kHonoured; }

const HonouredOption* FindHonoured(std::string_view key) {
  for (const HonouredOption& option : kHonoured) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

}  // namespace thalweg::config
