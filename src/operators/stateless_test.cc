// Map, filter and flatMap under the harness: batch boundaries, credit and restarts change nothing.
#include <stdexcept>

#include "operators/flat_map.h"
#include "operators/map.h"
#include "testing/harness.h"

namespace thalweg::operators {
namespace {

using namespace thalweg::testing;

template <typename T, typename R, typename F>
flow::OperatorFactory Mapping(F function) {
  return FactoryOf<MapOperator<T, R, F>>(std::move(function));
}
template <typename T, typename F>
flow::OperatorFactory Filtering(F function) {
  return FactoryOf<FilterOperator<T, F>>(std::move(function));
}
template <typename T, typename R, typename F>
flow::OperatorFactory FlatMapping(F function) {
  return FactoryOf<FlatMapOperator<T, R, F>>(std::move(function));
}

TEST(Map, GivesARowForARowAndKeepsItsTimeAndKind) {
  Harness<int, std::string>(Mapping<int, std::string>([](int n) { return "n" + std::to_string(n); }))
      .Rows({{1, 1s}, {2, 2s, types::RowKind::kDelete}})
      .Expect({{"n1", 1s}, {"n2", 2s, types::RowKind::kDelete}});
}
TEST(Map, WhatItThrowsNamesTypeMessageAndRow) {
  Harness<int>(Mapping<int, int>([](int n) { return n == 3 ? throw std::domain_error("not three") : n; }))
      .Rows({{1}})
      .Expect({{1}})
      .Rows({{3}})
      .ExpectError("threw std::domain_error: not three, at the row 3");
}
TEST(Filter, KeepsTheRowsThatPassWithTheirTimes) {
  Harness<std::string>(Filtering<std::string>([](const std::string& s) { return s.size() > 1; }))
      .Rows({{"a", 1s}, {"bb", 2s}, {"a longer text than fits in place", 3s}, {"d", 4s}})
      .Expect({{"bb", 2s}, {"a longer text than fits in place", 3s}})
      .Rows({{"x"}})
      .ExpectNothing();
}
TEST(FlatMap, GivesAnyNumberOfRowsWithTheTimeOfTheirOrigin) {
  Harness<int>(FlatMapping<int, int>([](int n, Collector<int>& out) {
    for (int i = 0; i < n; ++i) out.Collect(i);
  }))
      .Rows({{0, 1s}, {3, 2s}, {1, 3s}})
      .Expect({{0, 2s}, {1, 2s}, {2, 2s}, {0, 3s}})
      .Watermark(9s)
      .ExpectNothing();
}

}  // namespace
}  // namespace thalweg::operators
