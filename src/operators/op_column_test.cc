#include "operators/op_column.h"

#include "graph/changelog_spec.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::ChangeCode;
using testing::RowHarness;
using types::RowKind;

std::vector<ChangeCode> AllKinds() {
  return {{RowKind::kInsert, "INSERT"},
          {RowKind::kUpdateBefore, "UPDATE_BEFORE"},
          {RowKind::kUpdateAfter, "UPDATE_AFTER"},
          {RowKind::kDelete, "DELETE"}};
}

graph::ToChangelogSpec LogOf(std::string_view columns, std::vector<ChangeCode> codes) {
  graph::ToChangelogSpec spec;
  spec.input = testing::ParseSchema(columns);
  spec.codes = std::move(codes);
  return spec;
}

TEST(ToChangelog, EachChangeIsARowWithItsCode) {
  RowHarness(MakeToChangelog, Encode(LogOf("k STRING, v INT", AllKinds())))
      .Input("k STRING, v INT")
      .Output("op STRING, k STRING, v INT")
      .Rows({"+I[a, 1]", "-U[a, 1]", "+U[a, 2]", "-D[a, 2]"})
      .ExpectInOrder({"+I[INSERT, a, 1]", "+I[UPDATE_BEFORE, a, 1]", "+I[UPDATE_AFTER, a, 2]", "+I[DELETE, a, 2]"});
}

TEST(ToChangelog, ChangesWithoutACodeAreLeftOutAndPartitionColumnsComeFirst) {
  graph::ToChangelogSpec spec =
      LogOf("k STRING, p STRING, v INT", {{RowKind::kInsert, "c"}, {RowKind::kUpdateAfter, "c"}});
  spec.partition = {1};
  RowHarness(MakeToChangelog, Encode(spec))
      .Input("k STRING, p STRING, v INT")
      .Output("p STRING, op STRING, k STRING, v INT")
      .Rows({"+I[a, x, 1]", "-U[a, x, 1]", "+U[a, x, 2]", "-D[a, x, 2]"})
      .Expect({"+I[x, c, a, 1]", "+I[x, c, a, 2]"});
}

TEST(ToChangelog, APartialDeletionKeepsItsKeyOnly) {
  graph::ToChangelogSpec spec = LogOf("k STRING, v INT NOT NULL", AllKinds());
  spec.partial_deletes = true;
  spec.kept = {0};
  RowHarness(MakeToChangelog, Encode(spec))
      .Input("k STRING, v INT NOT NULL")
      .Output("op STRING, k STRING, v INT")
      .Rows({"+I[a, 1]", "-D[a, 1]"})
      .Expect({"+I[INSERT, a, 1]", "+I[DELETE, a, null]"});
}

graph::FromChangelogSpec ChangesOf(std::string_view columns, int op, std::vector<ChangeCode> codes) {
  graph::FromChangelogSpec spec;
  spec.input = testing::ParseSchema(columns);
  spec.op = op;
  spec.codes = std::move(codes);
  return spec;
}

TEST(FromChangelog, CodesBecomeKinds) {
  graph::FromChangelogSpec spec = ChangesOf("v INT, op STRING, k STRING", 1, AllKinds());
  spec.partition = {2};
  RowHarness(MakeFromChangelog, Encode(spec))
      .Input("v INT, op STRING, k STRING")
      .Output("k STRING, v INT")
      .Rows({"+I[1, INSERT, a]", "+I[1, UPDATE_BEFORE, a]", "+I[2, UPDATE_AFTER, a]", "+I[2, DELETE, a]"})
      .ExpectInOrder({"+I[a, 1]", "-U[a, 1]", "+U[a, 2]", "-D[a, 2]"});
}

TEST(FromChangelog, AnUnknownCodeFailsUnlessItIsSkipped) {
  graph::FromChangelogSpec spec = ChangesOf("op STRING, v INT", 0, {{RowKind::kInsert, "c"}, {RowKind::kInsert, "r"}});
  RowHarness(MakeFromChangelog, Encode(spec))
      .Input("op STRING, v INT")
      .Output("v INT")
      .Rows({"+I[d, 1]"})
      .ExpectError("Received invalid op code 'd'. Defined op codes are: c, r.");
  RowHarness(MakeFromChangelog, Encode(spec))
      .Input("op STRING, v INT")
      .Output("v INT")
      .Rows({"+I[null, 1]"})
      .ExpectError("Received NULL op code");
  spec.skip_unknown = true;
  RowHarness(MakeFromChangelog, Encode(spec))
      .Input("op STRING, v INT")
      .Output("v INT")
      .Rows({"+I[d, 1]", "+I[null, 2]", "+I[r, 3]", "+I[c, 4]"})
      .Expect({"+I[3]", "+I[4]"});
}

TEST(FromChangelog, TheCodeMustBeText) {
  graph::Node node;
  node.payload = Encode(ChangesOf("op INT, v INT", 0, AllKinds()));
  EXPECT_EQ(MakeFromChangelog(node).status().message(), "The code of a changelog is a STRING, not INT");
}

}  // namespace
}  // namespace thalweg::operators
