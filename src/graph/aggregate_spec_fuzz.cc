#include "base/check.h"
#include "graph/aggregate_spec_samples_test.h"
#include "testing/fuzz.h"

namespace thalweg::graph {
namespace {

/// Any bytes give an error, or a spec that survives its own encoding.
template <typename Decoder>
void CheckAggregateSpecBytes(std::string_view input, Decoder&& decode) {
  const auto spec = decode(input);
  if (!spec.ok()) return;
  const auto again = decode(Encode(*spec));
  THALWEG_CHECK(again.ok() && *again == *spec, "{}", again.status().ToString());
}

}  // namespace

FUZZ_TARGET(AggregateSpecs, Encode(SampleGroup()), Encode(SampleWindowAggregate()), Encode(SampleTvf()),
            Encode(SampleOver())) {
  CheckAggregateSpecBytes(input, DecodeGroupAggregate);
  CheckAggregateSpecBytes(input, DecodeWindowAggregate);
  CheckAggregateSpecBytes(input, DecodeWindowTvf);
  CheckAggregateSpecBytes(input, DecodeOverAggregate);
}

}  // namespace thalweg::graph
