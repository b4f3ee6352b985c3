// Windows that share slices, restored from subtasks that had got on apart. The harness cannot show it: its subtasks hear of a watermark
// together.
#include <algorithm>

#include <gtest/gtest.h>

#include "columns/object_writer.h"
#include "operators/window.h"
#include "testing/golden_states.h"
#include "testing/subtask_context.h"

namespace thalweg::operators {
namespace {

constexpr int kMaxParallelism = 128;
using Pair = std::pair<std::string, int>;

class TextOutput final : public flow::Output {
 public:
  explicit TextOutput(columns::BufferPool& pool) : pool_(pool) {}
  void Emit(int, columns::Batch batch) override {
    for (int32_t row = 0; row < batch.rows(); ++row)
      texts.push_back(fmt::format("{}@{}", batch.objects<Pair>()[row].first, batch.time(row)));
  }
  columns::BufferPool& pool() override { return pool_; }
  std::vector<std::string> texts;

 private:
  columns::BufferPool& pool_;
};

std::unique_ptr<flow::Operator> Opened(testing::SubtaskContext& context) {
  auto sum = [](const Pair& a, const Pair& b) { return Pair(a.first, a.second + b.second); };
  auto op = ReduceWindow<Pair, std::string>({.assigner = Sliding({.size = Millis(3), .slide = Millis(1)})}, sum)({});
  EXPECT_TRUE((*op)->Open(context).ok());
  return *std::move(op);
}

/// A key of the half of the key groups that subtask `subtask` of two has.
std::string KeyOfHalf(int subtask) {
  for (char letter = 'a';; ++letter) {
    const std::string key(1, letter);
    std::string bytes;
    types::AppendKey(key, bytes);
    const int group = types::KeyGroupOf(Hash64(bytes), kMaxParallelism);
    if (types::SubtaskOf(group, kMaxParallelism, 2) == subtask) return key;
  }
}

/// One row at time 0, then the watermark; what fired.
std::vector<std::string> RunHalf(testing::SubtaskContext& context, const std::string& key, int64_t watermark) {
  auto op = Opened(context);
  TextOutput out(context.pool());
  columns::ObjectWriter<Pair> writer(context.pool());
  writer.Append({key, 1}, 0);
  columns::Batch batch = writer.Take();
  AppendKeyColumns<std::string>(batch, context.pool(), [&](int32_t) { return key; });
  flow::Rows rows(std::move(batch));
  EXPECT_EQ(op->Process(0, rows, out).value(), flow::Progress::kDone);
  EXPECT_EQ(op->OnWatermark({watermark}, out).value(), flow::Progress::kDone);
  EXPECT_TRUE(op->Snapshot({.id = 1}).ok());
  return out.texts;
}

TEST(SlidingWindow, EachKeyGoesOnFromWhatItsOwnSubtaskHadFired) {
  testing::SubtaskContext first({.subtask = 0, .parallelism = 2, .max_parallelism = kMaxParallelism});
  testing::SubtaskContext second({.subtask = 1, .parallelism = 2, .max_parallelism = kMaxParallelism});
  testing::SubtaskContext joined({.max_parallelism = kMaxParallelism});
  const std::string ahead = KeyOfHalf(0), behind = KeyOfHalf(1);
  EXPECT_EQ(RunHalf(first, ahead, 1), (std::vector<std::string>{ahead + "@0", ahead + "@1"}));
  const auto lists = first.lists.Snapshot();
  const auto fired = std::ranges::find(lists, "window-fired", &state::OperatorStateSnapshot::name);
  ASSERT_NE(fired, lists.end());
  EXPECT_EQ(fired->items, std::vector<std::string>{testing::GoldenState("window-fired")});
  EXPECT_EQ(RunHalf(second, behind, 0), (std::vector<std::string>{behind + "@0"}));
  for (testing::SubtaskContext* half : {&first, &second})
    ASSERT_TRUE(joined.keyed->Restore(half->keyed->Snapshot().value()).ok());
  joined.lists.Restore(state::Redistribute({first.lists.Snapshot(), second.lists.Snapshot()}, 1)[0]);
  auto op = Opened(joined);
  TextOutput out(joined.pool());
  EXPECT_EQ(op->OnWatermark({9}, out).value(), flow::Progress::kDone);
  std::sort(out.texts.begin(), out.texts.end());
  std::vector<std::string> expected{ahead + "@2", behind + "@1", behind + "@2"};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(out.texts, expected);
}

}  // namespace
}  // namespace thalweg::operators
