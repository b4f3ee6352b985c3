// For tests: a file sink driven by hand, over a folder of the test's own.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "connectors/file_sink.h"
#include "connectors/test_task.h"
#include "io/temporary_folder.h"

namespace thalweg::connectors {

class FileSinkFixture : public ::testing::Test {
 protected:
  /// Into `out` of the folder.
  FileSinkOptions OptionsFor(types::SchemaPtr schema) const {
    FileSinkOptions options;
    options.path = folder_.path() + "/out";
    options.schema = std::move(schema);
    return options;
  }
  std::unique_ptr<flow::Operator> Open(FileSinkOptions options) {
    auto sink = MakeFileSink(std::move(options));
    EXPECT_TRUE(sink.ok()) << sink.status().ToString();
    EXPECT_TRUE((*sink)->Open(context_).ok());
    return std::move(*sink);
  }
  /// Calls until it is done, waiting where it is blocked.
  template <typename Call>
  Status Until(const Call& call) {
    while (true) {
      THALWEG_ASSIGN(flow::Progress progress, call());
      if (progress == flow::Progress::kDone) return {};
      if (!synchronous_) context_.waiting_waker().Wait();
    }
  }
  Status WriteBatch(flow::Operator& sink, columns::Batch batch) {
    flow::Rows rows(std::move(batch));
    return Until([&] { return sink.Process(0, rows, out_); });
  }
  Result<std::vector<std::string>> Checkpoint(flow::Operator& sink, uint64_t id) {
    flow::Barrier barrier{id, flow::BarrierKind::kCheckpoint, 0};
    THALWEG_TRY(Until([&] { return sink.PrepareBarrier(barrier, out_); }));
    return sink.Snapshot(barrier);
  }

  io::TemporaryFolder folder_;
  TestContext context_;
  NoOutput out_;
  bool synchronous_ = false;  // the sink is in a context that works at once
};

}  // namespace thalweg::connectors
