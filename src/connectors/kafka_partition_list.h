// librdkafka's list of partitions with an owner.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

namespace thalweg::connectors {

struct PartitionListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionListDeleter>;

}  // namespace thalweg::connectors
