#include "operators/side_output.h"

#include <gtest/gtest.h>

namespace thalweg::operators {
namespace {

/// What ports ask of the world.
class PortContext final : public flow::Context {
 public:
  const flow::TaskName& task() const override { return name_; }
  time::Clock& clock() override { return clock_; }
  Random& random() override { return random_; }
  metrics::Group& metrics() override { return *group_; }
  columns::BufferPool& pool() override { return pool_; }
  state::KeyedBackend* keyed_state() override { return nullptr; }
  state::OperatorState& operator_state() override { return state_; }
  int64_t current_watermark() const override { return INT64_MIN; }
  std::shared_ptr<flow::Waker> waker() override { return nullptr; }
  void RequestTimer(int64_t) override {}
  Status RunBlocking(std::function<void()>) override { return {}; }
  void SendToCoordinator(std::string) override {}

  std::map<std::string, int64_t> Counters() {
    std::map<std::string, int64_t> counters;
    for (const metrics::Sample& sample : registry_.Snapshot(0)) counters[sample.name] = std::get<int64_t>(sample.value);
    return counters;
  }

 private:
  flow::TaskName name_;
  time::ManualClock clock_;
  Random random_{1};
  metrics::Registry registry_;
  std::unique_ptr<metrics::Group> group_ = registry_.Open(metrics::ScopeKind::kOperator, {});
  columns::BufferPool pool_;
  state::OperatorState state_;
};

TEST(SidePorts, RowsThatNobodyReadsAreCountedByTag) {
  PortContext context;
  Ports<int> ports({SidePortOf(OutputTag<int>{"read"}, 1)});
  ASSERT_TRUE(ports.Open(context).ok());
  EXPECT_NE(ports.Find("read", types::ObjectTypeOf<int>()), nullptr);
  EXPECT_TRUE(context.Counters().empty());
  EXPECT_EQ(ports.Find("lost ones", types::ObjectTypeOf<int>()), nullptr);
  EXPECT_EQ(ports.Find("other", types::ObjectTypeOf<int>()), nullptr);
  EXPECT_EQ(ports.Find("lost ones", types::ObjectTypeOf<int>()), nullptr);
  EXPECT_EQ(context.Counters(), (std::map<std::string, int64_t>{{"side_output.lost ones.numRecordsDropped", 2},
                                                                {"side_output.other.numRecordsDropped", 1}}));
}

}  // namespace
}  // namespace thalweg::operators
