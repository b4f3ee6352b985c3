#include "base/check.h"
#include "graph/sample_graph_test.h"
#include "testing/fuzz.h"

namespace thalweg::graph {

// Any bytes give an error or a graph; a graph encodes to bytes that give the same graph, and may be validated and shown.
FUZZ_TARGET(GraphCodec, Encode(SampleGraph()), Encode(JobGraph{})) {
  const Result<JobGraph> graph = Decode(input);
  if (!graph.ok()) return;
  const std::string bytes = Encode(*graph);
  const Result<JobGraph> again = Decode(bytes);
  THALWEG_CHECK(again.ok(), "{}", again.status().ToString());
  THALWEG_CHECK(Encode(*again) == bytes);
  if (Validate(*graph).ok()) THALWEG_CHECK(!ToJson(*graph).empty());
}

}  // namespace thalweg::graph
