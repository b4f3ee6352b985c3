// Source events and splits in checkpoints are bytes between processes: an error, or what encodes to the same bytes' meaning.
#include "base/check.h"
#include "runtime/source_operator.h"
#include "testing/fuzz.h"

namespace thalweg::runtime {
namespace {

std::vector<std::string> Events() {
  return {EncodeSourceEvent({SourceEvent::Kind::kAssign, {{{"clicks-0", "1042"}, "w"}, {{"clicks-1", ""}, ""}}, {}}),
          EncodeSourceEvent({SourceEvent::Kind::kNoMoreSplits, {}, {}}),
          EncodeSourceEvent({SourceEvent::Kind::kForReader, {}, "paused: clicks-1"})};
}

}  // namespace

FUZZ_TARGET(SourceEventBytes, Events()) {
  const Result<SourceEvent> event = DecodeSourceEvent(input);
  if (!event.ok()) return;
  const std::string bytes = EncodeSourceEvent(*event);
  const Result<SourceEvent> again = DecodeSourceEvent(bytes);
  THALWEG_CHECK(again.ok(), "{}", again.status().ToString());
  THALWEG_CHECK(EncodeSourceEvent(*again) == bytes);
  THALWEG_CHECK(again->splits.size() == event->splits.size() && again->for_reader == event->for_reader);
}

FUZZ_TARGET(SplitAssignmentBytes, EncodeSplit({{"in/a.json#4096", "state"}, "watermarks"})) {
  const Result<SplitAssignment> split = DecodeSplit(input);
  if (!split.ok()) return;
  const Result<SplitAssignment> again = DecodeSplit(EncodeSplit(*split));
  THALWEG_CHECK(again.ok(), "{}", again.status().ToString());
  THALWEG_CHECK(again->split == split->split && again->watermark_state == split->watermark_state);
}

}  // namespace thalweg::runtime
