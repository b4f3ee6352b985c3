// Timers across a restart in the midst of a watermark. The harness cannot show it: it sends the watermark again after a restart, while
// restored sources send rows first.
#include "operators/timer_service.h"

#include <gtest/gtest.h>

#include "columns/object_writer.h"
#include "operators/process.h"
#include "testing/subtask_context.h"

namespace thalweg::operators {
namespace {

/// Takes one row a call.
class OneRowOutput final : public flow::Output {
 public:
  explicit OneRowOutput(columns::BufferPool& pool) : pool_(pool) { batch_rows_ = 1; }
  void Emit(int, columns::Batch batch) override {
    for (int32_t row = 0; row < batch.rows(); ++row) texts.push_back(batch.objects<std::string>()[row]);
    credit_ = false;
  }
  columns::BufferPool& pool() override { return pool_; }
  void Refill() { credit_ = true; }
  std::vector<std::string> texts;

 private:
  columns::BufferPool& pool_;
};

/// Each row sets a timer at 10; a row "... off" takes it back.
struct Alarms {
  void ProcessElement(const std::string& row, KeyedContext<std::string>& context, Collector<std::string>& out) {
    if (row.ends_with("off"))
      context.DeleteEventTimer(10);
    else
      context.RegisterEventTimer(10);
    if (row.ends_with("off")) out.Collect(row);
  }
  void OnTimer(int64_t, KeyedContext<std::string>& context, Collector<std::string>& out) {
    out.Collect(context.current_key() + " rings");
  }
};

struct Subtask {
  explicit Subtask(testing::SubtaskContext& context)
      : context(context), op(KeyedProcess<std::string, std::string, std::string>(Alarms{})({}).value()) {
    EXPECT_TRUE(op->Open(context).ok());
  }
  /// Calls until the rows are consumed. Keys are the first letters.
  void Process(const std::vector<std::string>& texts, OneRowOutput& out) {
    columns::ObjectWriter<std::string> writer(context.pool());
    for (const std::string& text : texts) writer.Append(text, 1);
    columns::Batch batch = writer.Take();
    AppendKeyColumns<std::string>(batch, context.pool(),
                                  [&](int32_t row) { return texts[static_cast<size_t>(row)].substr(0, 1); });
    flow::Rows rows(std::move(batch));
    for (flow::Progress progress = flow::Progress::kMore; progress != flow::Progress::kDone;) {
      out.Refill();
      progress = op->Process(0, rows, out).value();
    }
  }
  testing::SubtaskContext& context;
  std::unique_ptr<flow::Operator> op;
};

TEST(TimerService, WhatIsDueFiresBeforeTheNextRowAlsoAfterARestartInTheMidstOfTheFiring) {
  testing::SubtaskContext before, after;
  OneRowOutput out(before.pool());
  {
    Subtask subtask(before);
    subtask.Process({"a", "b", "c"}, out);
    out.Refill();
    ASSERT_EQ(subtask.op->OnWatermark({20}, out).value(), flow::Progress::kMore);
    ASSERT_TRUE(subtask.op->Snapshot({.id = 1}).ok());
  }
  ASSERT_EQ(out.texts, std::vector<std::string>{"a rings"});
  ASSERT_TRUE(after.keyed->Restore(before.keyed->Snapshot().value()).ok());
  after.lists.Restore(state::Redistribute({before.lists.Snapshot()}, 1)[0]);
  Subtask restored(after);
  restored.Process({"c off"}, out);
  std::vector<std::string> rings(out.texts.begin(), out.texts.end() - 1);
  std::sort(rings.begin(), rings.end());  // timers of one time are restored by key group
  EXPECT_EQ(rings, (std::vector<std::string>{"a rings", "b rings", "c rings"}));
  EXPECT_EQ(out.texts.back(), "c off");
}

}  // namespace
}  // namespace thalweg::operators
