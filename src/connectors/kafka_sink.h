// The Kafka sink. Rule: under at-least-once a barrier passes only when the broker has acknowledged every row before it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/kafka_options.h"
#include "connectors/kafka_properties.h"
#include "connectors/log_client.h"
#include "flow/operator.h"
#include "formats/encoder.h"
#include "graph/job_graph.h"

namespace thalweg::metrics {
class Counter;
}

namespace thalweg::connectors {

/// Which column or encoder gives which part of a message. Column numbers are those of the input's schema; -1: none.
struct KafkaSinkOptions {
  Properties properties;
  DeliveryGuarantee guarantee = DeliveryGuarantee::kAtLeastOnce;
  std::string topic;                        // or
  int topic_column = -1;                    // STRING
  std::vector<std::string> allowed_topics;  // of the topic column; empty: any
  int value_column = 0;                     // BYTES, STRING or OBJECT std::string; NULL: a tombstone
  int key_column = -1;                      // as value_column
  int headers_column = -1;                  // MAP<STRING, BYTES>
  int partition_column = -1;                // INT; NULL or no column: as `partitioner` says
  int timestamp_column = -1;                // milliseconds; NULL or no column: see below
  KafkaPartitioner partitioner = KafkaPartitioner::kDefault;
  /// The row's event time becomes the message's timestamp; rows without one get the time of sending.
  bool event_time_as_timestamp = true;
  /// kUpsert: -U and -D are messages without value. kRetract: the value's encoder says the kind.
  graph::ChangelogMode accepts = graph::ChangelogMode::kAppend;
  /// Instead of the columns. Made once per subtask.
  std::function<Result<std::unique_ptr<formats::RowEncoder>>()> make_value_encoder;
  std::function<Result<std::unique_ptr<formats::RowEncoder>>()> make_key_encoder;
  std::vector<int> value_columns, key_columns;  // what the encoders see, in this order; empty: all columns
  int64_t memory_bytes = 0;                     // of messages in flight, per subtask; 0: its part of the memory limit
};

/// Appends each row as a message. Takes the kinds that `accepts` says.
class KafkaSink final : public flow::Operator {
 public:
  /// Checks options and properties; connects to nothing. UserError for exactly-once.
  static Result<std::unique_ptr<KafkaSink>> Make(KafkaSinkOptions options);
  /// Over another log; `options.properties` are not looked at.
  static Result<std::unique_ptr<KafkaSink>> Make(KafkaSinkOptions options, std::shared_ptr<LogClient> client);

  Status Open(flow::Context& context) override;
  Result<flow::Progress> Process(int input, flow::Rows& rows, flow::Output& out) override;
  Result<flow::Progress> PrepareBarrier(const flow::Barrier& barrier, flow::Output& out) override;
  Result<flow::Progress> OnEnd(flow::EndKind kind, flow::Output& out) override;
  void Close() override;

 private:
  KafkaSink(KafkaSinkOptions options, std::shared_ptr<LogClient> client);
  /// A batch, and what of it the encoders see.
  struct Parts {
    const columns::Batch& rows;
    columns::Batch value, key;  // null: `rows`
  };
  columns::Batch Select(const columns::Batch& batch, const std::vector<int>& columns) const;
  /// False: the producer's queue is full.
  Result<bool> Send(const Parts& parts, int32_t row);
  Status FillBytes(const Parts& parts, int32_t row, LogMessage& message);
  Status FillTimestamp(const columns::Batch& batch, int32_t row, LogMessage& message) const;
  Status FillPlace(const columns::Batch& batch, int32_t row, LogMessage& message);
  void FillHeaders(const columns::Column& column, int32_t row, LogMessage& message);
  /// kBlocked until nothing is in flight.
  Result<flow::Progress> AwaitAcknowledged();
  Status Failed(Status status);

  const KafkaSinkOptions options_;
  const std::shared_ptr<LogClient> client_;
  std::unique_ptr<LogProducer> producer_;
  std::unique_ptr<formats::RowEncoder> value_encoder_, key_encoder_;
  std::string value_, key_;         // scratch of the encoders
  std::vector<LogHeader> headers_;  // scratch
  std::string checked_topic_;       // of the topic column: the last one
  flow::Context* context_ = nullptr;
  uint32_t slot_ = 0;  // of the partitioner: the subtask's number, and one more for each batch under kRoundRobin
  metrics::Counter* records_send_ = nullptr;
  metrics::Counter* bytes_send_ = nullptr;
  metrics::Counter* send_errors_ = nullptr;
};

}  // namespace thalweg::connectors
