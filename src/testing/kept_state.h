// KeptState: what an operator over columns keeps, as the bytes of a snapshot, beside golden vectors; and that it goes on from those bytes.
// The rows it is given and those it sends are written as in row_harness.h. Include from tests only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "columns/format.h"
#include "columns/key_encoder.h"
#include "flow/program.h"
#include "testing/golden_states.h"
#include "testing/row_harness.h"
#include "testing/subtask_context.h"

namespace thalweg::testing {

/// One keyed operator in one subtask, with state in memory.
class KeptState {
 public:
  KeptState(flow::OperatorFactory factory, std::string payload) : factory_(std::move(factory)) {
    node_.name = "operator";
    node_.payload = std::move(payload);
    Start({}, {});
  }

  /// Columns of the next input, and which of them it is keyed by.
  KeptState& Input(std::string_view columns, std::vector<int> key_columns = {}) {
    inputs_.push_back({ParseSchema(columns), std::move(key_columns)});
    return *this;
  }
  /// One batch.
  KeptState& Rows(const std::vector<std::string>& rows) { return RowsOn(0, rows); }
  KeptState& RowsOn(int input, const std::vector<std::string>& rows) {
    flow::Rows batch(BatchOf(inputs_.at(static_cast<size_t>(input)), rows));
    return Repeat([&](flow::Output& out) { return operator_->Process(input, batch, out); });
  }
  KeptState& Watermark(int64_t time) {
    return Repeat([&](flow::Output& out) { return operator_->OnWatermark({time}, out); });
  }
  /// Stops behind the first row that is sent.
  KeptState& BeginWatermark(int64_t time) {
    Collected out(*context_, sent_);
    out.Starve();
    EXPECT_EQ(operator_->OnWatermark({time}, out).value(), flow::Progress::kMore);
    return *this;
  }

  struct Expected {
    std::string state, codec, vector;
  };
  /// Each state has the entries of its vector, and has them again when they have been read. The operator goes on from what was read.
  KeptState& ExpectGolden(const std::vector<Expected>& expected) {
    EXPECT_TRUE(operator_->Snapshot({.id = 1}).ok());
    const state::KeyedSnapshot snapshot = context_->keyed->Snapshot().value();
    for (const Expected& each : expected) Compare(snapshot, each, "as kept");
    Start(snapshot, state::Redistribute({context_->lists.Snapshot()}, 1)[0]);
    const state::KeyedSnapshot again = context_->keyed->Snapshot().value();
    for (const Expected& each : expected) Compare(again, each, "as read");
    return *this;
  }
  /// Exactly these rows were sent since the last call, in this order.
  KeptState& Expect(const std::vector<std::string>& rows) {
    EXPECT_EQ(std::exchange(sent_, {}), rows);
    return *this;
  }
  /// The items of an operator state.
  std::vector<std::string> Items(std::string_view name) {
    EXPECT_TRUE(operator_->Snapshot({.id = 1}).ok());
    for (const state::OperatorStateSnapshot& list : context_->lists.Snapshot())
      if (list.name == name) return list.items;
    return {};
  }

 private:
  struct InputColumns {
    types::Schema schema;
    std::vector<int> key_columns;
  };
  class Collected final : public flow::Output {
   public:
    Collected(SubtaskContext& context, std::vector<std::string>& sent) : context_(context), sent_(sent) {}
    void Starve() {
      starving_ = true;
      batch_rows_ = 1;
    }
    void Emit(int, columns::Batch batch) override {
      for (int32_t row = 0; row < batch.rows(); ++row) sent_.push_back(columns::RowText(batch, row));
      credit_ = !starving_;
    }
    void EmitWatermark(flow::Watermark) override {}
    columns::BufferPool& pool() override { return context_.pool(); }

   private:
    SubtaskContext& context_;
    std::vector<std::string>& sent_;
    bool starving_ = false;
  };

  void Start(const state::KeyedSnapshot& keyed, std::vector<state::OperatorStateSnapshot> lists) {
    operator_.reset();
    context_ = std::make_unique<SubtaskContext>();
    EXPECT_TRUE(context_->keyed->Restore(keyed).ok());
    context_->lists.Restore(std::move(lists));
    operator_ = factory_(node_).value();
    const Status opened = operator_->Open(*context_);
    EXPECT_TRUE(opened.ok()) << opened.message();
  }

  columns::Batch BatchOf(const InputColumns& input, const std::vector<std::string>& rows) {
    columns::BatchBuilder builder(input.schema, context_->pool());
    for (const std::string& row : rows) AppendRowText(row, input.schema, builder);
    columns::Batch batch = builder.Take();
    std::vector<types::DataType> types;
    for (int column : input.key_columns) types.push_back(input.schema.field(column).type);
    columns::KeyEncoder(types, input.key_columns).FillHashes(batch, context_->pool());
    return batch;
  }

  template <typename Call>
  KeptState& Repeat(Call&& call) {
    Collected out(*context_, sent_);
    while (true) {
      const Result<flow::Progress> progress = call(out);
      EXPECT_TRUE(progress.ok()) << progress.status().message();
      if (!progress.ok() || *progress == flow::Progress::kDone) return *this;
    }
  }

  static std::string Hex(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
    return text;
  }

  /// Key, namespace and value of each entry as they stand in segments (docs/internals/state.md).
  static void Compare(const state::KeyedSnapshot& snapshot, const Expected& expected, const char* when) {
    std::string entries;
    for (const auto& [group, segment] : snapshot.segments) {
      for (ByteReader in(segment); !in.AtEnd();) {
        const state::StateSpec& spec = snapshot.specs.at(in.Varint());
        const size_t begin = in.position();
        for (int part = 0; part < 3; ++part) in.String();
        if (spec.name == expected.state) entries += segment.substr(begin, in.position() - begin);
        if (spec.ttl.ttl_ms > 0) in.I64();
        ASSERT_TRUE(in.status().ok());
      }
    }
    EXPECT_EQ(Hex(entries), Hex(GoldenState(expected.vector))) << expected.vector << ", " << when;
    for (const state::StateSpec& spec : snapshot.specs)
      if (spec.name == expected.state) EXPECT_EQ(spec.value_codec, expected.codec);
  }

  flow::OperatorFactory factory_;
  graph::Node node_;
  std::vector<InputColumns> inputs_;
  std::unique_ptr<SubtaskContext> context_;
  std::unique_ptr<flow::Operator> operator_;
  std::vector<std::string> sent_;
};

}  // namespace thalweg::testing
