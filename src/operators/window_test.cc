#include "operators/window.h"

#include "testing/harness.h"

namespace thalweg::operators {
namespace {

using namespace thalweg::testing;
using Pair = std::pair<std::string, int>;

std::string First(const Pair& pair) { return pair.first; }

struct SumPairs {
  Pair operator()(const Pair& a, const Pair& b) const { return {a.first, a.second + b.second}; }
};

struct CountRows {
  int64_t CreateAccumulator() const { return 0; }
  void Add(int64_t& acc, const Pair&) const { ++acc; }
  int64_t GetResult(const int64_t& acc) const { return acc; }
  void Merge(int64_t& into, const int64_t& from) const { into += from; }
};

flow::OperatorFactory SumWindow(WindowOptions options) { return ReduceWindow<Pair, std::string>(std::move(options), SumPairs{}); }

TEST(TumblingWindow, SumsByKeyAndWindow) {
  Harness<Pair>(SumWindow({.assigner = Tumbling({.size = 3s})})).KeyBy(First)
      .Rows({{{"key2", 1}, 3999ms}, {{"key2", 1}, 3000ms}, {{"key1", 1}, 20ms}, {{"key1", 1}, 0ms}, {{"key1", 1}, 999ms},
             {{"key2", 1}, 1998ms}, {{"key2", 1}, 1999ms}, {{"key2", 1}, 1000ms}})
      .Watermark(999ms).ExpectNothing()
      .Watermark(1999ms).ExpectNothing()
      .Watermark(2999ms).Expect({{{"key1", 3}, 2999ms}, {{"key2", 3}, 2999ms}})
      .Watermark(3999ms).ExpectNothing()
      .Watermark(5999ms).Expect({{{"key2", 2}, 5999ms}})
      .Watermark(7999ms).ExpectNothing().ExpectEntries(0);
}

TEST(TumblingWindow, AggregatesWithLatenessAndSendsTheLateAside) {
  Harness<Pair, int64_t>(AggregateWindow<Pair, std::string>(
      {.assigner = Tumbling({.size = 2s}), .allowed_lateness_ms = 500, .late_output = true}, CountRows{})).KeyBy(First)
      .Rows({{{"a", 1}, 500ms}, {{"a", 1}, 700ms}})
      .Watermark(1999ms).Expect({{2, 1999ms}})
      .Rows({{{"a", 1}, 800ms}}).Expect({{3, 1999ms}})
      .Watermark(2499ms).ExpectEntries(0)
      .Rows({{{"a", 7}, 900ms}}).ExpectNothing().ExpectLate({{{"a", 7}, 900ms}});
}

}  // namespace
}  // namespace thalweg::operators
