#include "runtime/source_coordinator.h"

#include <gtest/gtest.h>

#include "flow/cancellable.h"

namespace thalweg::runtime {
namespace {

/// Would wait for the outside world until it is cancelled.
class WaitingEnumerator final : public flow::SplitEnumerator, public flow::Cancellable {
 public:
  Result<flow::Discovery> Discover() override {
    if (cancelled) return ExternalError("Cancelled");
    return flow::Discovery{};
  }
  void Cancel() override { cancelled = true; }
  std::vector<flow::EnumeratorAction> OnDiscovery(const flow::Discovery&) override { return {}; }
  std::vector<flow::EnumeratorAction> OnStart(int, const std::vector<flow::Split>&) override { return {}; }
  std::string Snapshot() const override { return ""; }
  Status Restore(std::string_view) override { return {}; }

  bool cancelled = false;
};

TEST(SourceCoordinator, ItsEndCancelsTheDiscoveryThatOutlivesIt) {
  auto enumerator = std::make_shared<WaitingEnumerator>();
  auto coordinator = std::make_unique<SourceCoordinator>(enumerator, std::vector<std::string>());
  flow::CoordinatorActions actions = coordinator->OnStart(1).value();
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_TRUE(actions[0].work().ok());
  coordinator.reset();
  EXPECT_TRUE(enumerator->cancelled);
  EXPECT_EQ(actions[0].work().status().message(), "Cancelled");
}

}  // namespace
}  // namespace thalweg::runtime
