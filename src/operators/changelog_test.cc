#include "operators/changelog.h"

#include "expr/functions.h"
#include "graph/changelog_spec.h"
#include "testing/kept_state.h"
#include "testing/row_harness.h"

namespace thalweg::operators {
namespace {

using graph::ChangelogNormalizeSpec;
using graph::UpsertMaterializeSpec;
using std::chrono::milliseconds;
using testing::ParseSchema;
using testing::RowHarness;

constexpr const char* kPairs = "k STRING, v INT";

ChangelogNormalizeSpec Normalize(bool generate_update_before) {
  ChangelogNormalizeSpec spec;
  spec.input = ParseSchema(kPairs);
  spec.keys = {0};
  spec.generate_update_before = generate_update_before;
  return spec;
}

// DeduplicateFunctionHelper.processLastRowOnChangelog
TEST(ChangelogNormalize, UpsertsBecomeAWholeChangelog) {
  RowHarness(MakeChangelogNormalize, Encode(Normalize(true)))
      .Input(kPairs, {0})
      .Output(kPairs)
      .Rows({"+U[a, 1]", "+U[a, 1]", "+U[a, 2]", "+I[a, 3]", "-D[a, null]", "-D[a, null]", "+U[a, 3]"})
      .ExpectInOrder({"+I[a, 1]", "-U[a, 1]", "+U[a, 2]", "-U[a, 2]", "+U[a, 3]", "-D[a, 3]", "+I[a, 3]"});
  RowHarness(MakeChangelogNormalize, Encode(Normalize(false)))
      .Input(kPairs, {0})
      .Output(kPairs)
      .Rows({"+U[a, 1]", "+U[a, 2]", "-U[a, 2]", "+U[b, 2]"})
      .ExpectInOrder({"+I[a, 1]", "+U[a, 2]", "-D[a, 2]", "+I[b, 2]"});
}

TEST(ChangelogNormalize, EqualRowsAreSentAgainWhereStateExpires) {
  ChangelogNormalizeSpec spec = Normalize(true);
  spec.ttl_ms = 10;
  RowHarness(MakeChangelogNormalize, Encode(spec))
      .Input(kPairs, {0})
      .Output(kPairs)
      .Rows({"+U[a, 1]", "+U[a, 1]"})
      .ExpectInOrder({"+I[a, 1]", "-U[a, 1]", "+U[a, 1]"})
      .ProcessingTime(milliseconds(10))
      .Rows({"-D[a, 1]", "+U[a, 1]"})
      .ExpectInOrder({"+I[a, 1]"});
}

// DeduplicateFunctionHelper.processLastRowOnChangelogWithFilter
TEST(ChangelogNormalize, RowsThatDoNotPassCountAsNotThere) {
  ChangelogNormalizeSpec spec = Normalize(true);
  spec.condition = expr::Resolve(">", {expr::Expression::Input(1, types::DataType(types::TypeId::kInt)),
                                       expr::Expression::Literal(expr::Value::Int(10))})
                       .value();
  RowHarness(MakeChangelogNormalize, Encode(spec))
      .Input(kPairs, {0})
      .Output(kPairs)
      .Rows({"+U[a, 1]", "+U[a, 11]", "+U[a, 12]", "+U[a, 2]", "+U[a, 3]", "-D[a, null]", "+U[b, 20]", "-D[b, null]"})
      .ExpectInOrder({"+I[a, 11]", "-U[a, 11]", "+U[a, 12]", "-D[a, 12]", "+I[b, 20]", "-D[b, 20]"})
      .ExpectEntries(0);
}

TEST(ChangelogNormalize, OfADeletionTheConditionIsNotAsked) {
  ChangelogNormalizeSpec spec = Normalize(true);
  const auto number = [](int32_t value) { return expr::Expression::Literal(expr::Value::Int(value)); };
  const expr::Expression quotient =
      expr::Resolve("/", {number(10), expr::Expression::Input(1, types::DataType(types::TypeId::kInt))}).value();
  spec.condition = expr::Resolve(">", {quotient, number(1)}).value();
  RowHarness(MakeChangelogNormalize, Encode(spec))
      .Input(kPairs, {0})
      .Output(kPairs)
      .Rows({"+U[a, 2]", "-D[a, 0]"})
      .ExpectInOrder({"+I[a, 2]", "-D[a, 2]"});
}

UpsertMaterializeSpec Materialize(std::vector<int> upsert_key) {
  UpsertMaterializeSpec spec;
  spec.input = ParseSchema("id BIGINT, pk INT, v STRING");
  spec.keys = {1};
  spec.upsert_key = std::move(upsert_key);
  spec.ttl_ms = 1000;
  return spec;
}

constexpr const char* kVersions = "id BIGINT, pk INT, v STRING";

// SinkUpsertMaterializerTest.testNoUpsertKeyFlow
TEST(UpsertMaterialize, WithoutUpsertKeyTheLastRowThatIsLeftStands) {
  RowHarness(MakeUpsertMaterialize, Encode(Materialize({})))
      .Input(kVersions, {1})
      .Output(kVersions)
      .Rows({"+I[1, 1, a1]", "+U[2, 1, a2]"})
      .ExpectInOrder({"+I[1, 1, a1]", "+U[2, 1, a2]"})
      .Rows({"+U[3, 1, a3]"})
      .ExpectInOrder({"+U[3, 1, a3]"})
      .Rows({"-D[2, 1, a2]"})
      .ExpectNothing()
      .Rows({"-D[3, 1, a3]"})
      .ExpectInOrder({"+U[1, 1, a1]"})
      .Rows({"-D[1, 1, a1]"})
      .ExpectInOrder({"-D[1, 1, a1]"})
      .Rows({"+I[4, 1, a4]"})
      .ExpectInOrder({"+I[4, 1, a4]"})
      .ProcessingTime(milliseconds(1002))
      .Rows({"-D[4, 1, a4]"})
      .ExpectNothing();
}

// SinkUpsertMaterializerTest.testInputHasUpsertKeyWithoutUpdates and testInputHasUpsertKeyWithNonDeterministicCol
TEST(UpsertMaterialize, WithUpsertKeyARowTakesThePlaceOfItsOlderVersion) {
  RowHarness(MakeUpsertMaterialize, Encode(Materialize({0})))
      .Input(kVersions, {1})
      .Output(kVersions)
      .Rows({"+I[1, 1, a1]", "+U[1, 1, a11]", "+U[3, 1, a3]"})
      .ExpectInOrder({"+I[1, 1, a1]", "+U[1, 1, a11]", "+U[3, 1, a3]"})
      .Rows({"-D[1, 1, other]"})
      .ExpectNothing()
      .Rows({"-D[3, 1, else]"})
      .ExpectInOrder({"-D[3, 1, else]"});
}

TEST(DropUpdateBefore, DropsNothingElse) {
  RowHarness(MakeDropUpdateBefore, Encode(graph::DropUpdateBeforeSpec{ParseSchema(kPairs)}))
      .Input(kPairs)
      .Output(kPairs)
      .Rows({"+I[a, 1]", "-U[a, 1]", "+U[a, 2]", "-D[a, 2]"})
      .Rows({"-U[b, 1]"})
      .ExpectInOrder({"+I[a, 1]", "+U[a, 2]", "-D[a, 2]"});
}

TEST(ChangelogNormalize, TheRowIsThatOfTheGoldenFile) {
  testing::KeptState(MakeChangelogNormalize, Encode(Normalize(true)))
      .Input(kPairs, {0})
      .Rows({"+U[a, 1]"})
      .Expect({"+I[a, 1]"})
      .ExpectGolden({{"normalized", "row/2", "normalized"}})
      .Rows({"-D[a, null]"})
      .Expect({"-D[a, 1]"});
}

TEST(UpsertMaterialize, ValuesAreThoseOfTheGoldenFile) {
  UpsertMaterializeSpec spec;
  spec.input = ParseSchema(kPairs);
  spec.keys = {0};
  spec.upsert_key = {1};
  testing::KeptState(MakeUpsertMaterialize, Encode(spec))
      .Input(kPairs, {0})
      .Rows({"+I[a, 1]", "+I[a, 2]"})
      .Expect({"+I[a, 1]", "+U[a, 2]"})
      .ExpectGolden({{"values", "[keyed-row/2]", "upsert-values"}})
      .Rows({"-D[a, 2]"})
      .Expect({"+U[a, 1]"});
}

}  // namespace
}  // namespace thalweg::operators
