#include "columns/batch_codec.h"
#include "columns/compare.h"
#include "columns/format.h"
#include "columns/test_batches.h"
#include "testing/fuzz.h"

namespace thalweg::columns {
namespace {

using Objects = std::tuple<std::string, std::vector<std::optional<int32_t>>, double>;

types::Schema FuzzSchema() {
  std::vector<types::Field> fields = EveryTypeSchema().fields();
  fields.push_back({"objects", types::DataType::Object(types::ObjectTypeOf<Objects>())});
  return types::Schema(std::move(fields));
}

const BatchCodec& Codec() {
  static const BatchCodec codec([] {
    std::vector<types::DataType> types;
    const types::Schema schema = FuzzSchema();
    for (const types::Field& field : schema.fields()) types.push_back(field.type);
    return types;
  }());
  return codec;
}

std::string Seed(int32_t rows) {
  BufferPool pool;
  Random random(static_cast<uint64_t>(rows));
  BatchBuilder builder(FuzzSchema(), pool);
  for (int32_t row = 0; row < rows; ++row) {
    for (int c = 0; c + 1 < builder.num_columns(); ++c) AppendRandom(random, builder.column(c));
    builder.column(builder.num_columns() - 1).AppendObject(Objects{"text", {1, {}}, 2.5});
    builder.FinishRow(row, types::RowKind::kUpdateAfter);
  }
  ByteWriter out;
  THALWEG_CHECK(Codec().Encode(builder.Take(), out).ok());
  return out.Take();
}

}  // namespace

// Any bytes give an error or a batch that may be shown, encoded and decoded to an equal one.
FUZZ_TARGET(BatchCodec, Seed(1), Seed(3), Seed(9)) {
  BufferPool pool;
  Result<Batch> batch = Codec().Decode(input, pool);
  if (!batch.ok()) return;
  for (int32_t row = 0; row < batch->rows(); ++row) THALWEG_CHECK(!RowText(*batch, row).empty());
  ByteWriter out;
  THALWEG_CHECK(Codec().Encode(*batch, out).ok());
  Result<Batch> again = Codec().Decode(out.view(), pool);
  THALWEG_CHECK(again.ok(), "{}", again.status().ToString());
  std::string difference = FirstDifference(*again, *batch);
  THALWEG_CHECK(difference.empty(), "{}", difference);
}

}  // namespace thalweg::columns
