#include "operators/row_output.h"

#include "columns/key_encoder.h"
#include "operators/row_keys.h"
#include "operators/stored_row.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using testing::RowHarness;

/// Works its rows off one by one, while there is credit.
class OneByOne : public flow::Operator {
 public:
  explicit OneByOne(std::vector<types::DataType> types) : out_(std::move(types)) {}
  Status Open(flow::Context& context) override { return out_.Open(context); }
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    if (!out_.Drain(out)) return flow::Progress::kMore;
    int32_t row = rows.next();
    for (; row < rows.end() && out_.has_credit(); ++row) OnRow(rows.batch(), row);
    rows.AdvanceTo(row);
    return out_.Flush() && rows.done() ? flow::Progress::kDone : flow::Progress::kMore;
  }
  Result<std::vector<std::string>> Snapshot(const flow::Barrier&) override {
    THALWEG_TRY(out_.Snapshot());
    return std::vector<std::string>{};
  }

 protected:
  virtual void OnRow(const columns::Batch& batch, int32_t row) = 0;
  RowOutput out_;
};

/// Emits each row three times: far beyond a credit of one row.
class Triple final : public OneByOne {
 public:
  Triple() : OneByOne({types::DataType(types::TypeId::kString), types::DataType(types::TypeId::kDouble)}) {}

 private:
  void OnRow(const columns::Batch& batch, int32_t row) override {
    out_.CopyRow(batch, row, batch.kind(row));
    out_.AppendStored(StoreRow(batch, row).bytes, types::RowKind::kUpdateBefore);
    out_.CopyRow(batch, row, types::RowKind::kDelete);
  }
};

TEST(RowOutput, RowsBeyondTheCreditWaitAlsoThroughARestart) {
  RowHarness([](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> { return std::make_unique<Triple>(); },
             "")
      .Input("k STRING, v DOUBLE")
      .Output("k STRING, v DOUBLE")
      .Rows({"+I[a, 1.5]", "-U[a long string that needs a heap, null]"})
      .Expect({"+I[a, 1.5]", "-U[a, 1.5]", "-D[a, 1.5]", "-U[a long string that needs a heap, null]",
               "-U[a long string that needs a heap, null]", "-D[a long string that needs a heap, null]"});
}

/// Sends the rows of a batch as they come; those whose number leaves 2 of 3 are taken back at once.
class PassOn final : public OneByOne {
 public:
  PassOn()
      : OneByOne({types::DataType(types::TypeId::kString), types::DataType(types::TypeId::kInt),
                  types::DataType::Array(types::DataType(types::TypeId::kString))}) {}

 private:
  void OnRow(const columns::Batch& batch, int32_t row) override {
    out_.CopyRow(batch, row, types::RowKind::kInsert);
    if (batch.column(1).data<int32_t>()[row] % 3 == 2)
      out_.AppendStored(StoreRow(batch, row).bytes, types::RowKind::kDelete);
  }
};

TEST(RowOutput, RowsOfABatchAndStoredOnesKeepTheirOrder) {
  std::vector<std::string> rows, expected;
  for (int i = 0; i < 20; ++i) {
    const std::string values =
        i == 7 ? "[null, 7, null]"
               : fmt::format("[a long string that needs a heap {}, {}, [x{}, a second element of {}]]", i, i, i, i);
    rows.push_back("+I" + values);
    expected.push_back("+I" + values);
    if (i % 3 == 2) expected.push_back("-D" + values);
  }
  RowHarness([](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> { return std::make_unique<PassOn>(); },
             "")
      .Input("k STRING, n INT, a ARRAY<STRING>")
      .Output("k STRING, n INT, a ARRAY<STRING>")
      .Rows(rows)
      .Expect(expected);
}

TEST(RowKeys, AreCanonicalBytesOfTheColumnsInKeyOrder) {
  columns::BufferPool pool;
  const types::Schema schema = testing::ParseSchema("a STRING, b INT, c BIGINT");
  columns::BatchBuilder builder(schema, pool);
  testing::AppendRowText("[x, 1, 2]", schema, builder);
  testing::AppendRowText("[x, 9, 2]", schema, builder);
  testing::AppendRowText("[x, 1, null]", schema, builder);
  const columns::Batch batch = builder.Take();
  RowKeys keys({2, 0}, 128);
  keys.Load(batch, 0);
  EXPECT_EQ(keys[0].bytes, keys[1].bytes);
  EXPECT_EQ(keys[0].hash, keys[1].hash);
  EXPECT_NE(keys[0].bytes, keys[2].bytes);
  EXPECT_EQ(keys.ViewOf(keys[2].bytes).group, keys[2].group);
  keys.Load(batch, 2);
  std::string expected;
  columns::AppendCellKey(batch.column(2), 2, expected);
  columns::AppendCellKey(batch.column(0), 2, expected);
  EXPECT_EQ(keys[2].bytes, expected);
}

TEST(RowKeys, WithoutColumnsAllRowsShareTheEmptyKey) {
  columns::BufferPool pool;
  const types::Schema schema = testing::ParseSchema("a INT");
  columns::BatchBuilder builder(schema, pool);
  testing::AppendRowText("[1]", schema, builder);
  testing::AppendRowText("[2]", schema, builder);
  RowKeys keys({}, 128);
  keys.Load(builder.Take(), 0);
  EXPECT_EQ(keys[0].bytes, "");
  EXPECT_EQ(keys[1].hash, keys[0].hash);
}

}  // namespace
}  // namespace thalweg::operators
