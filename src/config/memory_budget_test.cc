#include "config/memory_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::config {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kGiB = int64_t{1} << 30;

Configuration Limit(const std::string& size) {
  Configuration configuration;
  EXPECT_TRUE(configuration.Set("taskmanager.memory.process.size", size).ok());
  return configuration;
}

TEST(MemoryBudget, PartsAddUpToTheLimitWhateverItIs) {
  for (const char* size : {"64m", "100m", "777m", "4g", "1t"}) {
    MemoryBudget budget = *DivideMemory(Limit(size), kGiB);
    EXPECT_EQ(budget.state + budget.connectors + budget.batches + budget.reserve, budget.limit) << size;
    EXPECT_GT(budget.state, budget.connectors) << size;
    EXPECT_GE(budget.batches, 0) << size;
    EXPECT_GE(budget.reserve, 32 * kMiB) << size;
  }
}

TEST(MemoryBudget, WithoutALimitTheMachineIsOne) { EXPECT_EQ(DivideMemory({}, 3 * kGiB)->limit, 3 * kGiB); }

TEST(MemoryBudget, ConnectorsShareTheirPartUpToWhatHelps) {
  MemoryBudget budget = *DivideMemory(Limit("1000m"), kGiB);
  EXPECT_EQ(*budget.ConnectorShare(1), 64 * kMiB);
  EXPECT_EQ(*budget.ConnectorShare(10), budget.connectors / 10);
}

TEST(MemoryBudget, ALimitTooSmallForTheConnectorsSaysWhatToDo) {
  Status refused = DivideMemory(Limit("100m"), kGiB)->ConnectorShare(50).status();
  EXPECT_EQ(refused.category(), ErrorCategory::kUser);
  EXPECT_THAT(refused.message(), HasSubstr("100 MiB"));
  EXPECT_THAT(refused.message(), HasSubstr("50 subtasks"));
  EXPECT_THAT(refused.message(), HasSubstr("raise taskmanager.memory.process.size"));
}

TEST(MemoryBudget, TextIsForPeople) {
  EXPECT_EQ(MemoryText(1536 * kMiB), "1.5 GiB");
  EXPECT_EQ(MemoryText(20 * kMiB + 5), "20 MiB");
  EXPECT_EQ(MemoryText(2048), "2 KiB");
}

}  // namespace
}  // namespace thalweg::config
