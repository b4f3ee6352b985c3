// Flink's names of the metrics that the engine keeps, so that dashboards carry over. Units: as in Flink's documentation.
#pragma once

#include <string_view>

namespace thalweg::metrics {

// Task and operator.
inline constexpr std::string_view kNumRecordsIn = "numRecordsIn";      // counter_with_rate
inline constexpr std::string_view kNumRecordsOut = "numRecordsOut";    // counter_with_rate
inline constexpr std::string_view kNumBytesIn = "numBytesIn";          // counter_with_rate
inline constexpr std::string_view kNumBytesOut = "numBytesOut";        // counter_with_rate
inline constexpr std::string_view kNumBuffersOut = "numBuffersOut";    // counter_with_rate; our batches
inline constexpr std::string_view kNumFiredTimers = "numFiredTimers";  // counter_with_rate
inline constexpr std::string_view kNumLateRecordsDropped = "numLateRecordsDropped";
inline constexpr std::string_view kNumNullRowTimeRecordsDropped = "numNullRowTimeRecordsDropped";  // no time
inline constexpr std::string_view kSideOutputGroup = "side_output";          // ours, with the tag as its value
inline constexpr std::string_view kNumRecordsDropped = "numRecordsDropped";  // ours: to a side output that nobody reads
inline constexpr std::string_view kCurrentInputWatermark = "currentInputWatermark";    // ms
inline constexpr std::string_view kCurrentOutputWatermark = "currentOutputWatermark";  // ms
inline constexpr std::string_view kIsBackPressured = "isBackPressured";                // 0 or 1
inline constexpr std::string_view kIdleTimeMsPerSecond = "idleTimeMsPerSecond";
inline constexpr std::string_view kBusyTimeMsPerSecond = "busyTimeMsPerSecond";
inline constexpr std::string_view kBackPressuredTimeMsPerSecond = "backPressuredTimeMsPerSecond";
inline constexpr std::string_view kInPoolUsage = "inPoolUsage";    // ratio, in group Shuffle.Netty.Input.Buffers
inline constexpr std::string_view kOutPoolUsage = "outPoolUsage";  // ratio, in group Shuffle.Netty.Output.Buffers
inline constexpr std::string_view kCheckpointAlignmentTime = "checkpointAlignmentTime";      // ns
inline constexpr std::string_view kCheckpointStartDelayNanos = "checkpointStartDelayNanos";  // ns
// Not Flink's, which has them in its web interface only: histograms of how long a task stood still for checkpoints, ns.
inline constexpr std::string_view kCheckpointPauseNanos = "checkpointPauseNanos";  // at a barrier
inline constexpr std::string_view kCheckpointSavePauseNanos =
    "checkpointSavePauseNanos";  // each piece saved afterwards

// Sources and sinks.
inline constexpr std::string_view kNumRecordsInErrors = "numRecordsInErrors";
inline constexpr std::string_view kCurrentEmitEventTimeLag = "currentEmitEventTimeLag";  // ms
inline constexpr std::string_view kWatermarkLag = "watermarkLag";                        // ms
inline constexpr std::string_view kSourceIdleTime = "sourceIdleTime";                    // ms
inline constexpr std::string_view kPendingRecords = "pendingRecords";
inline constexpr std::string_view kNumRecordsSend = "numRecordsSend";
inline constexpr std::string_view kNumBytesSend = "numBytesSend";
inline constexpr std::string_view kNumRecordsSendErrors = "numRecordsSendErrors";
inline constexpr std::string_view kNumPartsMissing = "numPartsMissing";  // ours: of a file sink's restored checkpoint
inline constexpr std::string_view kKafkaSourceReaderGroup = "KafkaSourceReader";
inline constexpr std::string_view kCommitsSucceeded = "commitsSucceeded";
inline constexpr std::string_view kCommitsFailed = "commitsFailed";
inline constexpr std::string_view kCommittedOffset = "committedOffset";
inline constexpr std::string_view kCurrentOffset = "currentOffset";

// Job.
inline constexpr std::string_view kUptime = "uptime";      // ms
inline constexpr std::string_view kDowntime = "downtime";  // ms
inline constexpr std::string_view kNumRestarts = "numRestarts";
inline constexpr std::string_view kLastCheckpointDuration = "lastCheckpointDuration";  // ms
inline constexpr std::string_view kLastCheckpointSize = "lastCheckpointSize";          // bytes
inline constexpr std::string_view kLastCheckpointFullSize = "lastCheckpointFullSize";  // bytes
inline constexpr std::string_view kLastCompletedCheckpointId = "lastCompletedCheckpointId";
inline constexpr std::string_view kLastCheckpointRestoreTimestamp = "lastCheckpointRestoreTimestamp";  // ms
inline constexpr std::string_view kNumberOfInProgressCheckpoints = "numberOfInProgressCheckpoints";
inline constexpr std::string_view kNumberOfCompletedCheckpoints = "numberOfCompletedCheckpoints";
inline constexpr std::string_view kNumberOfFailedCheckpoints = "numberOfFailedCheckpoints";
inline constexpr std::string_view kTotalNumberOfCheckpoints = "totalNumberOfCheckpoints";

}  // namespace thalweg::metrics
