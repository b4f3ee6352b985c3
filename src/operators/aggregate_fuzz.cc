#include "base/check.h"
#include "operators/aggregate_layout.h"
#include "operators/aggregate_samples_test.h"
#include "testing/fuzz.h"

namespace thalweg::operators {
namespace {

/// A count of each value, a list, a pair of containers, and DISTINCT values of bytes and of integers, the latter of two calls.
std::vector<graph::AggregateCall> AllCalls(const types::Schema& input) {
  std::vector<graph::AggregateCall> calls = {CallOf(input, "MAX", {0}),           CallOf(input, "FIRST_VALUE", {0}),
                                             CallOf(input, "PERCENTILE", {1, 1}), CallOf(input, "SUM", {1}),
                                             CallOf(input, "SUM", {2}),           CallOf(input, "COUNT", {2})};
  for (size_t call : {3, 4, 5}) calls[call].distinct = true;
  return calls;
}

std::shared_ptr<AggregateLayout> LayoutOfAll(bool retracts) {
  static const types::Schema input({{"s", types::DataType(types::TypeId::kString)},
                                    {"d", types::DataType(types::TypeId::kDouble)},
                                    {"i", types::DataType(types::TypeId::kInt)}});
  static const std::vector<graph::AggregateCall> calls = AllCalls(input);
  return AggregateLayout::Make(input, calls, {.retracts = retracts}).value();
}

std::string EncodedBlock(AggregateLayout& layout, void* object) {
  layout.Open(object);
  ByteWriter out;
  layout.object_type().encode(object, out);
  return out.Take();
}

std::string EmptyBlock() {
  const auto layout = LayoutOfAll(true);
  return EncodedBlock(*layout, AggregateObject(*layout).object());
}

/// Any bytes are a block, which encodes to bytes that are the same block, or an error.
void ReadBlock(std::string_view input, bool retracts) {
  const auto layout = LayoutOfAll(retracts);
  const types::ObjectType& type = layout->object_type();
  std::string first = std::string(input);
  for (int round = 0; round < 2; ++round) {
    std::unique_ptr<std::byte[]> memory(new std::byte[type.size]);
    ByteReader in(first);
    THALWEG_CHECK(type.decode(in, memory.get()).ok());
    const std::string bytes = EncodedBlock(*layout, memory.get());
    type.destroy(memory.get(), 1);
    if (!layout->status().ok()) {
      THALWEG_CHECK(round == 0, "{}", layout->status().ToString());
      return;
    }
    if (round == 1) THALWEG_CHECK(bytes == first);
    first = bytes;
  }
}

}  // namespace

FUZZ_TARGET(AggregateBlocks, EmptyBlock()) {
  ReadBlock(input, true);
  ReadBlock(input, false);
}

}  // namespace thalweg::operators
