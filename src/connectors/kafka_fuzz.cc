#include "connectors/kafka_enumerator.h"
#include "connectors/kafka_split.h"
#include "connectors/scripted_log.h"
#include "testing/fuzz.h"

namespace thalweg::connectors {
namespace {

FUZZ_TARGET(KafkaSplit, EncodeKafkaSplit({{"clicks", 3}, 1042, 5000}).state, EncodeKafkaSplit({{"", 0}, 0}).state) {
  auto split = DecodeKafkaSplit(input);
  if (split.ok()) THALWEG_CHECK(DecodeKafkaSplit(EncodeKafkaSplit(*split).state).value() == *split);
}

FUZZ_TARGET(KafkaEnumeratorState,
            std::string("\x01\x01\x02\x03"
                        "a-0\x03"
                        "a-1\x00",
                        12),
            std::string("\x01\x00\x00\x00", 4)) {
  auto enumerator =
      KafkaEnumerator::Make({.topics = {"a"}}, std::make_shared<ScriptedLogClient>(std::make_shared<ScriptedLog>()))
          .value();
  if (enumerator->Restore(input).ok()) {
    const std::string again = enumerator->Snapshot();
    auto other =
        KafkaEnumerator::Make({.topics = {"a"}}, std::make_shared<ScriptedLogClient>(std::make_shared<ScriptedLog>()))
            .value();
    THALWEG_CHECK(other->Restore(again).ok() && other->Snapshot() == again);
  }
}

}  // namespace
}  // namespace thalweg::connectors
